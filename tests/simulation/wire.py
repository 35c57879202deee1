"""The client's side of HTTP and RFC 6455, small and strict: whatever a server may not send raises Torn."""

import base64
import json
import random
from typing import Any

import trio

from tests.simulation.network import Link

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Torn(Exception):
    """The server sent what no server may send: half a frame and then another, a masked one, no UTF-8."""


class Over(Exception):
    """The connection ended. `code` is the close frame's, 0 where there was none."""

    def __init__(self, code: int = 0) -> None:
        super().__init__(code)
        self.code = code


class UpgradeRejected(Exception):
    """The server answered the upgrade with another status."""


def frame(opcode: int, payload: bytes, chance: random.Random) -> bytes:
    """Return one masked frame."""
    mask = chance.randbytes(4)
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    elif size < 65_536:
        head = bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2)
    else:
        head = bytes((0x80 | opcode, 0xFF)) + size.to_bytes(8)
    key = int.from_bytes(mask * (size // 4 + 1))
    whole = size + 4 - size % 4
    masked = (int.from_bytes(payload + bytes(whole - size)) ^ key).to_bytes(whole)[:size]
    return head + mask + masked


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

    async def frame(self) -> tuple[int, bytes]:
        """Return the next frame's opcode and payload. Raises Over, Torn, or what the link raises."""
        while len(self._buffer) < 2:
            await self._more()
        first, second = self._buffer[0], self._buffer[1]
        if first & 0xF0 != 0x80 or first & 15 not in (TEXT, CLOSE, PING, PONG) or second & 0x80:
            raise Torn(f"a frame begins with {bytes(self._buffer[:16])!r}")
        start = {126: 4, 127: 10}.get(second, 2)
        while len(self._buffer) < start:
            await self._more()
        size = second if start == 2 else int.from_bytes(self._buffer[2:start])
        while len(self._buffer) < start + size:
            await self._more()
        payload = bytes(self._buffer[start : start + size])
        del self._buffer[: start + size]
        return first & 15, payload


def whole_texts(sent: bytes) -> list[str]:
    """Return the text frames that are whole in what a server sent, a handshake's answer before them."""
    texts: list[str] = []
    at = sent.find(b"\r\n\r\n") + 4
    while at >= 4 and len(sent) >= at + 2:
        size, start = sent[at + 1], at + 2
        if size >= 126:
            start = at + (4 if size == 126 else 10)
            size = int.from_bytes(sent[at + 2 : start])
        if len(sent) < start + size:
            break
        if sent[at] & 15 == TEXT:
            texts.append(sent[start : start + size].decode())
        at = start + size
    return texts


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
    answer = await incoming.body(int(headers["content-length"]))
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
