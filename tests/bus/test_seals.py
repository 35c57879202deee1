"""A seal proves that a payload comes from a server of the chat, unchanged, and is not a repetition."""

import pytest
from hypothesis import given

from chat.bus.payloads import Announced, Beat, HasPublished, Payload, PayloadReader, Question, encode
from chat.bus.seals import SEAL_BYTES, SealedBus, Seals
from chat.domain.messages.changes import Change
from tests.bus.any_change import any_change
from tests.reference.bus import LocalNetwork

SECRET = "a secret of the tests that is long enough"
PAYLOAD = encode(Beat(1, 2))


class Clock:
    """The wall clock of a server."""

    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sender(clock: Clock) -> Seals:
    return Seals(SECRET, clock=clock)


@pytest.fixture
def hearer(clock: Clock) -> Seals:
    return Seals(SECRET, clock=clock)


def test_a_sealed_payload_is_accepted_once(sender: Seals, hearer: Seals) -> None:
    sealed = sender.seal(PAYLOAD)
    assert len(sealed) == len(PAYLOAD) + SEAL_BYTES
    assert hearer.open(sealed) == PAYLOAD
    assert hearer.open(sealed) is None
    assert hearer.open(sender.seal(PAYLOAD)) == PAYLOAD


def test_seals_of_the_previous_secret_are_opened_each_once(sender: Seals, clock: Clock) -> None:
    hearer = Seals("the secret from now on, as long as the other", previous=SECRET, clock=clock)
    sealed = sender.seal(PAYLOAD)
    assert [hearer.open(sealed), hearer.open(sealed)] == [PAYLOAD, None]
    assert sender.open(hearer.seal(PAYLOAD)) is None


def test_nothing_is_opened_that_has_no_seal_another_one_or_was_changed(sender: Seals, hearer: Seals) -> None:
    sealed = sender.seal(PAYLOAD)
    assert hearer.open(PAYLOAD) is None
    assert hearer.open(b"") is None
    assert hearer.open(Seals("another secret").seal(PAYLOAD)) is None
    assert hearer.open(PAYLOAD[:-1] + sealed[-SEAL_BYTES:].replace(b"A", b"B", 1)) is None
    for place in range(len(sealed)):
        for damage in (b"", b"0", b"\xff", b'"'):
            changed = sealed[:place] + damage + sealed[place + 1 :]
            assert changed == sealed or hearer.open(changed) is None
    assert hearer.open(sealed) == PAYLOAD


@pytest.mark.parametrize("payload", [Beat(1, 2), Announced(3, []), Question(1, 2, None, HasPublished(3))])
def test_an_older_server_without_seals_reads_sealed_payloads(sender: Seals, payload: Payload) -> None:
    assert PayloadReader().read(sender.seal(encode(payload))) == payload


@given(any_change)
def test_changes_of_every_kind_are_sealed_and_opened(change: Change) -> None:
    payload = encode(Announced(7, [change]))
    assert Seals(SECRET).open(Seals(SECRET).seal(payload)) == payload


def test_payloads_may_arrive_out_of_order_but_repetitions_are_dropped(
    clock: Clock, sender: Seals, hearer: Seals
) -> None:
    early, late = sender.seal(PAYLOAD), sender.seal(PAYLOAD)
    clock.now += 1.9
    assert hearer.open(sender.seal(PAYLOAD)) == PAYLOAD
    assert hearer.open(early) == PAYLOAD
    assert hearer.open(early) is None
    clock.now += 0.2
    assert hearer.open(sender.seal(PAYLOAD)) == PAYLOAD
    assert hearer.open(late) is None


def test_a_new_receiver_rejects_old_payloads(clock: Clock, sender: Seals) -> None:
    old = sender.seal(PAYLOAD)
    clock.now += 121
    assert Seals(SECRET, clock=clock).open(old) is None
    assert Seals(SECRET, clock=clock).open(sender.seal(PAYLOAD)) == PAYLOAD


def test_a_server_whose_clock_is_changed_continues(clock: Clock, sender: Seals, hearer: Seals) -> None:
    assert hearer.open(sender.seal(PAYLOAD)) == PAYLOAD
    for jump in (86_400, -86_400, -60, 60, -3600):
        clock.now += jump
        assert hearer.open(sender.seal(PAYLOAD)) == PAYLOAD


def test_remembered_seals_are_bounded_and_none_is_accepted_again(
    clock: Clock, sender: Seals, hearer: Seals
) -> None:
    sent = [sender.seal(PAYLOAD) for _ in range(20_000)]
    assert all(hearer.open(each) for each in sent)
    assert not any(hearer.open(each) for each in sent)
    (received,) = hearer._senders._values.values()
    assert len(received._taken) <= 8192


async def test_a_sealed_bus_carries_payloads_that_fit_with_their_seal(sender: Seals, hearer: Seals) -> None:
    network = LocalNetwork(largest=1000)
    async with network.open_bus() as here, network.open_bus() as there:
        bus = SealedBus(here, sender)
        assert await there.receive() is None
        payload = b'["' + b"x" * (bus.largest - 4) + b'"]'
        bus.publish(payload)
        (sealed,) = await there.receive() or []
        assert len(sealed) == 1000
        assert hearer.open(sealed) == payload
        assert await bus.receive() is None
        assert await bus.receive() == [sealed]
