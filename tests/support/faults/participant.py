"""A person with one connection, who reconnects at once and sends one message at a time."""

import itertools
import json
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.support.faults.coming_back import ComesBack
from tests.support.faults.load import ACKNOWLEDGED, CUT, Attempt
from tests.support.people import PATIENCE, Line

PACE = 0.05
"""Seconds between an answer and the next message."""

_TURN = 0.03
"""Seconds to wait for a frame before checking whether there is something to send."""

_loads = itertools.count()  # no two people say the same


class Participant(ComesBack):
    """Says nothing before the block, or after `hush()`. `path` is the dialect's, with the token where there is one."""

    def __init__(self, url: str, path: str, name: str) -> None:
        super().__init__(url)
        self.name = name
        self.attempts: list[Attempt] = []
        self.is_there = False
        """Whether the greeting of the connection has come."""
        self._path = path
        self._outstanding: tuple[str, float] | None = None  # what is said, and not answered, and since when
        self._due = 0.0
        self._numbers = itertools.count(1_000_000 * next(_loads))
        self._is_quiet = False
        self._failure: BaseException | None = None
        self.take_part(name, self._connect)

    # --- what a dialect has to say ---

    def greeted(self, socket: ClientConnection) -> None:
        """Receive the first frames of a connection."""
        raise NotImplementedError

    def frame(self, text: str) -> object | None:
        """Return the frame that sends this text, or None if there is no recipient now."""
        raise NotImplementedError

    def take(self, socket: ClientConnection, frame: Any) -> None:
        """Take any other frame: JSON, or the text where it is none."""
        raise NotImplementedError

    def look(self) -> None:
        """Check, at each turn, whether the message was received, if the dialect has no acknowledgement."""

    # ---

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, traceback)
        if self._failure is not None and error is None:
            raise self._failure

    def hush(self) -> None:
        """Send nothing new."""
        self._is_quiet = True

    def has_settled(self) -> bool:
        """Whether every sent message has an outcome. Raises the error that ended the thread, if any."""
        self.raise_failure()
        return self._outstanding is None

    def acknowledged_since(self, moment: float) -> list[str]:
        """Return the acknowledged messages sent since then (monotonic, s). Raises the error that ended the thread."""
        self.raise_failure()
        return [a.line.text for a in self.attempts[:] if a.outcome is ACKNOWLEDGED and a.began >= moment]

    def raise_failure(self) -> None:
        """Raise the error that ended the thread, if any."""
        if self._failure is not None:
            raise self._failure

    def settle(self, outcome: str) -> None:
        """Record the outcome of the last message; the next one may be sent."""
        assert self._outstanding is not None
        text, began = self._outstanding
        self.attempts.append(Attempt(Line(self.name, text), began, time.monotonic(), outcome))
        self._outstanding = None
        self._due = time.monotonic() + PACE

    @property
    def said(self) -> str | None:
        """The message without an outcome yet."""
        return self._outstanding and self._outstanding[0]

    def _come_back(self, name: str, converse: Callable[[], None]) -> None:
        try:
            super()._come_back(name, converse)
        except BaseException as failure:
            self._failure = failure

    def _connect(self) -> None:
        url = self.url.replace("http", "ws", 1) + self._path
        with connect(
            url,
            open_timeout=PATIENCE,
            close_timeout=1,
            compression=None,
            proxy=None,
            ping_interval=None,
            max_queue=None,
        ) as socket:
            self.greeted(socket)
            self.is_there = True
            try:
                self._converse(socket)
            finally:
                self.is_there = False
                if self._outstanding is not None:
                    self.settle(CUT)

    def _converse(self, socket: ClientConnection) -> None:
        while not self.over.is_set():
            self.look()
            if not (self._outstanding or self._is_quiet) and time.monotonic() >= self._due:
                self._say(socket)
            try:
                frame = socket.recv(_TURN)
            except TimeoutError:
                continue
            self.take(socket, json.loads(frame) if frame[:1] == "{" else frame)

    def _say(self, socket: ClientConnection) -> None:
        text = f"{self.name} {next(self._numbers)}"
        frame = self.frame(text)
        if frame is not None:
            self._outstanding = text, time.monotonic()
            socket.send(json.dumps(frame))
