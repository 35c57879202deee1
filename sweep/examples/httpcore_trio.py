"""httpcore's connection pool on Trio: a request is cancelled, and the pool must serve the next one."""

import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache, partial
from typing import Any

import httpcore
import hypercorn.config
import hypercorn.trio
import trio
import trustme
from trio_cancel_sweep import Options

SWEPT = httpcore
REAL: Options = {"virtual": False, "limit": 10.0}


class World:
    """A server on loopback that answers each request with its path, and a pool of one connection."""

    def __init__(self, pool: httpcore.AsyncConnectionPool, url: str) -> None:
        self.pool = pool
        self.url = url

    async def get(self, path: str) -> None:
        timeout = {"timeout": {"pool": 0.5}}
        response = await self.pool.request("GET", f"{self.url}{path}", extensions=timeout)
        assert response.content == path.encode(), f"asked for {path}, got {response.content!r}"


@cache
def certificates() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts for a server on localhost, and for its clients."""
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


async def _serve(stream: trio.abc.Stream) -> None:
    buffer = b""
    with suppress(trio.BrokenResourceError):  # the client may go at any time
        async with stream:
            while data := await stream.receive_some():
                buffer += data
                while b"\r\n\r\n" in buffer:
                    head, _, buffer = buffer.partition(b"\r\n\r\n")
                    path = head.split()[1]
                    await stream.send_all(
                        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(path), path)
                    )


@asynccontextmanager
async def one_connection(*, tls: bool) -> AsyncGenerator[World]:
    server, client = certificates()
    async with trio.open_nursery() as nursery:
        encrypted = partial(trio.serve_ssl_over_tcp, ssl_context=server, https_compatible=True)
        serve: Any = encrypted if tls else trio.serve_tcp
        listeners = await nursery.start(partial(serve, _serve, 0, host="localhost"))
        port = (listeners[0].transport_listener if tls else listeners[0]).socket.getsockname()[1]
        url = f"{'https' if tls else 'http'}://localhost:{port}"
        async with httpcore.AsyncConnectionPool(ssl_context=client, max_connections=1) as pool:
            yield World(pool, url)
        nursery.cancel_scope.cancel()


async def first(world: World) -> None:
    await world.get("/first")


async def second(world: World) -> None:
    await world.get("/second")


async def twice(world: World) -> None:
    await world.get("/one")
    await world.get("/two")


async def another_is_served(world: World) -> None:
    await world.get("/another")
    assert len(world.pool.connections) <= 1


@asynccontextmanager
async def http2() -> AsyncGenerator[World]:
    """Hypercorn speaks HTTP/2 without TLS to who begins with it."""

    async def application(scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": scope["path"].encode()})

    config = hypercorn.config.Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = None
    async with trio.open_nursery() as nursery:
        serve = partial(hypercorn.trio.serve, application, config, mode="asgi")
        (bind,) = await nursery.start(serve)
        async with httpcore.AsyncConnectionPool(http1=False, http2=True, max_connections=1) as pool:
            yield World(pool, bind)
        nursery.cancel_scope.cancel()


plain, tls = partial(one_connection, tls=False), partial(one_connection, tls=True)

SWEEPS = {
    "two requests after another, HTTP": ((twice,), plain, another_is_served, REAL),
    "two requests at the same time, HTTP": ((first, second), plain, another_is_served, REAL),
    "two requests after another, HTTPS": ((twice,), tls, another_is_served, REAL),
    "two requests at the same time, HTTPS": ((first, second), tls, another_is_served, REAL),
    "two requests after another, HTTP/2": ((twice,), http2, another_is_served, REAL),
    "two requests at the same time, HTTP/2": ((first, second), http2, another_is_served, REAL),
}
