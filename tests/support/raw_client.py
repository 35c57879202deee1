"""A client that sends any bytes, right or wrong."""

import socket
import struct
from ssl import SSLContext
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.support.frames import CLOSE, PONG, TEXT, Frame, next_frame
from tests.support.people import PATIENCE


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

    def __enter__(self) -> Self:
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
        """The next frame. Raises EOFError where the server has closed, also with a reset, and BrokenFrame."""
        while (found := next_frame(self._buffer)) is None:
            self._receive()
        taken, end = found
        self._buffer = self._buffer[end:]
        return taken

    def read_close(self) -> int | None:
        """The code of the close frame, skipping answers to earlier frames; None if there is no close frame."""
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

    def _receive(self) -> None:
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            raise EOFError("the server has closed")
        self._buffer += data
