"""One client's socket: compares received frames with expected ones. Methods return the differences as lines."""

import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol, Self

from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.sync.client import ClientConnection, connect

Compare = Callable[[str, str], list[str]]
"""Compares a template with what came, and returns the differences."""


def open_socket(url: str, headers: Mapping[str, str], patience: float) -> ClientConnection:
    """Return a connection to enter; `patience` is in seconds. Raises InvalidStatus where it is refused."""
    return connect(
        url,
        additional_headers=headers,
        open_timeout=patience,
        close_timeout=1,
        compression=None,
        proxy=None,
        ping_interval=None,
        max_queue=None,
    )


class Connection(Protocol):
    """What a socket is on: a WebSocket, or lines."""

    @property
    def close_code(self) -> int | None:
        """The code of a close frame that came."""
        ...

    def send(self, message: str | bytes) -> None:
        """Send a frame. Raises ConnectionClosed."""
        ...

    def recv(self, timeout: float) -> str | bytes:
        """Return the next frame. Raises TimeoutError, ConnectionClosed."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class LineConnection:
    """A connection of IRC to `place`, as `127.0.0.1:6667`. A line is a frame; PINGs are answered, and are none."""

    close_code = None
    """There is none in IRC."""

    def __init__(self, place: str, patience: float) -> None:
        host, _, port = place.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=patience)
        self._held = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, message: str | bytes) -> None:
        """Send a line."""
        try:
            self._socket.sendall((message.encode() if isinstance(message, str) else message) + b"\r\n")
        except OSError:
            raise ConnectionClosedError(None, None) from None

    def recv(self, timeout: float) -> str:
        """Return the next line. Raises TimeoutError, ConnectionClosed."""
        until = time.monotonic() + timeout
        while True:
            line, end, rest = self._held.partition(b"\r\n")
            if not end:
                self._held += self._received(until)
                continue
            self._held = rest
            if not line.startswith(b"PING "):
                return line.decode()
            self.send(line.replace(b"PING", b"PONG", 1))

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def _received(self, until: float) -> bytes:
        self._socket.settimeout(max(0.001, until - time.monotonic()))
        try:
            data = self._socket.recv(65_536)
        except TimeoutError:
            raise
        except OSError:
            data = b""
        if not data:
            raise ConnectionClosedError(None, None)
        return data


class Socket:
    """An open socket.

    Args:
        patience: seconds in which what is expected must come.
        lenient: frames that were not expected are passed over, as a server may say more than its original.
    """

    def __init__(self, connection: Connection, compare: Compare, *, patience: float, lenient: bool) -> None:
        self._connection = connection
        self._compare = compare
        self._patience = patience
        self._lenient = lenient
        self._received: list[str] = []  # every frame so far
        self._early: list[str] = []  # frames of a group without order that came before their turn

    def send(self, text: str, *, binary: bool) -> list[str]:
        """Send a frame."""
        try:
            self._connection.send(text.encode() if binary else text)
        except ConnectionClosed as closed:
            return [f"it is closed already: {closed}"]
        return []

    def close(self) -> None:
        """Close it, as a client does that leaves."""
        self._connection.close()

    def expect(self, template: str, *, skips: bool) -> list[str]:
        """Hear the frame that comes next, or the next one like this."""
        deadline = time.monotonic() + self._patience
        first: list[str] = []
        while True:
            try:
                frame = self._hear(deadline)
            except (TimeoutError, ConnectionClosed) as end:
                return first or [f"expected {template}, {self._ended(end)}"]
            differences = self._compare(template, frame)
            if differences and frame not in differences[0]:
                differences.append(f"all of it: {frame[:1000]}")
            if not differences or not (self._lenient or skips):
                return differences
            first = first or differences

    def expect_unordered(self, template: str) -> list[str]:
        """Hear a frame of a group that may come in any order."""
        for frame in self._early:
            if not self._compare(template, frame):
                self._early.remove(frame)
                return []
        deadline = time.monotonic() + self._patience
        while True:
            try:
                frame = self._hear(deadline)
            except (TimeoutError, ConnectionClosed) as end:
                return [
                    f"expected {template}, {self._ended(end)}",
                    *(f"before: {frame}" for frame in self._early),
                ]
            if not self._compare(template, frame):
                return []
            self._early.append(frame)

    def expect_close(self, code: int | None) -> list[str]:
        """Hear the server close the socket, and no frame before that."""
        try:
            frame = self._hear(time.monotonic() + self._patience)
        except TimeoutError as end:
            return [f"expected the end, {self._ended(end)}"]
        except ConnectionClosed:
            came = self._connection.close_code
            return [f"expected close code {code}, came {came}"] if code not in (None, came) else []
        return [f"expected the end, came {frame}"]

    def expect_never(self, template: str) -> list[str]:
        """Look through all that was heard so far for what should not have been."""
        return [f"came: {frame}" for frame in self._received if not self._compare(template, frame)]

    def left(self) -> Sequence[str]:
        """Return the frames that are here and that nobody expected."""
        return [*self._early, *self._waiting()]

    def _waiting(self) -> Iterator[str]:
        try:
            while True:
                yield self._hear(0)
        except (TimeoutError, ConnectionClosed):
            return

    def _hear(self, deadline: float) -> str:
        """Return the next frame; a binary one, which no dialect sends, is shown as bytes. Raises as recv() does."""
        frame = self._connection.recv(max(0.0, deadline - time.monotonic()))
        self._received.append(frame if isinstance(frame, str) else repr(frame))
        return self._received[-1]

    def _ended(self, end: Exception) -> str:
        return (
            f"nothing came in {self._patience:g} s"
            if isinstance(end, TimeoutError)
            else f"came the end: {end}"
        )
