"""A WebSocket to a server that leaves nothing behind, however it ends."""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import trio
from trio_websocket import WebSocketConnection, wrap_client_stream

from chat.client.address import Address

_CONNECTING = 10.0
"""Seconds to connect and shake hands."""

_GOODBYE = 1.0
"""Seconds that the server has to answer a close frame."""

_MOST = 1 << 24
"""Bytes of a message; a page of a hundred long texts is below 2 MiB."""

_WAITING = 64
"""Messages read ahead. With fewer, pings stay unanswered while one is looked at."""


@asynccontextmanager
async def open_socket(address: Address, path: str) -> AsyncGenerator[WebSocketConnection]:
    """Hold a WebSocket to `path` of a server open for as long as the block lasts.

    Raises, in exception groups:
        OSError, trio.BrokenResourceError, trio.TooSlowError: nobody is there.
        trio_websocket.ConnectionRejected: it is no WebSocket, with the HTTP status.
        wsproto.utilities.ProtocolError: what came is neither.

    Cancelling: the connection is dropped at once.
    """
    async with trio.open_nursery() as nursery:
        with trio.fail_after(_CONNECTING):
            stream = await address.open_stream()
        try:
            with _until_it_ends(stream, address.hint) as watched:
                socket = await wrap_client_stream(
                    nursery,
                    watched,  # type: ignore[arg-type]  # it works on any stream
                    address.name,
                    address.path + path,
                    message_queue_size=_WAITING,
                    max_message_size=_MOST,
                    receive_buffer_size=65536,
                )
            yield socket
            with trio.move_on_after(_GOODBYE):
                await socket.aclose()
        finally:
            await trio.aclose_forcefully(stream)  # never waits; before the cancellation, which it would raise
            nursery.cancel_scope.cancel(reason="the block was left")  # the task that reads


class _Watched:
    """A stream that says when nothing more comes from it: trio-websocket's handshake goes on waiting."""

    def __init__(self, stream: trio.abc.Stream, on_end: Callable[[], object]) -> None:
        self._stream = stream
        self._on_end = on_end
        self.has_ended = False

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the stream's own
        return getattr(self._stream, name)

    async def receive_some(self, most: int | None = None) -> bytes | bytearray:
        """Receive as the stream does."""
        data: bytes | bytearray = b""
        try:
            data = await self._stream.receive_some(most)
        finally:
            if not data:
                self.has_ended = True
                self._on_end()
        return data


@contextmanager
def _until_it_ends(stream: trio.abc.Stream, hint: str) -> Generator[_Watched]:
    """Give up what is done with a stream in the block when the stream ends, or after _CONNECTING."""
    with trio.move_on_after(_CONNECTING) as scope:
        watched = _Watched(stream, scope.cancel)
        yield watched
    if scope.cancelled_caught and watched.has_ended:
        raise trio.BrokenResourceError(f"the connection was closed during the handshake{hint}")
    if scope.cancelled_caught:
        raise trio.TooSlowError
