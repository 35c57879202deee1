"""The stream under trio-websocket, in which our own frames go between the library's.

gateway/websocket/inbound.py distributes received frames. trio-websocket writes one complete frame a call, and so do we:
both go through the client's send queue, in one order. This also adds what trio-websocket lacks: a close frame for a
client that broke the protocol, a bound on the fragments of one message, silence after our close frame, and a flush
before TCP ends. The opening handshake is answered here: the gateway has read and checked the request already, and h11
and wsproto would take a fifteenth of the time in which a client connects to read and write it again.
"""

from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import trio
from trio_websocket import WebSocketConnection
from wsproto import ConnectionType, WSConnection
from wsproto.connection import Connection, ConnectionState
from wsproto.events import Event, Pong
from wsproto.utilities import generate_accept_token

from chat.domain.closing import TOO_BIG
from chat.engine.send_queue import SendQueue
from chat.frames import CLOSE, FINAL, close_frame, ping_frame
from chat.gateway.http1.head import ReplayStream
from chat.gateway.http1.refusal import linger
from chat.gateway.websocket.inbound import InboundFastPath
from chat.inspection.recorder import Record
from chat.shutdown import FLUSH

_FRAGMENTS = 1024
"""Most frames of one message. trio-websocket only bounds their bytes, and an empty frame takes memory too."""

_PIECES = 1024
"""Pieces of an unfinished message that trio-websocket may keep: it makes one for each read of each frame."""

_ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"
)
"""The answer to an opening handshake (RFC 6455, section 4.2.2), without extensions or a subprotocol."""

_TELL_WHY = frozenset({1002, 1003, 1007, 1009})
"""Close codes of protocol errors, at which trio-websocket closes TCP without a close frame."""


class ClientStream(trio.abc.Stream):
    """One client's bytes, both ways.

    Args:
        stream: the accepted connection, behind the head that asked for a WebSocket.
        largest: bytes of a text that need not go through trio-websocket.
        limit: bytes that may wait in the send queue.
    """

    __slots__ = ("_inbound", "_stream", "connection", "record", "send_queue")

    def __init__(self, stream: ReplayStream, *, largest: int, limit: int) -> None:
        self._stream = stream
        self.connection: WebSocketConnection | None = None  # set by accept()
        self.record = Record()
        self._inbound = InboundFastPath(stream, largest, self.record)
        self.send_queue = SendQueue(
            self._send_some if stream.tls is None else stream.tls.send_some,
            fileno=stream.socket.fileno if stream.tls is None else None,
            write_now=None if stream.tls is None else stream.tls.write_now,
            limit=limit,
        )
        if stream.tls is not None:
            stream.tls.progressed = self.send_queue.progressed

    @property
    def last_received_at(self) -> float:
        """The time of the last received bytes, by Trio's clock."""
        return self._inbound.last_received_at

    def accept(self, key: str, nursery: trio.Nursery, max_message_size: int) -> WebSocketConnection:
        """Answer an opening handshake with this `Sec-WebSocket-Key`, which the caller has checked. Sync.

        trio-websocket reads its part in a task of `nursery`; a message has at most `max_message_size` bytes.
        """
        connection = _Connection(self, _OpenWebSocket(), max_message_size=max_message_size)
        connection.inbound = self._inbound
        self.connection = connection
        self.send_queue.offer(_ACCEPTED % generate_accept_token(key.encode()))
        nursery.start_soon(connection._reader_task)
        return connection

    def refuse(self, answer: bytes) -> None:
        """Send this HTTP response in place of an answer to the handshake, and then nothing more. Sync."""
        self.send_queue.finish(answer)

    # Not `async def`: this saves a coroutine frame for each message.
    def receive(self) -> Coroutine[Any, Any, Sequence[str | bytes]]:
        """Return the messages that came, one or more. Raises ConnectionClosed.

        Cancelling: a message that was not returned is lost, so nobody may receive after that.
        """
        assert self.connection is not None
        return self._inbound.receive(self.connection.get_message)

    async def take_in(self) -> None:
        """Read pongs until a message comes, which the next receive() returns. Cancelling loses nothing."""
        await self._inbound.take_in()

    @staticmethod
    def ping(payload: bytes) -> bytes:
        """Return a ping frame. Sync."""
        return ping_frame(payload)

    def on_pong(self, handler: Callable[[bytes], None]) -> None:
        """Call `handler` with the payload of each pong from now on. Sync."""
        self._inbound.pong_handler = handler

    def receive_no_more(self) -> None:
        """Nobody will call receive() again: trio-websocket waits for the answer to its close frame. Sync."""
        self._inbound.receive_no_more()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Receive for trio-websocket, and enforce the bound on fragments. Cancelling loses no byte."""
        data = await self._inbound.receive_for_library(max_bytes)
        if self.record.most_fragments > _FRAGMENTS:
            self.record.too_many_fragments = True
            self.send_queue.finish(close_frame(*TOO_BIG.content))
            raise trio.BrokenResourceError("too many fragments")
        if self.connection is not None and len(self.connection._message_parts) > _PIECES:
            _join_pieces(self.connection._message_parts)
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Put one complete frame (or the handshake) in the send queue. Cancelling: it is still sent completely."""
        frame = bytes(data)
        self.record.note_sent(frame)
        if frame and frame[0] == FINAL | CLOSE:
            self.send_queue.finish(frame)
        else:
            self.send_queue.offer(frame)
        await trio.lowlevel.checkpoint()

    async def wait_send_all_might_not_block(self) -> None:
        """Return at once: send_all never waits for the peer."""
        await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        """Say why if it is the client's fault, let the peer read the rest for a moment, and close.

        Cancelling: it is closed at once.
        """
        await self.flush()
        await self.hang_up()

    async def flush(self) -> None:
        """Take nothing more, and let the peer read the rest for a moment. Cancelling is safe."""
        reason = self.connection and self.connection.closed
        if reason and reason.code in _TELL_WHY:
            self.send_queue.finish(close_frame(reason.code, reason.reason or ""))
        self.send_queue.finish()
        with trio.move_on_after(FLUSH):
            await self.send_queue.wait_until_at_most(0)

    async def finish_alone(self, last: bytes) -> None:
        """Send `last`, a close frame, when the client's nursery has ended and its writer with it; as flush() does.

        Where a write was cut off in the middle nothing is sent: the client would take it for the rest of that frame.
        Cancelling: a part may have been sent.
        """
        if self.send_queue.queued:
            return
        try:
            async with trio.open_nursery() as nursery:
                with self.send_queue.written_by(nursery.start_soon):
                    self.send_queue.finish(last)
                    await self.flush()  # waits where the socket is full
                nursery.cancel_scope.cancel()
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the client is gone

    async def hang_up(self) -> None:
        """Close after reading the remaining bytes: unread bytes cause a reset, which may discard the close frame."""
        gone = (OSError, trio.BrokenResourceError, trio.BusyResourceError, trio.ClosedResourceError)
        if not self.send_queue.queued:  # who left the rest unread until now reads no close frame either
            with suppress(*gone):  # busy: trio-websocket reads at this moment, so nothing is left unread
                await linger(self._stream)
        await self._stream.aclose()

    async def _send_some(self, data: bytes) -> int:
        try:
            taken: int = await self._stream.socket.send(data)
        except OSError as error:
            raise trio.BrokenResourceError from error
        return taken


class _EndedHandshake:
    """Stands for wsproto's handshake when it is over: that one is never asked for more, and keeps 2 KiB of h11's."""

    def events(self) -> tuple[Event, ...]:
        return ()


_ENDED: Any = _EndedHandshake()


class _OpenWebSocket(WSConnection):
    """A server's WebSocket whose handshake is over."""

    def __init__(self) -> None:
        # The attributes of WSConnection, without its h11 connection for the handshake.
        self.client = False
        self.handshake = _ENDED
        self.connection = Connection(ConnectionType.SERVER)


class _Connection(WebSocketConnection):
    """Sends nothing after the server's close frame: no pong, and no reason why a late message is too big.

    wsproto raises an error for such frames. It would end the reader and so the client's nursery, and the rest of the
    send queue and the close frame would never be sent. Waiters are notified of received pongs.
    """

    inbound: InboundFastPath

    async def _handle_pong_event(self, event: Pong) -> None:
        if self.inbound.pong_handler is not None:
            self.inbound.pong_handler(bytes(event.payload))

    async def _send(self, event: Event) -> None:
        if self._wsproto.state is not ConnectionState.LOCAL_CLOSING:
            await super()._send(event)

    async def _close_stream(self) -> None:
        # After a stall of the loop an answer may be unread when its deadline has passed: the reader gets one more turn.
        await trio.lowlevel.cancel_shielded_checkpoint()
        await super()._close_stream()


def _join_pieces(pieces: list[Any]) -> None:
    # All are str, or all are bytes. A letter by itself takes 80 bytes of memory.
    pieces[:] = [type(pieces[0])().join(pieces)]
