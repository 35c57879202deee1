"""Published changes go to a client's send queue at once, or are buffered until an answer was sent."""

from collections.abc import Callable
from typing import Any

import pytest

from chat.engine.hub import Hub
from chat.engine.subscriptions import _BEHIND, Subscriptions
from chat.protocols.talker.codec import TALKER

GARDEN, CELLAR = 7, 8
LIMIT = 1600


class Queue:
    """A send queue that keeps what it is offered, and of each note how much comes behind what it waits for."""

    def __init__(self) -> None:
        self.limit = LIMIT
        self.room = 100
        self.queued = 0
        self.overflows = 0
        self.offered = b""
        self.noted: list[tuple[Callable[[], None], int]] = []

    def offer(self, blob: bytes) -> None:
        self.offered += blob

    def when_written(self, note: Callable[[], None], behind: int = 0) -> None:
        self.noted.append((note, behind))

    def overflow(self) -> None:
        self.overflows += 1


class BufferedClient:
    """A client that is subscribed to two rooms, whose messages are buffered."""

    def __init__(self) -> None:
        queue: Any = Queue()
        self.queue: Queue = queue
        self.hub = Hub()
        self.subscriptions = Subscriptions(self.hub, queue)
        for topic in (GARDEN, CELLAR):
            self.subscriptions.subscribe(topic, TALKER)
        self.subscriptions.buffer()

    def publish(self, topic: int, blob: bytes) -> None:
        self.hub.send_frames(topic, TALKER, blob)


def note_of(number: int) -> Callable[[], None]:
    def note() -> None:
        """Called when what it waits for has left."""
        raise AssertionError(number)

    return note


@pytest.fixture
def buffered() -> BufferedClient:
    return BufferedClient()


def test_each_callback_waits_for_earlier_bytes_and_no_later_ones(buffered: BufferedClient) -> None:
    first, second, part = note_of(1), note_of(2), note_of(3)
    buffered.publish(GARDEN, b"12345")
    buffered.subscriptions.when_written(first)
    buffered.publish(CELLAR, b"123")
    buffered.publish(GARDEN, b"12")
    buffered.subscriptions.when_written(second)
    buffered.subscriptions.when_written(part, behind=1)
    assert buffered.subscriptions.buffered == 10
    buffered.subscriptions.flush()
    assert (buffered.queue.offered, buffered.subscriptions.buffered) == (b"1234512312", 0)
    assert buffered.queue.noted == [(first, 5), (second, 0), (part, 1)]


def test_a_dropped_change_drops_its_callbacks_and_moves_later_ones(buffered: BufferedClient) -> None:
    notes = [note_of(number) for number in range(4)]
    for note, topic, blob in zip(
        notes, (GARDEN, CELLAR, CELLAR, GARDEN), (b"1", b"ab", b"c", b"234"), strict=True
    ):
        buffered.publish(topic, blob)
        buffered.subscriptions.when_written(note)
    buffered.subscriptions.forget([CELLAR])
    assert buffered.subscriptions.buffered == 4
    buffered.subscriptions.flush()
    assert buffered.queue.offered == b"1234"
    assert buffered.queue.noted == [(notes[0], 3), (notes[3], 0)]
    buffered.publish(CELLAR, b"d")
    assert buffered.queue.offered == b"1234"


def test_a_callback_of_the_first_dropped_change_is_dropped_too(buffered: BufferedClient) -> None:
    gone, kept = note_of(1), note_of(2)
    buffered.publish(GARDEN, b"1")
    buffered.subscriptions.when_written(gone)
    buffered.publish(CELLAR, b"a")
    buffered.subscriptions.when_written(kept)
    buffered.subscriptions.forget([GARDEN])
    buffered.subscriptions.flush()
    assert (buffered.queue.offered, buffered.queue.noted) == (b"a", [(kept, 0)])


def test_as_much_is_held_as_the_send_queue_has_room_for_and_not_a_byte_more(buffered: BufferedClient) -> None:
    buffered.publish(GARDEN, b"x" * 60)
    buffered.publish(GARDEN, b"x" * 40)
    assert buffered.queue.overflows == 0
    buffered.publish(GARDEN, b"x")
    assert buffered.queue.overflows == 1


def test_a_client_is_behind_while_buffering_or_with_a_filled_queue(buffered: BufferedClient) -> None:
    assert buffered.subscriptions.is_behind
    buffered.subscriptions.offer_or_drop(b"dropped")
    buffered.subscriptions.flush()
    buffered.queue.queued = LIMIT // _BEHIND
    assert not buffered.subscriptions.is_behind
    buffered.subscriptions.offer_or_drop(b"told")
    buffered.queue.queued += 1
    assert buffered.subscriptions.is_behind
    buffered.subscriptions.offer_or_drop(b"dropped")
    assert buffered.queue.offered == b"told"
