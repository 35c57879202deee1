"""The bounded send queue of one client: the only writer of its socket.

Whole frames go in, in order, from anywhere, and the caller never waits for the client. The socket takes bytes at once
where it can (write-through). The rest waits in a memory channel, and a writer task lives until the channel is empty: an
idle client costs neither. While bytes wait or are being written, nothing overtakes them: a frame is never torn, nor put
inside another.
"""

import math
import os
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType

import trio

from chat.channels import receive_all_nowait
from chat.signals import Signal

_JOIN = 1024
"""Blobs that the writer joins into one write; their bytes are bounded by the limit."""

_STALL = 8.0
"""Seconds that a write may make no progress before the client counts as too slow."""

StartWriter = Callable[[Callable[[], Awaitable[None]]], None]


class SendQueue:
    """The send queue of one client.

    Args:
        send_some: writes a part of some bytes to the transport and returns how many it took. Cancelling it must
            not lose that count, unless it breaks the transport.
        fileno: returns the socket's descriptor for write-through, -1 once it is closed (a stored number could by then
            be another client's); None where bytes can't go straight to the socket (TLS).
        write_now: writes through where there is no `fileno`: returns how many bytes the socket has taken, and has begun
            with the rest, which send_some is to be given next. Sync; raises OSError.
        limit: bytes that may wait.

    Two things are known only later: the nursery for writers (written_by()), and the session that ends the client when
    more than the limit waits (when_full()).
    """

    __slots__ = (
        "_answer_bytes",
        "_answer_end",
        "_begun",
        "_closed",
        "_drained",
        "_feed",
        "_fileno",
        "_marks",
        "_offered",
        "_open",
        "_overflow",
        "_pending",
        "_progress",
        "_send_some",
        "_soon",
        "_stall",
        "_start_writer",
        "_write_now",
        "limit",
        "queued",
    )

    def __init__(
        self,
        send_some: Callable[[bytes], Awaitable[int]],
        *,
        fileno: Callable[[], int] | None,
        write_now: Callable[[bytes], int] | None = None,
        limit: int,
    ) -> None:
        self._send_some = send_some
        self._fileno = fileno
        self._write_now = write_now
        self._overflow: Callable[[], None] | None = None  # set by when_full()
        self._start_writer: StartWriter | None = None  # set by written_by(), for its block
        self._feed: trio.MemorySendChannel[bytes] | None = None  # with _pending, while a writer lives
        self._pending: trio.MemoryReceiveChannel[bytes] | None = None
        self._soon = b""  # bytes that go with the next blob
        self._begun = b""  # bytes that are being written: they can't be dropped any more
        self._progress: Signal | None = None  # made by the first that waits for room
        self._stall: trio.CancelScope | None = None  # of the write under way
        self._open = True  # until cut() or finish()
        self._closed = False  # whether a last frame has been taken
        self.limit = limit
        self.queued = 0  # bytes that wait or are being written
        self._drained = 0  # bytes that the writer has written since nothing waited
        self._offered: float = (
            0  # where the last offered bytes end, counted as _drained is; inf if they were not taken
        )
        self._answer_bytes = 0  # of the one answer larger than half of the limit that waits, if any
        self._answer_end = 0  # where it ends, counted as _drained is
        self._marks: deque[tuple[int, Callable[[], None]]] | None = None  # see when_written(); ends as above

    def written_by(self, start_writer: StartWriter) -> "_Writing":
        """Allow writers to be started for as long as the block lasts, which ends before their nursery does.

        An acknowledgement may come after the nursery is closed: then the socket takes it at once, or it is dropped.
        """
        return _Writing(self, start_writer)

    @property
    def is_open(self) -> bool:
        """Whether offered frames are taken. Sync."""
        return self._open

    def when_full(self, overflow: Callable[[], None]) -> None:
        """Call `overflow` when more than the limit waits, or a write makes no progress. Sync, and so is `overflow`.

        During the handshake it is not set: there is no session to end, and little to send.
        """
        self._overflow = overflow

    def overflow(self) -> None:
        """Have the client ended: more waits for it than the limit. Sync."""
        if self._overflow is not None:
            self._overflow()

    def offer(self, blob: bytes) -> None:
        """Take one or more whole frames; drop them once cut or finished. Sync: nothing comes in between."""
        if self._soon:
            blob, self._soon = self._soon + blob, b""
        if self._open and blob:
            self._put(blob)
        elif blob:
            self._offered = math.inf

    def offer_coalesced(self, blob: bytes) -> None:
        """Take frames to go with the next ones, in one write. The caller makes sure that offer() follows. Sync."""
        self._soon += blob

    @property
    def room(self) -> int:
        """Bytes that may still be offered; a large answer of send() does not count. Sync."""
        return self.limit - self.queued + self._answer_left

    @property
    def _answer_left(self) -> int:
        return min(self.queued, self._answer_bytes, max(0, self._answer_end - self._drained))

    @property
    def is_written(self) -> bool:
        """Whether the socket has taken all bytes offered so far. Sync."""
        return self._offered <= self._drained

    def when_written(self, note: Callable[[], None], behind: int = 0) -> None:
        """Call `note` once the socket has taken all bytes offered so far, but for the last `behind`. Sync.

        That may be now, or never.
        """
        end = self._offered - behind
        if end <= self._drained:
            note()
        elif end <= self._drained + self.queued:  # otherwise it was dropped, or never taken
            if self._marks is None:
                self._marks = deque()
            self._marks.append((int(end), note))

    def cut(self) -> None:
        """Drop all frames that the writer has not begun, and take only a last frame from now on. Sync.

        A client that missed a frame must not receive a later one.
        """
        self._open = False
        self._soon = b""
        if self._feed is not None and self._pending is not None and self.queued > len(self._begun):
            # Close the channel: emptying it takes 0.3 ms for hundreds of blobs, and a fan-out may cut a hundred
            # clients.
            self.queued = len(self._begun)
            self._feed.close()
            self._pending.close()
            self._feed, self._pending = trio.open_memory_channel[bytes](math.inf)
        while self._marks and self._marks[-1][0] > self._drained + self.queued:
            self._marks.pop()

    def finish(self, last: bytes = b"") -> None:
        """Take `last` (a close frame) after the waiting frames, and then nothing more. Sync."""
        self.offer(b"")
        self._open = False
        if last and not self._closed:
            self._closed = True
            self._put(last)

    def _put(self, blob: bytes) -> None:
        taken, begun = 0, False
        if not self.queued:
            try:
                if self._fileno is not None:
                    taken = os.write(self._fileno(), blob)
                elif self._write_now is not None:
                    taken, begun = self._write_now(blob), True
            except BlockingIOError:
                pass
            except OSError:
                self._open = False  # the peer is gone; the reader notices too, and ends the session
                self._offered = math.inf
                return
            if taken == len(blob):
                return
            if taken or begun:
                begun = True
                self._begun = blob = blob[taken:]
        self._offered = self._drained + self.queued + len(blob)
        if self._feed is None:
            if self._start_writer is None:
                self._open = False  # before or after the client's nursery: no writer can run
                return
            # Bounded in bytes, below. The writer takes all blobs until it finds none.
            self._feed, self._pending = trio.open_memory_channel[bytes](math.inf)
            self._start_writer(self._write)
        self.queued += len(blob)
        if not begun:
            self._feed.send_nowait(blob)
        # A last frame is taken after any amount.
        if self._open and self.queued > self.limit and self.room < 0:
            self.overflow()

    async def send(self, blob: bytes) -> None:
        """Take frames as offer() does, but wait first while half of the limit is queued: for long answers.

        Cancelling: `blob` was not taken.
        """
        await self.wait_until_ready()
        self.send_nowait(blob)

    async def wait_until_ready(self) -> None:
        """Wait while half of the limit is queued, as send() does. Cancelling changes nothing."""
        while self.queued > self.limit // 2 or self._answer_left:
            await self._wait_for_progress()

    def send_nowait(self, blob: bytes) -> None:
        """Take frames as send() does, right after wait_until_ready(). Sync."""
        if len(blob) <= self.limit // 2:
            return self.offer(blob)
        # The client asked for it, so it is no sign of slowness; a second large answer waits until it is written.
        self._answer_bytes = len(blob)
        self._answer_end = self._drained + self.queued + len(blob)
        self.offer(blob)
        self._answer_end = self._drained + self.queued  # without what the socket took at once
        return None

    def waiting(self) -> tuple[int, int]:
        """Return the bytes that wait, and their batches of one frame or more. Sync."""
        return self.queued, 0 if self._pending is None else self._pending.statistics().current_buffer_used

    async def wait_until_at_most(self, size: int) -> None:
        """Wait until no more than `size` bytes are queued. The caller sets a deadline: the peer may never read."""
        while self.queued > size:
            await self._wait_for_progress()

    async def _wait_for_progress(self) -> None:
        if self._progress is None:
            self._progress = Signal()
        await self._progress.wait()

    def progressed(self) -> None:
        """Note that the transport took bytes: the client is not stalled. Sync."""
        if self._stall is not None:
            self._stall.deadline = trio.current_time() + _STALL

    async def _write(self) -> None:
        """Write the waiting bytes until there are none.

        Raises trio.BrokenResourceError or trio.ClosedResourceError when the transport is gone. Cancelling may
        leave a frame half written: only closing the connection is right then.
        """
        assert self._pending is not None
        blob = self._begun
        try:
            # No await between finding nothing and ending: a later offer starts the next writer.
            while blob := blob or b"".join(receive_all_nowait(self._pending, _JOIN)):
                self._begun = blob
                with trio.move_on_after(_STALL) as self._stall:
                    taken = await self._send_some(blob)
                if self._stall.cancelled_caught:
                    self._open = False
                    return self.overflow()
                self._begun = blob = blob[taken:]
                self._take_off(taken)
            self._begun = b""
            self._drained = self._offered = self._answer_bytes = self._answer_end = 0
            self._feed = self._pending = None
        except BaseException:
            self._open = False  # the transport is broken, or a frame is half written
            raise
        finally:
            self._stall = None
        return None

    def _take_off(self, size: int) -> None:
        """Count `size` bytes as written, and notify waiters. Sync."""
        self.queued -= size
        self._drained += size
        while self._marks and self._marks[0][0] <= self._drained:
            self._marks.popleft()[1]()
        if self._progress is not None:
            self._progress.notify()


class _Writing:
    """The block of written_by(). Each open socket is in one: a generator would take 0.5 KiB."""

    __slots__ = ("_send_queue", "_start_writer")

    def __init__(self, send_queue: SendQueue, start_writer: StartWriter) -> None:
        self._send_queue = send_queue
        self._start_writer = start_writer

    def __enter__(self) -> None:
        self._send_queue._start_writer = self._start_writer

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._send_queue._start_writer = None
