"""A WebSocket to a server that leaves nothing behind, however it ends."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

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
            with trio.fail_after(_CONNECTING):
                socket = await wrap_client_stream(
                    nursery,
                    stream,  # type: ignore[arg-type]  # it works on any stream
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
