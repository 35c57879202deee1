"""Participants in threads of their own, who reconnect at once whenever the connection ends."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.support.people import PATIENCE, join_all

_PAUSE = 0.02
"""Seconds between the end of a connection and the next one."""


class ComesBack:
    """Takes part for as long as the block lasts.

    Attributes:
        url: where they connect; it may be changed, then they reconnect there.
        refused: the reason of each failed connection.
        closed_with: the code of each connection that has ended; 1006 where TCP just ended.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.refused: list[str] = []
        self.closed_with: list[int] = []
        self.over = threading.Event()
        """Set when the block ends; the threads check it between two steps."""
        self._threads: list[threading.Thread] = []

    def take_part(self, name: str, converse: Callable[[], None]) -> None:
        """Have a thread call this again and again; it connects, and returns or raises when the connection ends."""
        self._threads.append(threading.Thread(target=self._come_back, args=(name, converse)))

    def _come_back(self, name: str, converse: Callable[[], None]) -> None:
        while not self.over.is_set():
            try:
                converse()
            except ConnectionClosed as closed:
                self.closed_with.append(closed.rcvd.code if closed.rcvd else 1006)
            except (WebSocketException, OSError, EOFError) as error:  # not let in
                self.refused.append(f"{name}: {error!r}")
            self.over.wait(_PAUSE)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.over.set()
        join_all(self._threads, 2 * PATIENCE)
