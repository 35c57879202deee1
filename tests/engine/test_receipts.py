"""Delivery needs evidence from the client: a pong to a later ping, or the answer to a close frame."""

import math
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.domain.entities import DirectInbox, Message, Pair
from chat.domain.messages.changes import Change, Edited
from chat.engine.pinger import Pinger
from chat.engine.receipts import _BURST, Receipts
from chat.frames import ping_frame

ADA, BEN = 1, 2
ROOM, OTHER = 7, 8
SIZE = 10
"""Bytes of each message."""
PING = ping_frame()[:1]


class Queue:
    """A send queue that says what was offered; the test says how much of it is written."""

    def __init__(self, *, writes_at_once: bool) -> None:
        self.offered: list[bytes] = []
        self.is_open = True
        self.is_buffering = False
        self.queued = 0
        self._writes_at_once = writes_at_once
        self._end = 0
        self._written = 0
        self._marks: list[tuple[int, Callable[[], None]]] = []

    def offer(self, blob: bytes) -> None:
        self.offered.append(blob)
        self._end += len(blob)
        self.write(math.inf if self._writes_at_once else 0)

    def flush(self, last: bytes) -> None:
        self.offer(last)

    def write(self, size: float) -> None:
        self._written = int(min(self._end, self._written + size))
        self.queued = self._end - self._written
        while self._marks and self._marks[0][0] <= self._written:
            self._marks.pop(0)[1]()

    @property
    def is_written(self) -> bool:
        return self._written == self._end

    def when_written(self, note: Callable[[], None], behind: int = 0) -> None:
        self._marks.append((self._end - behind, note))
        self.write(0)


class Line:
    """One connection's receipts, and what becomes of them."""

    def __init__(self, *, writes_at_once: bool = True) -> None:
        queue: Any = Queue(writes_at_once=writes_at_once)
        receiver: Any = SimpleNamespace(ping=ping_frame)
        record: Any = SimpleNamespace(note_sent=lambda _frames: None)
        self.queue = queue
        self.confirmed: dict[tuple[int, int], int] = {}
        self.rests = 0
        self.last = 0  # message that was said
        self.receipts = Receipts(self, queue, queue, Pinger(queue, receiver, record))

    def confirm(self, positions: Mapping[tuple[int, int], int]) -> None:
        for member, seq in positions.items():
            assert seq > self.confirmed.get(member, 0)
            self.confirmed[member] = seq

    def pause(self, _receipts: Receipts) -> None:
        self.rests += 1

    def receives(self, *changes: Change) -> None:
        self.last += len(changes)
        self.receipts.offer(b"x" * SIZE * len(changes))
        self.receipts.note_published(DirectInbox(BEN), changes, [b"x" * SIZE] * len(changes))

    @property
    def pings(self) -> list[bytes]:
        """The payloads of the pings that were offered."""
        return [frame[1:] for frame in b"".join(self.queue.offered).replace(b"x", b"").split(PING)[1:]]


def said(seq: int, room: int = ROOM) -> Message:
    return Message(seq, room, seq, ADA, "ada", "hi", 0.0, people=Pair(ADA, BEN))


def test_a_message_is_followed_by_a_ping_and_delivered_with_its_pong() -> None:
    line = Line()
    line.receives(said(1))
    assert line.queue.offered == [b"x" * SIZE + ping_frame(b"1")], "in one write"
    assert line.confirmed == {}
    line.receipts.pong(b"1")
    assert line.confirmed == {(ROOM, BEN): 1}


def test_a_ping_confirms_nothing_after_it() -> None:
    line = Line()
    line.receives(said(1))
    line.receives(said(2))
    line.receipts.pong(b"1")
    assert line.confirmed == {(ROOM, BEN): 1}
    assert line.pings == [b"1", b"2"]
    line.receipts.pong(b"2")
    assert line.confirmed == {(ROOM, BEN): 2}


def test_a_busy_pair_has_one_ping_in_flight_and_after_a_few_one_a_second() -> None:
    line = Line()
    for number in range(1, _BURST + 1):
        for _ in range(10):
            line.receives(said(line.last + 1))
        assert len(line.pings) == number
        line.receipts.pong(b"%d" % number)
    for second in range(1, 10):
        for _ in range(10):
            line.receives(said(line.last + 1))
        if line.receipts.pause_over():
            line.receipts.ping_if_due()
        assert len(line.pings) == _BURST + second
        if line.receipts.pause_over():
            line.receipts.ping_if_due()
        assert len(line.pings) == _BURST + second, "one is in flight"
        line.receipts.pong(b"%d" % (_BURST + second))
        line.receipts._pinged += 1
    assert line.confirmed == {(ROOM, BEN): line.last}


def test_waiting_seconds_are_counted_until_all_pings_are_dropped() -> None:
    line = Line()
    for number in (1, 2, 3):
        line.receives(said(number))
        line.receipts.pong(b"%d" % number)
    for rests in (1, 2, 3):
        assert line.rests == rests
        if line.receipts.pause_over():
            line.receipts.ping_if_due()
    assert line.rests == 3
    line.receives(said(4))
    assert line.rests == 4


def test_without_messages_no_ping_is_sent() -> None:
    line = Line()
    line.receives(said(1))
    line.receipts.pong(b"1")
    line.receipts.pause_over()
    line.receipts.ping_now()
    assert line.pings == [b"1"]


@pytest.mark.parametrize("payload", [b"", b"0", b"2", b"-1", b" 1", b"01", b"1x", b"\xb2", b"9" * 125])
def test_a_pong_without_a_ping_confirms_nothing(payload: bytes) -> None:
    line = Line()
    line.receives(said(1))
    line.receipts.pong(payload)
    assert line.confirmed == {}
    line.receipts.pong(b"1")
    assert line.confirmed == {(ROOM, BEN): 1}


def test_the_answer_to_the_last_of_several_pings_counts_for_those_before_it() -> None:
    line = Line()
    line.receives(said(1))
    line.receives(said(1, OTHER))
    line.receipts.ping_now()
    line.receipts.pong(b"2")
    assert line.confirmed == {(ROOM, BEN): 1, (OTHER, BEN): 1}
    line.receipts.pong(b"1")
    assert line.confirmed == {(ROOM, BEN): 1, (OTHER, BEN): 1}


def test_the_answer_to_a_close_frame_confirms_exactly_the_written_frames() -> None:
    line = Line(writes_at_once=False)
    line.receives(said(1), said(2))
    line.receives(said(3))
    line.queue.write(2 * SIZE)
    line.receipts.all_confirmed()
    assert line.confirmed == {(ROOM, BEN): 2}


def test_queued_messages_are_confirmed_after_they_left_before_their_ping() -> None:
    line = Line(writes_at_once=False)
    line.receives(said(1), said(2))
    line.receives(said(3))
    line.queue.write(SIZE)
    line.receipts.pong(b"1")
    assert line.confirmed == {}, "that ping has not left yet"
    line.queue.write(math.inf)
    assert line.confirmed == {(ROOM, BEN): 2}


def test_messages_sent_during_catch_up_are_followed_by_a_ping() -> None:
    line = Line()
    line.queue.is_buffering = True
    line.receives(said(2))
    assert line.pings == []
    line.queue.is_buffering = False
    line.receipts.finish_catch_up()
    assert line.pings == [b"1"]
    line.receipts.ping_now()
    assert line.pings == [b"1"]


def test_a_pong_that_is_read_before_its_ping_was_counted_as_written_is_an_answer() -> None:
    line = Line(writes_at_once=False)
    line.receives(said(1))
    line.receipts.pong(b"1")
    line.queue.write(math.inf)
    assert line.confirmed == {(ROOM, BEN): 1}


def test_only_new_messages_with_a_position_count_as_delivered() -> None:
    line = Line()
    line.receives(Message(0, 0, 0, ADA, "", "of a guest", 0.0, people=Pair(ADA, BEN)))
    line.receipts.note_published(
        DirectInbox(BEN), [Edited(1, ROOM, 1, 2, ADA, "x", 0.0, Pair(ADA, BEN))], [b""]
    )
    line.receipts.pong(b"1")
    assert line.confirmed == {}
    line.receipts.ping_now()
    assert line.pings == [b"1"]


@given(st.lists(st.sampled_from(["say", "write", "rest", "pong", "now"]), max_size=60), st.booleans())
def test_nothing_counts_as_delivered_without_an_answered_ping_after_it(
    steps: list[str], writes_at_once: bool
) -> None:
    line = Line(writes_at_once=writes_at_once)
    seq, answered = 0, 0
    for step in steps:
        match step:
            case "say":
                seq += 1
                line.receives(said(seq))
            case "write":
                line.queue.write(SIZE)
            case "rest" if line.receipts._pinged:
                if line.receipts.pause_over():
                    line.receipts.ping_if_due()
            case "now":
                line.receipts.ping_now()
            case "pong" if answered < len(line.pings):
                answered += 1
                line.receipts.pong(line.pings[answered - 1])
        before = b"".join(line.queue.offered).split(PING)[:answered]
        assert line.confirmed.get((ROOM, BEN), 0) <= b"".join(before).count(b"x") // SIZE
    line.queue.write(math.inf)
    line.receipts.ping_now()
    line.queue.write(math.inf)
    for payload in line.pings[-1:]:
        line.receipts.pong(payload)
    assert line.confirmed.get((ROOM, BEN), 0) == seq, "the answer to a ping behind all confirms all"
