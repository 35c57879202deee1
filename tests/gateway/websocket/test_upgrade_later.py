"""A WebSocket on a connection that has served requests, as proxies and HTTP libraries reuse connections."""

import ssl
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
import trustme

from chat.gateway.http1.request import IncomingRequest
from chat.gateway.listener import Gateway
from chat.gateway.websocket.endpoint import WebSocketEndpoint
from chat.protocols.registry import DIALECTS
from tests.support import gateway as gateway_support
from tests.support.chat_world import open_world
from tests.support.gateway import (
    Wire,
    make_app,
    make_config,
    none_left,
    nothing_logged,
    port_of,
    running,
    wire_to,
)

OPENING = gateway_support.OPENING.replace(b"/ws?token=x", b"/talker")
GET = b"GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n"
HELLO, ECHOED = b"\x89\x85" + bytes(4) + b"hello", b"\x8a\x05hello"
"""A ping, and its pong."""

BYE = b"\x88\x82" + bytes(4) + (1000).to_bytes(2)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@asynccontextmanager
async def open_endpoint(
    app: Any = None, **settings: Any
) -> AsyncGenerator[tuple[Gateway, list[IncomingRequest]]]:
    """The gateway with the real endpoint, and who arrived at it."""
    requests: list[IncomingRequest] = []
    async with open_world() as world:
        endpoint = WebSocketEndpoint(make_config(**settings), DIALECTS, world.context, world.presence)

        async def serve(request: IncomingRequest) -> None:
            requests.append(request)
            await endpoint.serve(request)

        async with running(app, serve, **settings) as gateway:
            yield gateway, requests


async def is_echoed(wire: Wire, times: int = 1) -> None:
    """The next response is the handshake's, and behind it come the echoes of what was said."""
    status, headers, _ = await wire.response()
    assert status == 101
    assert headers["sec-websocket-accept"]
    while wire.buffer.count(ECHOED) < times:
        await wire._more()


async def test_a_connection_that_served_requests_becomes_a_socket() -> None:
    with trio.fail_after(10), nothing_logged():
        async with open_endpoint() as (gateway, _):
            async with wire_to(gateway) as wire:
                for _ in range(3):
                    assert (await wire.get("/who"))[0] == 200
                await wire.send(OPENING + HELLO)
                await is_echoed(wire)
                await wire.send(HELLO + BYE)
                assert (await wire.until_closed()).count(ECHOED) == 2
            await none_left(gateway)


@asynccontextmanager
async def tls_wire(gateway: Gateway, authority: trustme.CA) -> AsyncGenerator[Wire]:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    plain = await trio.open_tcp_stream("127.0.0.1", port_of(gateway))
    async with trio.SSLStream(plain, context, server_hostname="test", https_compatible=True) as stream:
        yield Wire(stream)


async def test_it_does_so_under_tls(authority: trustme.CA, tmp_path: Path) -> None:
    issued = authority.issue_cert("test")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert")
    issued.private_key_pem.write_to_path(tmp_path / "key")
    with trio.fail_after(10), nothing_logged():
        async with (
            open_endpoint(tls_cert=tmp_path / "cert", tls_key=tmp_path / "key") as (gateway, _),
            tls_wire(gateway, authority) as wire,
        ):
            assert (await wire.get("/who"))[0] == 200
            await wire.send(GET + OPENING + HELLO)
            assert (await wire.response())[0] == 200
            await is_echoed(wire)


@pytest.mark.parametrize("size", [1, 7, 300, 100_000])
async def test_pipelined_requests_are_answered_in_order_however_they_are_split(size: int) -> None:
    everything = (
        GET * 2
        + b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"
        + OPENING
        + HELLO
    )
    with trio.fail_after(20), nothing_logged():
        async with open_endpoint(message_rate=0.0) as (gateway, _), wire_to(gateway) as wire:
            for piece in pieces(everything, size):
                await wire.send(piece)
                await trio.testing.wait_all_tasks_blocked()
            for _ in range(2):
                assert (await wire.response())[0] == 200
            assert (await wire.response())[2] == b"hello"
            await is_echoed(wire)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


async def test_frames_longer_than_one_read_that_come_with_the_handshake_are_all_there() -> None:
    with trio.fail_after(10), nothing_logged():
        async with open_endpoint() as (gateway, _), wire_to(gateway) as wire:
            await wire.send(GET + OPENING + HELLO * 3000)
            assert (await wire.response())[0] == 200
            await is_echoed(wire, 3000)


async def test_an_upgrade_waits_for_the_answers_to_earlier_requests() -> None:
    app = make_app()
    with trio.fail_after(10), nothing_logged():
        async with open_endpoint(app) as (gateway, _), wire_to(gateway) as wire:
            await wire.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n" + OPENING + HELLO)
            await app.entered.wait()
            app.released.set()
            assert (await wire.response())[2] == b"slow"
            await is_echoed(wire)


async def test_each_head_names_the_client_of_its_request() -> None:
    """A proxy sends the requests of all its clients over the connections that it has."""
    forwarded = (
        b"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nOrigin: https://elsewhere.example\r\n"
    )
    with trio.fail_after(10):
        async with open_endpoint(trusted_proxies=("127.0.0.0/8",)) as (gateway, requests):
            async with wire_to(gateway) as wire:
                assert (await wire.get("/who", "X-Forwarded-For: 192.0.2.6"))[0] == 200
                await wire.send(OPENING.replace(b"\r\n", b"\r\n" + forwarded, 1))
                assert (await wire.response())[0] == 403
            await none_left(gateway)
    (request,) = requests
    assert (request.address, request.scheme) == ("192.0.2.7", "https")


async def test_the_connection_limit_applies_to_a_later_upgrade_too() -> None:
    proxied = {"trusted_proxies": ("127.0.0.0/8",), "max_connections_per_address": 1}
    theirs = OPENING.replace(b"\r\n", b"\r\nX-Forwarded-For: 192.0.2.7\r\n", 1)
    with trio.fail_after(10):
        async with (
            open_endpoint(**proxied) as (gateway, _),
            wire_to(gateway) as first,
            wire_to(gateway) as second,
        ):
            await first.send(theirs + HELLO)
            await is_echoed(first)
            assert (await second.get("/who", "X-Forwarded-For: 192.0.2.6"))[0] == 200
            await second.send(theirs)
            assert (await second.response())[0] == 429


@pytest.mark.parametrize(
    "wrong",
    [
        OPENING.replace(b"GET", b"POST"),
        OPENING.replace(b"HTTP/1.1", b"HTTP/1.0"),
        OPENING.replace(b"Upgrade: websocket", b"Upgrade: h2c"),
        OPENING.replace(b"\r\n", b"\r\nContent-Length: 5\r\n", 1) + b"hello",
    ],
    ids=["another method", "HTTP/1.0", "another protocol", "a body"],
)
async def test_a_malformed_handshake_stays_a_request(wrong: bytes) -> None:
    with trio.fail_after(10), nothing_logged():
        async with open_endpoint() as (gateway, _), wire_to(gateway) as wire:
            assert (await wire.get("/who"))[0] == 200
            await wire.send(wrong)
            assert (await wire.response())[0] in (400, 404, 405)
