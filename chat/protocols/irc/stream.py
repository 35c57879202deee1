"""One client's connection: lines in, lines out through the send queue, and pings by IRC's own command."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import trio
from trio_websocket import CloseReason, ConnectionClosed

from chat.engine.send_queue import SendQueue
from chat.gateway.http1.head import READ_BYTES, ReplayStream
from chat.gateway.http1.refusal import linger
from chat.inspection.recorder import Record
from chat.protocols.irc.lines import LONGEST_LINE, LONGEST_TAGS, TOO_LONG
from chat.shutdown import FLUSH

_LONGEST = LONGEST_LINE + 2 * LONGEST_TAGS
"""Bytes without an end of line that are kept; a line of a client has 4,096 bytes of tags and 512 of the rest."""

_CLOSING_LINK = b"ERROR :Closing Link: %s\r\n"


def goodbye(reason: str) -> bytes:
    """Return the line that ends a connection. Sync and pure."""
    return _CLOSING_LINK % reason.encode()


class IrcStream:
    """A connection as the session uses it: it receives, closes and pings. `limit` is that of the send queue, in bytes.

    There is no answer to a goodbye in IRC, so nothing that is sent is known to have arrived but what a PONG follows.
    """

    __slots__ = (
        "_early",
        "_held",
        "_skips",
        "_stream",
        "last_received_at",
        "pong_handler",
        "record",
        "send_queue",
    )

    def __init__(self, stream: ReplayStream, *, limit: int) -> None:
        self._stream = stream
        self._held = b""  # the beginning of a line of which more is to come
        self._skips = False  # whether the rest of a line that is too long is dropped
        self._early: Sequence[str | bytes] = ()  # lines that came while nobody received them
        self.record = Record()
        self.last_received_at = trio.current_time()
        self.pong_handler: Callable[[bytes], None] | None = None
        self.send_queue = SendQueue(
            self._send_some if stream.tls is None else stream.tls.send_some,
            fileno=stream.socket.fileno if stream.tls is None else None,
            write_now=None if stream.tls is None else stream.tls.write_now,
            limit=limit,
        )
        if stream.tls is not None:
            stream.tls.progressed = self.send_queue.progressed

    async def receive(self) -> Sequence[str | bytes]:
        """Return the lines that came, one or more; bytes are no UTF-8, or TOO_LONG. Raises ConnectionClosed.

        Cancelling loses nothing.
        """
        if self._early:
            early, self._early = self._early, ()
            return early
        while True:
            if wait := self._stream.pace.count():
                await trio.sleep(wait)
            try:
                data = await self._stream.receive_ready(READ_BYTES)
            except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                raise ConnectionClosed(None) from None
            if not data:
                self.record.peer_ended = True
                raise ConnectionClosed(None)
            self.last_received_at = trio.current_time()
            self.record.bytes_in += len(data)
            if lines := self._take(data):
                self.record.messages_in += len(lines)
                return lines

    async def take_in(self) -> None:
        """Read PONGs until another line comes, which the next receive() returns. Cancelling loses nothing."""
        if not self._early:
            self._early = await self.receive()

    def _take(self, data: bytes) -> list[str | bytes]:
        """Return the complete lines, without PONGs and empty ones; keep an incomplete one, within bounds."""
        *whole, self._held = (self._held + data).split(b"\n")
        lines: list[str | bytes] = []
        for raw in whole:
            if self._skips:  # the end of a line that was refused
                self._skips = False
                continue
            line = raw[:-1] if raw.endswith(b"\r") else raw
            if len(line) > _LONGEST:
                lines.append(TOO_LONG)
            elif line[:5].upper() == b"PONG ":
                if self.pong_handler is not None:
                    self.pong_handler(line.rpartition(b" ")[2].removeprefix(b":"))
            elif line:
                try:
                    lines.append(line.decode())
                except UnicodeDecodeError:
                    lines.append(line.replace(b"\n", b" "))
        if len(self._held) > _LONGEST:
            if not self._skips:
                lines.append(TOO_LONG)
            self._held, self._skips = b"", True
        elif self._skips:
            self._held = b""
        return lines

    @staticmethod
    def ping(payload: bytes) -> bytes:
        """Return a PING, for the send queue. Sync."""
        return b"PING :%s\r\n" % (payload or b"0")

    def on_pong(self, handler: Callable[[bytes], None]) -> None:
        """Call `handler` with the last parameter of each PONG from now on. Sync."""
        self.pong_handler = handler

    def receive_no_more(self) -> None:
        """Do nothing: nobody reads after the last receive()."""

    @property
    def closed(self) -> CloseReason | None:
        """None: IRC has no answer to a goodbye."""
        return None

    async def aclose(self, _code: int = 1000, reason: str | None = None) -> None:
        """Send ERROR with the reason, after all that waits. Cancelling: it is sent."""
        self.send_queue.finish(goodbye(reason or "goodbye"))
        await trio.lowlevel.checkpoint()

    async def flush(self) -> None:
        """Take nothing more, and let the peer read the rest for a moment. Cancelling is safe."""
        self.send_queue.finish()
        with trio.move_on_after(FLUSH):
            await self.send_queue.wait_until_at_most(0)

    async def finish_alone(self, last: bytes) -> None:
        """Send `last` when the client's nursery has ended and its writer with it; as flush() does.

        Cancelling: a part may have been sent.
        """
        if self.send_queue.queued:
            return
        try:
            async with trio.open_nursery() as nursery:
                with self.send_queue.written_by(nursery.start_soon):
                    self.send_queue.finish(last)
                    await self.flush()
                nursery.cancel_scope.cancel()
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the client is gone

    async def hang_up(self) -> None:
        """Close after reading the remaining bytes: unread bytes cause a reset, which may discard the last lines."""
        if not self.send_queue.queued:
            with suppress(
                OSError, trio.BrokenResourceError, trio.BusyResourceError, trio.ClosedResourceError
            ):
                await linger(self._stream)
        await self._stream.aclose()

    async def _send_some(self, data: bytes) -> int:
        try:
            taken: int = await self._stream.socket.send(data)
        except OSError as error:
            raise trio.BrokenResourceError from error
        return taken
