"""Inbound fast path: whole text frames go straight to the session, everything else to trio-websocket.

Chat clients send almost only short masked text frames. All of them that came with one read cost one turn of the loop,
instead of several each. trio-websocket gets the rest through our stream: single pings, and, from the first frame of any
other kind (a fragment, a close frame, binary, malformed or too big), all following bytes. So it still enforces the
protocol, and a usual client never waits for it.
"""

from collections.abc import Awaitable, Callable, Sequence

import trio

from chat.frames import EIGHT_BYTES, FINAL, LARGEST_CONTROL, MASKED, PING, PONG, TEXT, TWO_BYTES, unmasked
from chat.gateway.http1.head import READ_BYTES, ReplayStream
from chat.inspection.recorder import Record

_TEXT = FINAL | TEXT
"""First byte of an unfragmented text frame."""

_PING, _PONG = FINAL | PING, FINAL | PONG
"""First bytes of a ping and a pong."""


_LATE_READ = 10
"""What a read by trio-websocket counts for after receiving has ended, when only a close frame is expected."""


class InboundFastPath:
    """What one client sends.

    Args:
        stream: the connection, behind the head that asked for a WebSocket.
        limit: bytes of a text that are taken here; a longer one is trio-websocket's to judge.
        record: where each frame is noted.
    """

    __slots__ = (
        "_alone",
        "_broken",
        "_early",
        "_fed",
        "_held",
        "_limit",
        "_over",
        "_record",
        "_stream",
        "_waiter",
        "last_received_at",
        "pong_handler",
    )

    def __init__(self, stream: ReplayStream, limit: int, record: Record) -> None:
        self._stream = stream
        self._fed = b""  # what trio-websocket reads next
        self._early: Sequence[str | bytes] = ()  # messages that came while nobody received them
        self._held = b""  # the beginning of a frame of which more is to come
        self._limit = limit
        self._record = record
        self._alone = False  # whether trio-websocket reads the rest by itself
        self._over = False  # whether nobody wants texts any more
        self._broken = False  # whether the connection broke while we read
        self._waiter: trio.lowlevel.Task | None = None  # who waits for the other side; never both do
        self.last_received_at = trio.current_time()  # seconds, when bytes last came
        self.pong_handler: Callable[[bytes], None] | None = None
        """Called with the payload of each pong that does not go to trio-websocket."""

    async def receive(self, other: Callable[[], Awaitable[str | bytes]]) -> Sequence[str | bytes]:
        """Return the messages that came, one or more; `other` receives one from trio-websocket.

        Raises what `other` raises: trio-websocket says why a connection ended. Cancelling: a message that was not
        returned is lost, so nobody may receive after that.
        """
        if self._early:
            early, self._early = self._early, ()
            return early
        while not self._alone:
            if self._fed:  # a ping that is not answered yet: as long as it waits, nothing is read
                await self._wait()
                continue
            if wait := self._stream.pace.count():
                await trio.sleep(wait)
            try:
                data = await self._stream.receive_ready(READ_BYTES)
            except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                self._broken = True  # trio-websocket is to meet it, and to say so
                data = b""
            if not data:
                self.leave_to_library()
                break
            self.last_received_at = trio.current_time()
            if texts := self._take(self._held + data if self._held else data):
                return texts
        return (await other(),)

    async def take_in(self) -> None:
        """Read until a message comes, which the next receive() returns. Cancelling loses nothing."""
        if not self._early:
            # Trio-websocket keeps what is its own to receive.
            self._early = await self.receive(trio.sleep_forever)

    def leave_to_library(self) -> None:
        """Let trio-websocket read all following bytes. Sync."""
        self._alone = True
        if self._held:
            self._record.note_received(self._held, self.last_received_at)
            self._fed += self._held
            self._held = b""
        self._tell()

    def receive_no_more(self) -> None:
        """Nobody will receive again: texts are dropped here, and trio-websocket gets all else. Sync.

        Whoever is cut may have sent thousands, and trio-websocket would take each apart while it waits for the answer
        to its close frame.
        """
        self._over = True
        self._tell()

    async def receive_for_library(self, max_bytes: int | None) -> bytes:
        """Receive the bytes for trio-websocket. Raises trio.BrokenResourceError. Cancelling loses nothing."""
        while not self._fed:
            if self._broken:
                raise trio.BrokenResourceError("the connection was reset")
            if not (self._alone or self._over):
                await self._wait()
                continue
            if wait := self._stream.pace.count(_LATE_READ if self._alone and self._over else 1):
                await trio.sleep(wait)
            data = bytes(await self._stream.receive_some(max_bytes if self._alone else READ_BYTES))
            self.last_received_at = trio.current_time()
            if self._alone or not data:
                self._record.note_received(data, self.last_received_at)
                return data
            self._take(self._held + data)
        data, self._fed = self._fed[:max_bytes], self._fed[max_bytes or len(self._fed) :]
        self._tell()
        return data

    def _take(self, data: bytes) -> list[str]:
        """Return the texts at the front of `data`; keep an incomplete frame, leave other frames to trio-websocket."""
        texts: list[str] = []
        at, size, now = 0, len(data), self.last_received_at
        while size - at >= 2:
            first, length = data[at], data[at + 1] - MASKED
            start = at + 6
            if length == TWO_BYTES and size - at >= 4:
                start = at + 8
                length = int.from_bytes(data[at + 2 : at + 4])
                if length < TWO_BYTES:
                    return self._leave(data[at:], texts)  # not the shortest form
            end = start + length
            if first == _TEXT and 0 <= length <= self._limit and data[at + 1] != MASKED + EIGHT_BYTES:
                if end > size:
                    break
                try:
                    if not self._over:
                        texts.append(unmasked(data[start:end], data[start - 4 : start]).decode())
                except UnicodeDecodeError:
                    return self._leave(data[at:], texts)
                self._record.message(now, length)
            elif first in (_PING, _PONG) and 0 <= length <= LARGEST_CONTROL:
                if end > size:
                    break
                self._record.control(now, first, length)
                if first == _PONG:
                    if self.pong_handler is not None:
                        self.pong_handler(unmasked(data[start:end], data[start - 4 : start]))
                    at = end
                    continue
                self._fed += data[at:end]
                self._tell()
            else:
                return self._leave(data[at:], texts)
            at = end
        self._held = data[at:]
        return texts

    def _leave(self, rest: bytes, texts: list[str]) -> list[str]:
        self._held = rest
        self.leave_to_library()
        return texts

    async def _wait(self) -> None:
        # An Event would do, and is 0.4 KiB for every idle client: trio-websocket's reader waits here all the time.
        self._waiter = trio.lowlevel.current_task()
        await trio.lowlevel.wait_task_rescheduled(self._stop_waiting)

    def _stop_waiting(self, _raise_cancel: object) -> trio.lowlevel.Abort:
        self._waiter = None
        return trio.lowlevel.Abort.SUCCEEDED

    def _tell(self) -> None:
        if self._waiter is not None:
            trio.lowlevel.reschedule(self._waiter)
            self._waiter = None
