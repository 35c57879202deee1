"""Records the last events of each connection: while it is open, and for a while after an abnormal end.

A record never holds a text, a token or a key: of a frame it has direction, type, length and time, of an error its type
and place. Frames of the fan-out and of history are not recorded: they cost nothing here.
"""

from array import array
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from typing import NamedTuple, Protocol

import trio

from chat.domain.closing import Closing
from chat.domain.entities import Person
from chat.frames import CLOSE, CONTROL, FINAL, LENGTH, MASK_BYTES, MASKED, OPCODE, TEXT, TWO_BYTES, header_at

KEPT_FRAMES = 24
"""Frames of one connection; 8 bytes each, from the first on."""

KEPT_EVENTS = 24
"""The first and the last events of one connection; those between are dropped."""

KEPT_ENDS = 256
KEPT_FOR = 600.0
"""Abnormal ends that are kept, and for how many seconds."""

_SENT = 16  # beside the opcode of a frame that we sent
_LONGEST = 0xFFFFFF  # of the lengths that are kept; a message has 65,536 bytes at most


class Frame(NamedTuple):
    """One frame. `at` is in seconds since the connection was accepted, `length` in bytes of payload."""

    at: float
    sent: bool
    opcode: int
    length: int


class ConnectionEvent(NamedTuple):
    """An event of a connection, `at` seconds after it was accepted."""

    at: float
    what: str


class Record:
    """The record of one connection; all of it is sync."""

    __slots__ = (
        "_fragments",
        "_frames",
        "_rest",
        "_ring",
        "_skip",
        "bytes_in",
        "closing",
        "cut",
        "events",
        "id",
        "messages_in",
        "most_fragments",
        "opened_at",
        "peer_closed",
        "peer_ended",
        "too_many_fragments",
        "waiting",
    )

    def __init__(self) -> None:
        self.id = 0  # from Recorder.admit on
        self.opened_at = trio.current_time()
        self.events: list[ConnectionEvent] | None = None  # made by the first
        self.closing: Closing | None = None  # why the server ended it
        self.cut = False  # by an administrator
        self.too_many_fragments = False
        self.peer_closed = False  # a close frame came
        self.peer_ended = False  # TCP was ended by the client, without a reset
        self.waiting = 0  # bytes that waited when the client was too slow
        self.bytes_in = 0
        self.messages_in = 0
        self.most_fragments = 0  # frames of the message with the most fragments
        self._fragments = 0  # frames so far of an incomplete message
        self._ring: array[int] | None = None  # made by the first frame
        self._frames = 0
        self._rest = b""  # the beginning of an incomplete header
        self._skip = 0  # missing payload bytes of the last frame

    def note(self, what: str) -> None:
        """Note an event. `what` is for people; it contains no text of a client except a name."""
        if self.events is None:
            self.events = []
        if len(self.events) == KEPT_EVENTS:
            del self.events[KEPT_EVENTS // 2]
        self.events.append(ConnectionEvent(trio.current_time() - self.opened_at, what))

    def note_received(self, data: bytes | bytearray, now: float) -> None:
        """Note bytes for trio-websocket, or with none the end of TCP: record their frames (RFC 6455, section 5.2)."""
        if not data:
            self.peer_ended = True
        self.bytes_in += len(data)
        if self._rest:
            data, self._rest = self._rest + data, b""
        at, size = self._skip, len(data)
        while at < size:
            first = data[at]
            # Short frames are the most frequent: no call for them.
            if size - at > 1 and (length := data[at + 1] & LENGTH) < TWO_BYTES:
                header = 2 + MASK_BYTES if data[at + 1] & MASKED else 2
            elif whole := header_at(data, at, size):
                header, length = whole
            else:
                self._rest = bytes(data[at:])
                at = size
                break
            if first & CONTROL == 0:  # a fragment of a message, or all of it
                self._fragments += 1
                if self._fragments > self.most_fragments:
                    self.most_fragments = self._fragments
                if first & FINAL:
                    self.messages_in += 1
                    self._fragments = 0
            elif first & OPCODE == CLOSE:
                self.peer_closed = True
            at += header + length
            self._keep(now, first & OPCODE, length)
        self._skip = at - size

    def message(self, now: float, length: int) -> None:
        """Note a complete text message of `length` bytes."""
        self.messages_in += 1
        self.bytes_in += length + 6
        self._keep(now, TEXT, length)

    def control(self, now: float, first: int, length: int) -> None:
        """Note a ping or a pong; `first` is its first byte."""
        self.bytes_in += length + 6
        self._keep(now, first & OPCODE, length)

    def note_sent(self, frames: bytes) -> None:
        """Note frames that are sent as an answer, or for the protocol; other bytes are skipped."""
        at, size = 0, len(frames)
        while at < size and frames[at] & FINAL and (whole := header_at(frames, at, size)):
            header, length = whole
            self._keep(trio.current_time(), _SENT | frames[at] & OPCODE, length)
            at += header + length

    def _keep(self, now: float, kind: int, length: int) -> None:
        if self._ring is None:
            self._ring = array("Q", bytes(8 * KEPT_FRAMES))
        if length > _LONGEST:
            length = _LONGEST
        # Milliseconds, 35 bits of them: a year.
        elapsed = int((now - self.opened_at) * 1000) & 0x7FFFFFFFF
        self._ring[self._frames % KEPT_FRAMES] = elapsed << 29 | kind << 24 | length
        self._frames += 1

    @property
    def frames(self) -> list[Frame]:
        """The last frames, oldest first."""
        if self._ring is None:
            return []
        numbers = range(max(0, self._frames - KEPT_FRAMES), self._frames)
        return [_frame(self._ring[number % KEPT_FRAMES]) for number in numbers]


def _frame(packed: int) -> Frame:
    return Frame((packed >> 29) / 1000, bool(packed >> 24 & _SENT), packed >> 24 & OPCODE, packed & 0xFFFFFF)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


class _Receiver(Protocol):
    @property
    def last_received_at(self) -> float:
        """When bytes last came, in seconds of Trio's clock."""
        ...


class _Queue(Protocol):
    @property
    def limit(self) -> int:
        """Bytes that may wait."""
        ...

    @property
    def queued(self) -> int:
        """Bytes that wait."""
        ...

    def waiting(self) -> tuple[int, int]:
        """Bytes that wait, and in how many pieces."""
        ...


class Recorded(Protocol):
    """The parts of a session that are recorded; sessions are on a floor above this file."""

    @property
    def person(self) -> Person | None:
        """The client's person, once authenticated."""
        ...

    @property
    def dialect(self) -> _Named:
        """The client's dialect."""
        ...

    @property
    def address(self) -> str:
        """The client's address."""
        ...

    @property
    def send_queue(self) -> _Queue:
        """The client's send queue."""
        ...

    @property
    def receiver(self) -> _Receiver:
        """The client's receiver."""
        ...


class Open(NamedTuple):
    """An open connection: its record, its session, the scope that ends it, and its task."""

    record: Record
    session: Recorded
    scope: trio.CancelScope
    task: trio.lowlevel.Task


class End(NamedTuple):
    """A connection that ended, at `at` (Trio's clock) and `unix` (Unix) seconds."""

    record: Record
    address: str
    name: str | None
    dialect: str
    kind: str
    sentence: str
    at: float
    unix: float


class Recorder:
    """The records of all connections. `number` returns a unique number for the next one."""

    def __init__(self, number: Callable[[], int] | None = None) -> None:
        self._number = number or count(1).__next__
        self.open: dict[int, Open] = {}
        self._ends: deque[End] = deque(maxlen=KEPT_ENDS)
        self.admitted = 0
        """The number of clients since the start."""

    def admit(self, record: Record, session: Recorded, scope: trio.CancelScope) -> None:
        """Give an accepted connection, served by this task, its number."""
        self.admitted += 1
        record.id = self._number()
        if session.person is not None:
            record.note(f"authenticated as {session.person.name}, by its handshake")
        self.open[record.id] = Open(record, session, scope, trio.lowlevel.current_task())

    def forget(self, record: Record) -> Open | None:
        """Remove a closed connection, and return it."""
        return self.open.pop(record.id, None)

    def keep(self, end: End) -> None:
        """Keep an abnormal end."""
        self._ends.append(end)
        self._prune()

    def reclassify(self, record: Record, kind: str, sentence: str) -> None:
        """Change the reason of a kept end."""
        for place, end in enumerate(self._ends):
            if end.record is record:
                self._ends[place] = end._replace(kind=kind, sentence=sentence)

    def ends(self) -> Iterator[End]:
        """Return the kept ends, the last first."""
        self._prune()
        return reversed(self._ends)

    def _prune(self) -> None:
        while self._ends and self._ends[0].at < trio.current_time() - KEPT_FOR:
            self._ends.popleft()
