"""A matterbridge on loopback: the real one, or a server of the same API. `networks` is the far side of its gateway."""

import json
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from subprocess import DEVNULL
from typing import Any, Protocol

import httpx
import trio

from tests.support.http_answers import answer_requests
from tests.web.ports import free_port

TOKEN = "a-token-of-the-api"
GATEWAY = "garden"


def installed() -> str | None:
    """Return the path of the program `matterbridge`; None: there is none."""
    return shutil.which("matterbridge")


class Matterbridge(Protocol):
    """Either of the two."""

    url: str

    async def say(self, text: str, **about: Any) -> None:
        """Have somebody on a network say something."""
        ...

    async def said(self, count: int) -> list[Any]:
        """Return the messages that reached the networks, once there are so many."""
        ...


class Double:
    """A server of the API. `fail` returns the status with which a call fails, by its path; 0: it does not."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.waiting: list[Any] = []
        self.posted: list[Any] = []
        self.calls = 0
        self.fail: Callable[[str], int] = lambda _path: 0
        self.answers: bytes | None = None

    async def say(self, text: str, **about: Any) -> None:
        self.waiting.append({"text": text, "username": "ben", "event": "", "gateway": GATEWAY, **about})

    async def said(self, count: int) -> list[Any]:
        while len(self.posted) < count:  # noqa: ASYNC110 - as the API, it is asked
            await trio.sleep(0.01)
        return self.posted

    def answer(self, head: str, body: bytes) -> bytes:
        self.calls += 1
        method, path = head.split(" ")[:2]
        status, found = self.fail(path), b"{}"
        if f"authorization: Bearer {TOKEN}".lower() not in head.lower():
            status = 401
        elif not status and (method, path) == ("GET", "/api/messages"):
            found = json.dumps(self.waiting or None).encode() if self.answers is None else self.answers
            self.waiting = []
        elif not status and (method, path) == ("POST", "/api/message"):
            self.posted.append(json.loads(body))
        return f"HTTP/1.1 {status or 200} X\r\nContent-Length: {len(found)}\r\n\r\n".encode() + found


@asynccontextmanager
async def open_double() -> AsyncGenerator[Double]:
    """Serve on a free port of loopback."""

    async def serve(stream: trio.abc.Stream) -> None:
        await answer_requests(stream, double.answer)

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        double = Double(listeners[0].socket.getsockname()[1])
        nursery.start_soon(trio.serve_listeners, serve, listeners)
        yield double
        nursery.cancel_scope.cancel()


_CONFIG = """
[api.chat]
BindAddress="127.0.0.1:{chat}"
Token="{token}"
Buffer=1000
RemoteNickFormat="{{NICK}} ({{LABEL}})"

[api.network]
BindAddress="127.0.0.1:{network}"
Token="{token}"
Buffer=1000
Label="net"

[[gateway]]
name="{gateway}"
enable=true

[[gateway.inout]]
account="api.chat"
channel="api"

[[gateway.inout]]
account="api.network"
channel="api"
"""


class Real:
    """The program, with a second API as the network behind its gateway."""

    def __init__(self, port: int, network: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.network = httpx.Client(
            base_url=f"http://127.0.0.1:{network}", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        self._said: list[Any] = []

    async def say(self, text: str, **about: Any) -> None:
        body = {"text": text, "username": "ben", "gateway": GATEWAY, **about}
        (await self._call("POST", "/api/message", json=body)).raise_for_status()

    async def said(self, count: int) -> list[Any]:
        while len(self._said) < count:
            self._said += (await self._call("GET", "/api/messages")).json() or []
            await trio.sleep(0.05)
        return self._said

    async def ready(self) -> None:
        while True:
            try:
                if (await self._call("GET", "/api/health")).text == "OK":
                    break
            except httpx.TransportError:
                await trio.sleep(0.05)

    async def _call(self, *args: Any, **about: Any) -> httpx.Response:
        return await trio.to_thread.run_sync(lambda: self.network.request(*args, **about))


@asynccontextmanager
async def open_real(path: Path) -> AsyncGenerator[Real]:
    """Run the program with its settings in a directory."""
    ports = {"chat": free_port(), "network": free_port()}
    config = path / "matterbridge.toml"
    config.write_text(_CONFIG.format(token=TOKEN, gateway=GATEWAY, **ports), "utf-8")
    program = installed()
    assert program is not None
    async with trio.open_nursery() as nursery:
        run = partial(trio.run_process, stdout=DEVNULL, stderr=DEVNULL, check=False)
        process = await nursery.start(run, [program, "-conf", str(config)])
        made = Real(ports["chat"], ports["network"])
        try:
            await made.ready()
            yield made
        finally:
            made.network.close()
            process.terminate()
