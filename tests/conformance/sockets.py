"""One client's socket: compares received frames with expected ones. Methods return the differences as lines."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from websockets.exceptions import ConnectionClosed
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


class Socket:
    """An open socket.

    Args:
        patience: seconds in which what is expected must come.
        lenient: frames that were not expected are passed over, as a server may say more than its original.
    """

    def __init__(
        self, connection: ClientConnection, compare: Compare, *, patience: float, lenient: bool
    ) -> None:
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

    def expect(self, template: str) -> list[str]:
        """Hear the frame that comes next."""
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
            if not differences or not self._lenient:
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
