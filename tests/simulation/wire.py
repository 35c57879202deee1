"""The client's side of HTTP, RFC 6455 and lines, small and strict."""

import base64
import json
import random
from typing import Any

import trio

from tests.simulation.network import Link
from tests.support.frames import BINARY, BrokenFrame, Frame, next_frame


class Over(Exception):
    """The connection ended. `code` is the close frame's, 0 where there was none."""

    def __init__(self, code: int = 0) -> None:
        super().__init__(code)
        self.code = code


class UpgradeRejected(Exception):
    """The server answered the upgrade with another status."""


def upgrade(path: str, token: str | None, chance: random.Random) -> bytes:
    """Return the head of an opening handshake; the token goes into the query."""
    nonce = base64.b64encode(chance.randbytes(16)).decode()
    target = path if token is None else f"{path}?token={token}"
    return (
        f"GET {target} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\n\r\n"
    ).encode()


class Incoming:
    """What comes from the server: a head, then frames."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._buffer = bytearray()
        self.received = 0  # bytes so far

    async def _more(self) -> None:
        data = await self._link.receive_some()
        if not data:
            raise Over
        self.received += len(data)
        self._buffer += data

    async def head(self) -> tuple[int, dict[str, str]]:
        """Return the status and the headers of an answer."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            await self._more()
        lines = self._buffer[:end].decode("ascii").split("\r\n")
        del self._buffer[: end + 4]
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        return int(lines[0].split()[1]), headers

    async def body(self, size: int) -> bytes:
        """Return a body."""
        while len(self._buffer) < size:
            await self._more()
        return bytes(self._buffer[:size])

    async def line(self) -> str:
        """Return the next line of IRC without its end. Raises Over, or what the link raises."""
        while (end := self._buffer.find(b"\r\n")) < 0:
            await self._more()
        line = self._buffer[:end].decode()
        del self._buffer[: end + 2]
        return line

    async def frame(self) -> Frame:
        """Return the next frame. Raises Over, BrokenFrame, or what the link raises."""
        while (found := next_frame(self._buffer)) is None:
            await self._more()
        taken, end = found
        if taken.opcode == BINARY:
            raise BrokenFrame("the server sends text")
        del self._buffer[:end]
        return taken


async def ask(link: Link, method: str, path: str, body: Any, token: str | None) -> tuple[int, Any]:
    """Make one HTTP request and return the status and the JSON of the answer. Raises Over or what the link does."""
    raw = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(raw)}\r\n"
    )
    head += "Content-Type: application/json\r\n" + (f"Authorization: {token}\r\n" if token else "")
    await link.send_all(head.encode() + b"\r\n" + raw)
    incoming = Incoming(link)
    status, headers = await incoming.head()
    answer = await incoming.body(int(headers.get("content-length", 0)))
    return status, json.loads(answer) if answer else None


EXPECTED = (
    OSError,
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    Over,
    UpgradeRejected,
    trio.TooSlowError,
)
"""How a connection of a simulated client may end."""
