"""The record of a connection: which frames were sent, never their contents, and of bounded size."""

import random
import sys
from types import SimpleNamespace
from typing import Any, cast

import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from chat.inspection.recorder import (
    KEPT_ENDS,
    KEPT_EVENTS,
    KEPT_FOR,
    KEPT_FRAMES,
    End,
    Frame,
    Record,
    Recorder,
)
from tests.support.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, client_frame

frames = st.lists(
    st.tuples(
        st.sampled_from([TEXT, BINARY, PING, PONG]),
        st.sampled_from([0, 1, 20, 125, 126, 127, 65_535, 65_536, 70_000]),
    ),
    max_size=KEPT_FRAMES,
)


class Clock(trio.abc.Clock):
    """Stands still at a time of which a record is made."""

    def start_clock(self) -> None: ...

    def current_time(self) -> float:
        return 5.0

    def deadline_to_sleep_time(self, deadline: float) -> float:
        return max(0.0, deadline - 5.0)


def in_trio(*pieces: bytes) -> Record:
    """A record that heard these pieces a quarter of a second after its connection began."""

    async def hear() -> Record:
        record = Record()
        for piece in pieces:
            record.note_received(piece, record.opened_at + 0.25)
        return record

    return trio.run(hear, clock=Clock())


@given(frames, st.integers(1, 3000))
def test_frames_are_seen_however_their_bytes_are_cut(sent: list[tuple[int, int]], piece: int) -> None:
    lengths = [(opcode, min(length, 125) if opcode >= CLOSE else length) for opcode, length in sent]
    wire = b"".join(client_frame(opcode, b"x" * length) for opcode, length in lengths)
    record = in_trio(*(wire[at : at + piece] for at in range(0, len(wire), piece)))
    assert record.frames == [Frame(0.25, False, opcode, length) for opcode, length in lengths]
    assert record.messages_in == sum(opcode < CLOSE for opcode, _ in lengths)
    assert record.bytes_in == len(wire)


def test_the_last_frames_are_kept_and_older_ones_go() -> None:
    record = in_trio(*(client_frame(TEXT, b"x" * n) for n in range(100)))
    assert [frame.length for frame in record.frames] == list(range(100 - KEPT_FRAMES, 100))


def test_a_fragmented_message_counts_once() -> None:
    wire = client_frame(TEXT, b"on", fin=False) + client_frame(CONTINUATION, b"e")
    record = in_trio(wire)
    assert record.messages_in == 1
    assert [frame.opcode for frame in record.frames] == [1, 0]


def test_a_close_frame_and_the_end_of_tcp_are_distinguished() -> None:
    record = in_trio(client_frame(CLOSE, b"\x03\xe8"))
    assert (record.peer_closed, record.peer_ended) == (True, False)
    record = in_trio(b"")
    assert (record.peer_closed, record.peer_ended) == (False, True)


async def test_frames_that_the_library_never_sees_are_recorded_too(
    autojump_clock: trio.testing.MockClock,
) -> None:
    record = Record()
    record.message(record.opened_at + 1, 30)
    record.control(record.opened_at + 2, 0x89, 4)
    record.control(record.opened_at + 3, 0x8A, 0)
    assert record.frames == [Frame(1, False, 1, 30), Frame(2, False, 9, 4), Frame(3, False, 10, 0)]
    assert (record.messages_in, record.bytes_in) == (1, 36 + 10 + 6)


async def test_frames_on_their_way_out_are_recorded_one_by_one() -> None:
    record = Record()
    long = b"\x81\x7e\x01\x00" + bytes(256)
    for frames in (
        b"HTTP/1.1 101 \r\n\r\n",
        b"\x81\x05hello" + long + b"\x81\x00",
        b"",
        b"\x89\x00",
        b"\x8a\x02hi",
    ):
        record.note_sent(frames)
    assert [(frame.sent, frame.opcode, frame.length) for frame in record.frames] == [
        (True, 1, 5),
        (True, 1, 256),
        (True, 1, 0),
        (True, 9, 0),
        (True, 10, 2),
    ]


def everything(thing: object, seen: set[int]) -> int:
    """The bytes of an object and all that hangs on it."""
    if id(thing) in seen or thing is None or isinstance(thing, bool | type):
        return 0
    seen.add(id(thing))
    parts = [getattr(thing, name) for name in getattr(type(thing), "__slots__", ())]
    if isinstance(thing, list | tuple):
        parts += thing
    return sys.getsizeof(thing) + sum(everything(part, seen) for part in parts)


def test_no_text_is_kept_and_little_else() -> None:
    silent = in_trio()
    assert everything(silent, set()) < 500
    noise = random.Random(5)
    record = in_trio(*(client_frame(TEXT, b"a secret text " * noise.randrange(90)) for _ in range(500)))
    assert everything(record, set()) < 1_000
    kept = [getattr(record, name) for name in Record.__slots__]
    assert not any(b"secret" in bytes(value) for value in kept if isinstance(value, bytes))
    assert record._rest == b""
    assert not any(isinstance(value, str) for value in kept)


async def test_events_are_bounded_and_the_first_and_last_stay() -> None:
    record = Record()
    for number in range(100):
        record.note(str(number))
    assert record.events is not None
    got = [event.what for event in record.events]
    assert len(got) == KEPT_EVENTS
    assert (got[0], got[-1]) == ("0", "99")


def ended(record: Record) -> End:
    return End(record, "127.0.0.1", None, "talker", "lost", "Gone.", trio.current_time(), 0.0)


async def test_ends_are_dropped_after_a_time_and_beyond_a_number(
    autojump_clock: trio.testing.MockClock,
) -> None:
    recorder = Recorder()
    for _ in range(KEPT_ENDS + 5):
        recorder.keep(ended(Record()))
    assert len(list(recorder.ends())) == KEPT_ENDS
    await trio.sleep(KEPT_FOR - 1)
    late = ended(Record())
    recorder.keep(late)
    assert next(recorder.ends()) is late
    await trio.sleep(2)
    assert list(recorder.ends()) == [late]
    recorder.reclassify(late.record, "crash", "A bug.")
    assert [end.kind for end in recorder.ends()] == ["crash"]


async def test_connections_are_numbered_in_order_and_removed_once() -> None:
    recorder, session = Recorder(), cast("Any", SimpleNamespace(person=None))
    records = [Record() for _ in range(3)]
    assert [record.id for record in records] == [0, 0, 0]
    for record in records:
        recorder.admit(record, session, trio.CancelScope())
    assert [record.id for record in records] == [1, 2, 3]
    assert recorder.admitted == 3
    known = recorder.forget(records[1])
    assert known is not None
    assert (known.record, known.session) == (records[1], session)
    assert known.task is trio.lowlevel.current_task()
    assert recorder.forget(records[1]) is None
    assert sorted(recorder.open) == [1, 3]
    assert recorder.admitted == 3
