"""Changes are decoded from payloads unchanged; changes too large for a payload are announced by their id."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.bus.announcements import encode_changes
from chat.bus.bus import can_carry
from chat.bus.payloads import Announced, PayloadReader
from chat.domain.entities import Message
from chat.domain.messages.changes import Change
from tests.bus.any_change import KINDS, OF_FEATURES, any_change

LARGEST = 7_999


def message(message_id: int, text: str = "x" * 64) -> Message:
    return Message(message_id, 7, message_id, 42, "somebody", text, 1_700_000_000.123456, pos=message_id)


def read(payloads: list[bytes]) -> list[Announced]:
    reader = PayloadReader(OF_FEATURES)
    return [said for payload in payloads if isinstance(said := reader.read(payload), Announced)]


@given(st.lists(any_change, min_size=1, max_size=30), st.sampled_from([500, LARGEST]))
def test_all_that_fits_comes_back_in_order_and_every_payload_can_be_carried(
    changes: list[Change], largest: int
) -> None:
    payloads = encode_changes(changes, largest)
    assert all(can_carry(payload, largest) for payload in payloads)
    announced = read(payloads)
    assert len(announced) == len(payloads)
    assert {each.last_id for each in announced} == {changes[-1].id}
    fits = [change for change in changes if len(encode_changes([change], 10**6)[0]) < largest - 20]
    got = [change for each in announced for change in each.changes]
    assert [change for change in changes if change in got] == got
    assert [change for change in fits if change in got] == fits


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_kinds_of_change_look_alike(kind: type[msgspec.Struct]) -> None:
    tag = kind.__struct_config__.tag
    assert tag is not None
    assert [each for each in KINDS if each.__struct_config__.tag == tag] == [kind]


def test_a_batch_of_short_messages_takes_few_payloads() -> None:
    changes = [message(n) for n in range(1, 257)]
    assert len(encode_changes(changes, LARGEST)) <= 5
    assert len(encode_changes(changes, 65_536)) == 1


def test_a_payload_is_filled_to_its_last_byte() -> None:
    changes = [message(1), message(2)]
    (whole,) = encode_changes(changes, LARGEST)
    assert encode_changes(changes, len(whole)) == [whole]
    assert [len(each.changes) for each in read(encode_changes(changes, len(whole) - 1))] == [1, 1]
    six = [message(n) for n in range(1, 7)]
    assert [len(each.changes) for each in read(encode_changes(six, len(whole)))] == [2, 2, 2]


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_change_too_large_for_a_payload_is_left_out_but_the_last_id_is_announced(place: int) -> None:
    changes = [message(n, "x" * 8000 if n == place else "x") for n in (1, 2, 3)]
    (announced,) = read(encode_changes(changes, LARGEST))
    assert [change.id for change in announced.changes] == [n for n in (1, 2, 3) if n != place]
    assert announced.last_id == 3


def test_a_commit_of_which_nothing_fits_is_announced_by_its_last_id() -> None:
    assert read(encode_changes([message(5, "x" * 8000)], LARGEST)) == [Announced(5, [])]
