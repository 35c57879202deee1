"""A handshake that the other side does not finish."""

from functools import partial
from typing import Any

import pytest
import trio

from chat.client import CannotConnect, open_chat
from chat.client.address import parse_url
from chat.client.socket import open_socket


async def close_at_once(stream: trio.SocketStream) -> None:
    """As a proxy does whose server is away."""
    await stream.aclose()


async def close_after_the_request(stream: trio.SocketStream) -> None:
    await stream.receive_some()
    await stream.aclose()


async def close_in_the_answer(stream: trio.SocketStream) -> None:
    await stream.receive_some()
    await stream.send_all(b"HTTP/1.1 101 Switching")
    await stream.aclose()


@pytest.mark.parametrize("handler", [close_at_once, close_after_the_request, close_in_the_answer])
async def test_closing_during_the_handshake_does_not_wait(handler: Any) -> None:
    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(partial(trio.serve_tcp, handler, 0, host="127.0.0.1"))
        address = parse_url(f"http://127.0.0.1:{listener.socket.getsockname()[1]}")
        with trio.fail_after(30), pytest.RaisesGroup(trio.BrokenResourceError, allow_unwrapped=True):
            async with open_socket(address, "/"):
                pytest.fail("there is no socket")
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("status", [200, 301, 404])
async def test_another_kind_of_server_is_reported_and_not_retried_for_ever(status: int) -> None:
    async def answer(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 %d So\r\nLocation: /\r\nContent-Length: 0\r\n\r\n" % status)
        await stream.aclose()

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            (listener,) = await nursery.start(partial(trio.serve_tcp, answer, 0, host="127.0.0.1"))
            port = listener.socket.getsockname()[1]
            with pytest.raises(CannotConnect, match=f"no chat server there: HTTP status {status}"):
                async with open_chat(f"http://127.0.0.1:{port}", token="of a program"):
                    pytest.fail("there is no server")
            nursery.cancel_scope.cancel()
