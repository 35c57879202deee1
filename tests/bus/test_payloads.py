"""Whatever stands in a payload: it is understood or it is counted, and reading it never raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.bus.payloads import Announced, PayloadReader, encode
from chat.domain.messages.changes import Change

DEEP = b"[" * 200_000


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"hello",
        b"null",
        b"{}",
        b"[]",
        b'["Announced"]',
        b'["Announced","1",[]]',
        b'["Announced",1.5,[]]',
        b'["Announced",1,[]] and more',
        b'["Unheard",1]',
        b"\xff\xfe",
        b'["Announced",1,[["Message",1,2,3,4,"\xff","",0.0]]]',
        rb'["Announced",1,[["Message",1,2,3,4,"\ud800","",0.0]]]',
        DEEP,
        b'["Announced",1,[],' + DEEP,
        b'["Announced",1,[["Message",' + DEEP,
    ],
)
def test_an_unreadable_payload_is_counted_and_dropped(payload: bytes) -> None:
    reader = PayloadReader()
    assert reader.read(payload) is None
    assert reader.unreadable == 1


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="replace")))
def test_no_payload_raises(payload: bytes) -> None:
    assert PayloadReader().read(payload) is None


@given(st.integers(0, 60), st.binary(max_size=3))
def test_a_damaged_payload_does_not_raise(place: int, damage: bytes) -> None:
    payload = b'["Announced",3,[["Message",3,1,2,4,"ada","hi",1.0]]]'
    PayloadReader().read(payload[:place] + damage + payload[place + len(damage) :])


def test_a_field_that_a_later_version_adds_is_not_looked_at() -> None:
    reader = PayloadReader()
    assert reader.read(b'["Announced",3,[],{"a":[1]}]') == Announced(3, [])
    assert reader.unreadable == 0


def test_changes_that_only_a_later_version_knows_are_left_out() -> None:
    reader = PayloadReader()
    known, unknown = b'["Message",2,1,1,4,"ada","hi",1.0]', b'["Pinned",3,1,{"by":[4]}]'
    (said,) = _changes(reader.read(b'["Announced",2,[%b]]' % known))
    for others in (unknown, b'["Message",3]', b'["Message",3,1,2,4,"ada","hi",1.0,"poll"]', b"7"):
        assert reader.read(b'["Announced",9,[%b,%b]]' % (others, known)) == Announced(9, [said])
    assert reader.read(b'["Announced",3,[%b]]' % unknown) == Announced(3, [])
    assert reader.unreadable == 0


def _changes(payload: object) -> list[Change]:
    assert isinstance(payload, Announced)
    return payload.changes


def test_an_encoded_payload_can_be_decoded() -> None:
    assert PayloadReader().read(encode(Announced(3, []))) == Announced(3, [])
