"""A client that sends the bytes it is told to, right or wrong; the frames are RFC 6455, section 5.2."""

import os
import socket
import struct
from ssl import SSLContext
from types import TracebackType
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.support.people import PATIENCE

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


class Frame(NamedTuple):
    """A frame of the server."""

    opcode: int
    payload: bytes


def opening(path: str = "/talker", *headers: str) -> bytes:
    """A whole opening handshake."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """A client's frame; `rsv` are the three reserved bits as a number."""
    first = fin << 7 | rsv << 4 | opcode
    size = len(payload)
    mask_bit = masked << 7
    if size < 126:
        head = struct.pack("!BB", first, mask_bit | size)
    elif size < 65536:
        head = struct.pack("!BBH", first, mask_bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    key = int.from_bytes((mask * (size // 4 + 1))[:size])
    return head + mask + (int.from_bytes(payload) ^ key).to_bytes(size)


class RawClient:
    """A TCP connection to the server at `url`. Every wait ends after `PATIENCE` seconds with TimeoutError.

    `receive_buffer` is the size of the system's buffer in bytes: small, for one that does not read. With `tls` it
    speaks that.
    """

    def __init__(self, url: str, receive_buffer: int | None = None, tls: SSLContext | None = None) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        try:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if receive_buffer is not None:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.socket.connect((parts.hostname, parts.port))
            if tls is not None:
                self.socket = tls.wrap_socket(self.socket, server_hostname=parts.hostname)
        except OSError:
            self.socket.close()
            raise
        self.head = b""  # of the answer, once it is read
        self._buffer = b""

    def __enter__(self) -> "RawClient":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_what_is_taken(self, data: bytes) -> None:
        """Send to a server that may close at any byte."""
        try:
            self.socket.sendall(data)
        except (ConnectionError, TimeoutError):
            return

    def reset(self) -> None:
        """Go away as a pulled cable does, or a process that is killed: with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def read_head(self) -> int:
        """Read the head of the answer and return its status."""
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        self.head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return int(self.head.split()[1])

    def shake_hands(self, path: str = "/talker", *headers: str) -> None:
        """Become a WebSocket."""
        self.send(opening(path, *headers))
        assert self.read_head() == 101

    def read_frame(self) -> Frame:
        """The next frame. Raises EOFError where the server has closed; a reset counts as that."""
        first, second = self._take(2)
        assert not second & 0x80, "a server's frame is masked"
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(self._take(2 if size == 126 else 8))
        return Frame(first & 0x0F, self._take(size))

    def read_close(self) -> int | None:
        """The code of the close frame, the next that is no answer to what was before; None where there is none."""
        try:
            while (found := self.read_frame()).opcode != CLOSE:
                assert found.opcode in (TEXT, PONG)
        except EOFError:
            return None
        return int.from_bytes(found.payload[:2])

    def read_to_the_end(self) -> bytes:
        """All that still comes until the server closes."""
        try:
            while True:
                self._receive()
        except EOFError:
            return self._buffer

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._receive()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def _receive(self) -> None:
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            raise EOFError("the server has closed")
        self._buffer += data
