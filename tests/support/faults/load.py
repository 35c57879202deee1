"""People who send all the time and record each message's outcome; a fault's effect is read from the records.

They speak the rooms dialect, whose `sent` is an acknowledgement, in the lobby, so that any listener hears them.
"""

import itertools
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.support.faults.coming_back import ComesBack
from tests.support.people import PATIENCE, Line, client, eventually, register

LOBBY = 1

ACKNOWLEDGED, REFUSED, CUT = "acknowledged", "refused", "cut"


_REFUSED_PAUSE = 0.02
"""Seconds between a refusal and the next message."""

_loads = itertools.count()  # no two loads say the same


class Attempt(NamedTuple):
    """One message: sender, text, time (seconds of the monotonic clock), and the answer to its sender."""

    line: Line
    began: float
    ended: float
    outcome: str

    @property
    def took(self) -> float:
        return self.ended - self.began


class Load(ComesBack):
    """Some people who send one message at a time during the block; after a disconnect they reconnect at once."""

    pace = 0.02
    """Seconds between an acknowledgement and the next message. Without any they use all cores; the campaign does."""

    def __init__(self, url: str, tokens: Mapping[str, str]) -> None:
        super().__init__(url)
        self.attempts: list[Attempt] = []
        self.disorder: list[str] = []
        """Messages received out of order or twice on one connection: must stay empty."""
        start = 1_000_000 * next(_loads)
        for name, token in tokens.items():
            self.take_part(name, partial(self._talk, name, token, itertools.count(start)))

    def _talk(self, name: str, token: str, numbers: "itertools.count[int]") -> None:
        url = f"{self.url.replace('http', 'ws', 1)}/ws?token={token}"
        with connect(url, open_timeout=PATIENCE, close_timeout=1, proxy=None, ping_interval=None) as socket:
            received = _Heard(self.disorder, name)
            assert received.answer(socket) == "enter"
            socket.send('{"Type":"enter","RoomID":1}')
            if received.answer(socket) != "enter":
                raise EOFError("the room can't be looked up now")
            doubtful: list[Attempt] = []
            try:
                while not self.over.is_set():
                    attempt = self._say(socket, received, Line(name, f"{name} {next(numbers)}"))
                    # A refusal that the server follows with a close is an unknown outcome: the next answer decides.
                    self.attempts += doubtful
                    doubtful = [attempt] if attempt.outcome is REFUSED else []
                    if not doubtful:
                        self.attempts.append(attempt)
                    self.over.wait(_REFUSED_PAUSE if doubtful else self.pace)
            finally:
                self.attempts += [attempt._replace(outcome=CUT) for attempt in doubtful]

    def _say(self, socket: ClientConnection, received: "_Heard", line: Line) -> Attempt:
        began = time.monotonic()
        try:
            socket.send(json.dumps({"Type": "message", "Text": line.text}))
            outcome = ACKNOWLEDGED if received.answer(socket) == "sent" else REFUSED
            return Attempt(line, began, time.monotonic(), outcome)
        except BaseException:
            self.attempts.append(Attempt(line, began, time.monotonic(), CUT))
            raise

    def acknowledged(self, since: float = 0.0) -> int:
        """How many messages were sent since then (monotonic, s) and acknowledged."""
        return sum(a.outcome is ACKNOWLEDGED and a.began >= since for a in self.attempts[:])

    def wait_for(self, count: int) -> None:
        """Wait until so many more are acknowledged."""
        since = time.monotonic()
        eventually(lambda: self.acknowledged(since) >= count, "messages are acknowledged", 2 * PATIENCE)

    def back_after(self, moment: float, patience: float = 2 * PATIENCE) -> float:
        """Wait for the first acknowledgement of a message sent after `moment`; return the seconds between."""
        eventually(lambda: self.acknowledged(moment) > 0, "the service is back", patience)
        return (
            min(a.ended for a in self.attempts[:] if a.outcome is ACKNOWLEDGED and a.began >= moment) - moment
        )

    def check(self, saved: Sequence[Line]) -> None:
        """Check that nothing acknowledged is lost or doubled, nothing refused is saved, and all came in order."""
        assert not self.disorder, self.disorder[0]
        times = Counter(saved)
        for attempt in self.attempts:
            if attempt.outcome is ACKNOWLEDGED:
                assert times[attempt.line] == 1, (
                    f"acknowledged, and saved {times[attempt.line]} times: {attempt}"
                )
            elif attempt.outcome is REFUSED:
                assert times[attempt.line] == 0, f"refused, and saved: {attempt}"
            else:
                assert times[attempt.line] <= 1, f"doubled: {attempt}"

    def outcomes(self) -> Counter[str]:
        return Counter(attempt.outcome for attempt in self.attempts)

    def longest(self, outcome: str) -> float:
        """The longest that anybody waited for this outcome, in seconds; 0 where there was none."""
        return max((a.took for a in self.attempts if a.outcome is outcome), default=0.0)


class _Heard:
    """The frames of one connection: its own answers, and everybody's messages with ascending ids."""

    def __init__(self, disorder: list[str], name: str) -> None:
        self._disorder = disorder
        self._name = name
        self._last_id = 0

    def answer(self, socket: ClientConnection) -> str:
        """The type of the next frame that is no message of the room. Raises TimeoutError, an OSError."""
        deadline = time.monotonic() + PATIENCE
        while True:
            frame: dict[str, Any] = json.loads(socket.recv(deadline - time.monotonic()))
            if frame["Type"] != "message":
                return str(frame["Type"])
            if frame["ID"] <= self._last_id:
                self._disorder.append(f"{self._name} heard {frame} after {self._last_id}")
            self._last_id = frame["ID"]


def register_all(url: str, *names: str) -> dict[str, str]:
    """Register people and return their tokens."""
    return {name: register(url, name) for name in names}


def chats(url: str, token: str, name: str, text: str) -> bool:
    """Whether a new person can connect, log in and send to another new person at once."""
    try:
        with client(url) as listener, client(url, name=name) as speaker:
            speaker.say(f"auth {token}")
            got = speaker.hear_until(lambda line: line.name == "server")[-1]
            if got.text != f"authorised as {name}":
                return False
            speaker.say(text)
            return listener.hear_until(lambda line: line == (name, text)) != []
    except (WebSocketException, OSError):
        return False
