"""A WebSocket to a server, of which nothing remains however the block ends."""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import trio
from trio_websocket import WebSocketConnection, wrap_client_stream

from chat.client.address import Address

_CONNECT_TIMEOUT = 10.0
"""Seconds to connect, and seconds for the handshake."""

_MAX_MESSAGE = 1 << 24
"""Bytes of a message; a page of a hundred long texts is below 2 MiB."""

_READ_AHEAD = 64
"""Messages. With fewer, pings stay unanswered while one is processed."""


@asynccontextmanager
async def open_socket(address: Address, path: str) -> AsyncGenerator[WebSocketConnection]:
    """Open a WebSocket to a path of a server as long as the block lasts.

    Raises, in exception groups:
        OSError, trio.BrokenResourceError, trio.TooSlowError: no server answers.
        trio_websocket.ConnectionRejected: a server answers with an HTTP status.
        wsproto.utilities.ProtocolError: the answer is no HTTP.

    Where the block ends by itself, the server gets a close frame, and its answer is waited for.

    Cancelling: the connection is dropped at once.
    """
    async with trio.open_nursery() as nursery:
        with trio.fail_after(_CONNECT_TIMEOUT):
            stream = await address.open_stream()
        try:
            with _end_with_stream(stream, address.hint) as watched:
                socket = await wrap_client_stream(
                    nursery,
                    watched,  # type: ignore[arg-type]  # it works on any stream
                    address.name,
                    address.path + path,
                    message_queue_size=_READ_AHEAD,
                    max_message_size=_MAX_MESSAGE,
                    receive_buffer_size=65536,
                )
            yield socket
            await socket.aclose()
        finally:
            await trio.aclose_forcefully(stream)  # never waits; it would raise Cancelled after the next line
            nursery.cancel_scope.cancel(reason="the block has ended")  # ends the reader


class _EndReportingStream:
    """A stream that reports its end: the handshake of trio-websocket would go on waiting."""

    def __init__(self, stream: trio.abc.Stream, on_end: Callable[[], object]) -> None:
        self._stream = stream
        self._on_end = on_end
        self.has_ended = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - everything else is the stream's
        return getattr(self._stream, name)

    async def receive_some(self, most: int | None = None) -> bytes | bytearray:
        """Receive from the stream."""
        data: bytes | bytearray = b""
        try:
            data = await self._stream.receive_some(most)
        finally:
            if not data:
                self.has_ended = True
                self._on_end()
        return data


@contextmanager
def _end_with_stream(stream: trio.abc.Stream, hint: str) -> Generator[_EndReportingStream]:
    """Cancel the block when the stream ends, or after _CONNECT_TIMEOUT."""
    with trio.move_on_after(_CONNECT_TIMEOUT) as scope:
        watched = _EndReportingStream(stream, scope.cancel)
        yield watched
    if scope.cancelled_caught and watched.has_ended:
        raise trio.BrokenResourceError(f"the connection was closed during the handshake{hint}")
    if scope.cancelled_caught:
        raise trio.TooSlowError
