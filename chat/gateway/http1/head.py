"""Reads and parses the first request head of a connection, and pushes it back for the server that is chosen by it.

Nothing here answers a client: a malformed head is returned as the HTTP status of its refusal. Deadlines are the
caller's.
"""

import os
import re
from collections.abc import Coroutine
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import h11
import trio

from chat.domain.limits.pace import Pace
from chat.gateway.http1.parser import END_OF_HEAD, MAX_TARGET_BYTES, StrictParser, is_readable
from chat.gateway.readiness import ReadableSockets, Readiness
from chat.gateway.tls_stream import TlsStream

LOGGED = 200
"""The most characters of a client's input in a log line."""

READ_BYTES = 16_384
"""The most bytes read from a connection at once; a usual head is below 2 KiB."""

READS, READS_AT_ONCE = 50.0, 20
"""Reads a second of one connection, and the burst; without limit if the rate limits are off."""

PIECE_OF_HEAD = 10
"""How many reads a piece of a head or a body counts as: few heads arrive in several pieces."""

_PLAIN = re.compile(
    rb"GET /[!-~]{0,%d} HTTP/1\.1\r\n(?:[A-Za-z0-9-]+: [!-~](?:[!-~]| (?! ))*\r\n){1,40}\r\n"
    % (MAX_TARGET_BYTES - 1)
)
"""A head as clients usually write it: printable ASCII, no two blanks in a row. Unambiguous, so it never backtracks."""


class ReplayStream(trio.abc.Stream):
    """A connection, plain or `tls`, whose read bytes can be pushed back. `socket` is the raw socket under it.

    Callers that read in pieces ask `pace` before each read. `readable` watches the sockets of the gateway.
    """

    __slots__ = ("_inner", "_pushed", "_readiness", "pace", "socket", "tls")

    def __init__(
        self,
        inner: trio.SocketStream | TlsStream,
        pace: Pace | None = None,
        readable: ReadableSockets | None = None,
    ) -> None:
        self._inner = inner
        self._pushed = b""
        self.pace = pace or Pace()
        self.tls = inner if isinstance(inner, TlsStream) else None
        self.socket = inner.socket
        self._readiness = Readiness(inner.socket, readable or ReadableSockets())

    def push_back(self, data: bytes | bytearray) -> None:
        """Put `data` in front of the bytes that are read next. Not while a task reads."""
        self._pushed = bytes(data) + self._pushed

    async def receive_ready(self, max_bytes: int) -> bytes:
        """Receive like receive_some(), but wait until the socket is readable before the first read.

        That saves a system call that would find nothing. Raises OSError too. Cancelling loses nothing.
        """
        if self._pushed or self.tls:
            return bytes(await self.receive_some(max_bytes))
        while True:
            await self._readiness.wait()
            try:
                return os.read(self.socket.fileno(), max_bytes)
            except BlockingIOError:
                continue  # a spurious wake-up

    def drop(self, size: int) -> None:
        """Remove the first `size` bytes of those that were pushed back. Not while a task reads."""
        self._pushed = self._pushed[size:]

    # Not `async def`: this saves a coroutine frame for each waiting socket and each write.
    def receive_some(self, max_bytes: int | None = None) -> Coroutine[Any, Any, bytes | bytearray]:
        """Receive the bytes that were pushed back, then those from the socket. Cancelling loses nothing."""
        return self._replay(max_bytes) if self._pushed else self._inner.receive_some(max_bytes)

    def send_all(self, data: bytes | bytearray | memoryview) -> Coroutine[Any, Any, None]:
        """Send all of `data`. Cancelling may have sent any part of it; close then."""
        return self._inner.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until a send might not block. Cancelling is safe."""
        await self._inner.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        """Half-close the socket, also under TLS; nothing may be sent afterwards."""
        await self._inner.send_eof()

    async def aclose(self) -> None:
        """Close at once, without a TLS close_notify, as is usual for HTTP. Cancelling does not prevent it."""
        self._readiness.close()
        await self._inner.aclose()

    async def _replay(self, max_bytes: int | None) -> bytes:
        await trio.lowlevel.checkpoint()
        length = len(self._pushed) if max_bytes is None else max_bytes
        data, self._pushed = self._pushed[:length], self._pushed[length:]
        return data


@dataclass(frozen=True, slots=True)
class Head:
    """A request's head. `target` is in origin form; header names are in lower case; repeated headers are kept."""

    method: str
    target: str
    http_version: str
    headers: tuple[tuple[str, str], ...]
    size: int = 0
    """Bytes of the head as received."""
    _values: dict[str, list[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # A handshake looks up fifteen values, so they are indexed once.
        values: dict[str, list[str]] = {}
        for name, value in self.headers:
            values.setdefault(name, []).append(value)
        object.__setattr__(self, "_values", values)

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> str:
        """The query string, as received."""
        return self.target.partition("?")[2]

    def values(self, name: str) -> list[str]:
        """Every value of the header `name` (in lower case), in their order."""
        return self._values.get(name, [])

    def get(self, name: str) -> str | None:
        """The first value of the header `name` (in lower case), or None."""
        return self._values.get(name, [None])[0]

    @property
    def asks_for_websocket(self) -> bool:
        """Whether this is an opening handshake of RFC 6455; checks only the headers that decide who serves it."""
        connection = ",".join(self.values("connection")).lower().split(",")
        return (
            self.method == "GET"
            and self.http_version == "1.1"
            and [value.lower() for value in self.values("upgrade")] == ["websocket"]
            and "upgrade" in [token.strip() for token in connection]
        )


async def read_head(stream: ReplayStream, max_bytes: int) -> Head | HTTPStatus | None:
    """Read a head of at most `max_bytes` and push all bytes that were read back into `stream`.

    Returns the status of the refusal if the head is too long or malformed, and None if the client disconnects before
    its end. Raises BrokenResourceError. Cancelling loses the bytes that were read; close then.
    """
    buffer = bytearray()
    searched = 0
    while True:
        if wait := stream.pace.count(PIECE_OF_HEAD):
            await trio.sleep(wait)
        data = await stream.receive_some(READ_BYTES)
        if not data:
            return None
        buffer += data
        if buffer[0] < 0x21:  # no method begins so, but TLS on a plain port does
            return HTTPStatus.BAD_REQUEST
        found = END_OF_HEAD.search(buffer, searched)
        if (found.end() if found else len(buffer)) > max_bytes:
            return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        if found:
            stream.push_back(buffer)
            return parse_head(bytes(buffer[: found.end()]))
        searched = max(0, len(buffer) - 2)


def parse_head(raw: bytes) -> Head | HTTPStatus:
    """Parse a complete head, or return the status of its refusal."""
    return _plain_handshake(raw) or _parse_by_h11(raw)


def _plain_handshake(raw: bytes) -> Head | None:
    """Parse a WebSocket's opening handshake in its usual form; None: h11 has to parse it.

    h11 takes ten times as long, and after an outage two thousand clients may reconnect at once.
    """
    if not _PLAIN.fullmatch(raw):
        return None
    request, *lines = raw[:-4].decode("ascii").split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    headers = tuple((name.lower(), value.rstrip()) for name, _, value in pairs)
    head = Head("GET", request[4:-9], "1.1", headers, len(raw))
    framing = {"content-length", "transfer-encoding"}
    hosts = head.values("host")
    plain = (
        head.asks_for_websocket
        and len(hosts) == 1
        and is_readable(hosts[0].encode())
        and framing.isdisjoint(name for name, _ in headers)
    )
    return head if plain else None


def _parse_by_h11(raw: bytes) -> Head | HTTPStatus:
    parser = StrictParser(h11.SERVER, max_incomplete_event_size=len(raw))
    parser.receive_data(raw)
    try:
        request = parser.next_event()
    except h11.RemoteProtocolError as error:
        return HTTPStatus(error.error_status_hint)
    assert isinstance(request, h11.Request)
    head = Head(
        request.method.decode("ascii"),
        request.target.decode("ascii"),
        request.http_version.decode("ascii"),
        tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers),
        len(raw),
    )
    if head.asks_for_websocket and (_announces_body(head) or not _has_ascii_tokens(head)):
        return HTTPStatus.BAD_REQUEST
    return head


def _announces_body(head: Head) -> bool:
    # The server would read the body's bytes as frames, but a proxy in front of it would not.
    return bool(head.values("transfer-encoding")) or head.get("content-length") not in (None, "0")


def _has_ascii_tokens(head: Head) -> bool:
    # RFC 6455 has tokens there; nothing else can be meant.
    names = ("connection", "sec-websocket-protocol", "sec-websocket-extensions")
    return all(value.isascii() for name, value in head.headers if name in names)
