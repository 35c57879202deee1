"""Helpers of the gateway's tests: a small app, an echoing socket, the real listener, a client of raw bytes."""

import socket
import struct
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import trio
from quart import request
from quart_trio import QuartTrio
from structlog.testing import capture_logs
from trio_websocket import ConnectionClosed, wrap_server_stream

from chat.domain.failures import StorageDown
from chat.gateway.http1.request import IncomingRequest
from chat.gateway.listener import Gateway, open_gateway
from chat.settings.config import Config
from chat.settings.listen import Listen
from tests.support.frames import Frame, next_frame

LARGE = b"x" * 20_000_000
"""More than the socket buffers of both sides hold."""


class App(QuartTrio):
    """An app that records what started, stopped and was cancelled, and whose /slow waits to be released."""

    def __init__(self) -> None:
        super().__init__("app")
        self.config["PROPAGATE_EXCEPTIONS"] = False
        self.events: list[str] = []
        self.entered = trio.Event()
        self.released = trio.Event()


def make_app() -> App:
    """The app with its routes."""
    app = App()

    @app.before_serving
    async def start() -> None:
        app.events.append("started")

    @app.after_serving
    async def stop() -> None:
        app.events.append("stopped")

    @app.get("/")
    async def hello() -> str:
        return "hello"

    @app.get("/livez")
    async def livez() -> str:
        return "alive"

    @app.post("/echo")
    async def echo_body() -> str | bytes:
        return await request.get_data()

    @app.post("/ignore")
    async def ignore_body() -> str:
        return "ignored"

    @app.get("/who")
    async def who() -> dict[str, str]:
        return {
            "address": str(request.remote_addr),
            "scheme": request.scheme,
            "args": request.query_string.decode(),
        }

    @app.get("/headers")
    async def headers() -> dict[str, Any]:
        return {name.lower(): value for name, value in request.headers.items()}

    @app.get("/large")
    async def large() -> bytes:
        app.entered.set()
        return LARGE

    @app.route("/slow", methods=["GET", "POST"])
    async def slow() -> str:
        app.entered.set()
        try:
            await app.released.wait()
        except trio.Cancelled:
            app.events.append("cancelled")
            raise
        return "slow"

    @app.post("/early")
    async def early() -> tuple[AsyncGenerator[bytes], dict[str, str]]:
        async def body() -> AsyncGenerator[bytes]:
            yield b"early "
            app.entered.set()
            await app.released.wait()
            yield b"answer"

        return body(), {"Content-Length": "12"}

    @app.get("/crash-late")
    async def crash_late() -> tuple[AsyncGenerator[bytes], dict[str, str]]:
        async def body() -> AsyncGenerator[bytes]:
            yield b"half "
            raise RuntimeError("a bug of the app")

        return body(), {"Content-Length": "12"}

    @app.get("/break-off")
    async def break_off() -> tuple[AsyncGenerator[bytes], dict[str, str]]:
        async def body() -> AsyncGenerator[bytes]:
            yield b"half "
            raise StorageDown("the disk fails")

        return body(), {"Content-Length": "12"}

    @app.get("/crash")
    async def crash() -> str:
        raise RuntimeError("a bug of the app")

    return app


async def echo(request: IncomingRequest) -> None:
    """Serve an echoing socket."""
    async with trio.open_nursery() as nursery:
        try:
            with trio.move_on_after(10) as in_time:  # of a malformed handshake trio-websocket never tells
                opening = await wrap_server_stream(nursery, request.stream)
                socket = await opening.accept()
            while not in_time.cancelled_caught:
                await socket.send_message(await socket.get_message())
        except ConnectionClosed:
            pass
        nursery.cancel_scope.cancel()


def make_config(**settings: Any) -> Config:
    """A configuration with one listener on a free port of the loopback, and short waits."""
    defaults: dict[str, Any] = {"listen": (Listen("127.0.0.1", 0),), "data": Path("unused"), "grace": 2.0}
    return Config(**(defaults | settings))


@asynccontextmanager
async def running(
    app: Any = None,
    serve_socket: Any = echo,
    on_stop: Callable[[], None] = lambda: None,
    **settings: Any,
) -> AsyncGenerator[Gateway]:
    """The gateway, listening."""
    app = make_app() if app is None else app
    async with open_gateway(make_config(**settings), app, serve_socket, on_stop=on_stop) as gateway:
        yield gateway


def port_of(gateway: Gateway) -> int:
    return int(gateway.addresses[0].rpartition(":")[2])


class Wire:
    """A client that sends any bytes."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.buffer = b""

    async def send(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def get(self, path: str = "/", *headers: str) -> tuple[int, dict[str, str], bytes]:
        await self.send(
            "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode("latin-1")
        )
        return await self.response()

    async def response(self) -> tuple[int, dict[str, str], bytes]:
        """The next response: its status, headers and body."""
        while b"\r\n\r\n" not in self.buffer:
            await self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(self.buffer) < length:
            await self._more()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return int(line.split()[1]), headers, body

    async def frame(self) -> Frame:
        """The next WebSocket frame. Raises EOFError, or BrokenResourceError where it is torn."""
        while (found := next_frame(self.buffer)) is None:
            await self._more()
        frame, end = found
        self.buffer = self.buffer[end:]
        return frame

    async def until_closed(self) -> bytes:
        """All that still comes; a reset counts as an end."""
        try:
            while data := await self.stream.receive_some(65536):
                self.buffer += data
        except trio.BrokenResourceError:
            pass
        return self.buffer

    async def _more(self) -> None:
        data = await self.stream.receive_some(65536)
        if not data:
            raise EOFError(self.buffer)
        self.buffer += data


async def connect(gateway: Gateway) -> Wire:
    """A connection to the gateway's first listener, for the caller to close."""
    return Wire(await trio.open_tcp_stream("127.0.0.1", port_of(gateway)))


@asynccontextmanager
async def wire_to(gateway: Gateway) -> AsyncGenerator[Wire]:
    """A connection to the gateway's first listener."""
    wire = await connect(gateway)
    async with wire.stream:
        yield wire


def reset(wire: Wire) -> None:
    """Go away as a process that is killed does, or a cable that is pulled: with a reset."""
    assert isinstance(wire.stream, trio.SocketStream)
    wire.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.stream.socket.close()


async def none_left(gateway: Gateway) -> None:
    """Wait until no connection is left; the test's own deadline bounds it."""
    await until(lambda: not gateway.connections)


async def until(true: Callable[[], bool]) -> None:
    """Wait until it is true; the test's own deadline bounds it."""
    while not true():  # noqa: ASYNC110 - what is waited for has no event
        await trio.sleep(0.01)


OPENING = (
    b"GET /ws?token=x HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


@contextmanager
def nothing_logged() -> Generator[None]:
    """Whatever clients do in the block is logged at debug level at most."""
    with capture_logs() as entries:
        yield
    assert [entry for entry in entries if entry["log_level"] not in ("debug", "info")] == []
