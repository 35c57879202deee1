"""trio-websocket: a client connects, talks and closes, and is cancelled; the server and the next client go on."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

import trio
import trio_websocket
from trio_cancel_sweep import Options

SWEPT = trio_websocket
REAL: Options = {"virtual": False, "limit": 10.0}


class World:
    """A server on loopback that echoes, and how many clients it serves."""

    def __init__(self) -> None:
        self.url = ""
        self.serving = 0
        self.gone = trio.Event()  # each time that a client has gone

    async def serve(self, request: trio_websocket.WebSocketRequest) -> None:
        self.serving += 1
        try:
            socket = await request.accept()
            while True:
                await socket.send_message(await socket.get_message())
        except trio_websocket.ConnectionClosed:
            pass
        finally:
            self.serving -= 1
            self.gone.set()
            self.gone = trio.Event()


@asynccontextmanager
async def world() -> AsyncGenerator[World]:
    made = World()
    async with trio.open_nursery() as nursery:
        serve = partial(trio_websocket.serve_websocket, made.serve, "127.0.0.1", 0, ssl_context=None)
        server = await nursery.start(serve)
        made.url = f"ws://127.0.0.1:{server.port}"
        yield made
        nursery.cancel_scope.cancel()


async def talk(world: World) -> None:
    async with trio_websocket.open_websocket_url(world.url) as socket:
        await socket.send_message("hello")
        assert await socket.get_message() == "hello"
        await socket.ping(b"still there?")


async def others_can_talk(world: World) -> None:
    with trio.fail_after(5):
        await talk(world)
        while world.serving:
            await world.gone.wait()


class Shared(World):
    """One connection that two tasks use."""

    socket: trio_websocket.WebSocketConnection


@asynccontextmanager
async def one_socket() -> AsyncGenerator[Shared]:
    made = Shared()
    async with trio.open_nursery() as nursery:
        serve = partial(trio_websocket.serve_websocket, made.serve, "127.0.0.1", 0, ssl_context=None)
        server = await nursery.start(serve)
        async with trio_websocket.open_websocket_url(f"ws://127.0.0.1:{server.port}") as made.socket:
            yield made
        nursery.cancel_scope.cancel()


async def send(world: Shared) -> None:
    await world.socket.send_message("x" * 1_000_000)


async def ping(world: Shared) -> None:
    await world.socket.ping()


async def what_comes_is_whole(world: Shared) -> None:
    """As long as it is open, what is sent over it comes back whole."""
    with trio.fail_after(5):
        try:
            await world.socket.send_message("last")
            while (message := await world.socket.get_message()) != "last":
                assert message == "x" * 1_000_000, f"{len(message)} characters that nobody sent"
        except trio_websocket.ConnectionClosed:
            pass


SWEEPS = {
    "a connection from its start to its end": ((talk,), world, others_can_talk, REAL),
    "one connection, two tasks": ((send, ping), one_socket, what_comes_is_whole, REAL),
}
