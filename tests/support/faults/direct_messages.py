"""Two people and two guests who write over the direct dialect: what each received is checked against the log.

The dialect has no acknowledgement. What is said counts as acknowledged once the other has heard it; what is neither
heard nor refused while both are connected is lost.

The promise (docs/decisions/0035) is that nothing is lost, and that a message comes again only where its hearer had not
confirmed it, or where a crash lost the note that they had. So what an earlier conversation of the same people left
without confirmation comes first on a connection of this one, in order and to its end, and by the same rule as what is
said here: once it was told, it comes again only after a crash. What was confirmed before comes never again.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any

from websockets.sync.client import ClientConnection

from tests.support.faults.load import ACKNOWLEDGED, CUT, REFUSED
from tests.support.faults.participant import Participant
from tests.support.people import PATIENCE

_GREETING = "Connected with id "


class Correspondent(Participant):
    """One of two, each on a server of their own; a guest where there is no token."""

    def __init__(self, url: str, name: str, token: str | None = None) -> None:
        super().__init__(url, f"/direct?token={token}" if token else "/direct", name)
        self.id = 0
        """By which the other may reach them now."""
        self.other = self
        self.received: list[list[str]] = []
        """The messages received on each connection."""
        self._is_guest = token is None
        self._is_refused = False
        self._said_to = 0  # the connection of the other, counted, at which something was said

    def greeted(self, socket: ClientConnection) -> None:
        greeting = socket.recv(PATIENCE)
        assert isinstance(greeting, str)
        assert greeting.startswith(_GREETING), greeting
        self.received.append([])
        self.id = int(greeting.removeprefix(_GREETING))
        self._is_refused = False

    def frame(self, text: str) -> object | None:
        if not self.other.id or (self._is_guest and not self.other.is_there):
            return None
        self._said_to = len(self.other.received)
        return {"from": self.id, "to": self.other.id, "content": text}

    def take(self, socket: ClientConnection, frame: Any) -> None:
        if frame == "pong":
            self._is_refused = False
            if self.said is not None:
                self.settle(REFUSED)
        elif "error" in frame:
            # A refusal that the server follows with a close is an unknown outcome: what is answered next decides.
            self._is_refused = True
            socket.send("ping")
        else:
            assert frame["to"] == self.id, frame
            self.received[-1].append(frame["content"])

    def look(self) -> None:
        if self.said is None or self._is_refused:
            return
        if any(self.said in received[-3:] for received in self.other.received[-3:]):
            self.settle(ACKNOWLEDGED)
        elif self._is_guest and len(self.other.received) != self._said_to:
            self.settle(CUT)  # to a guest who is gone

    def knows(self, text: str) -> bool:
        """Whether they sent that themselves, or the current connection received it."""
        return text.startswith(f"{self.name} ") or (bool(self.received) and text in self.received[-1])

    def texts(self, outcome: str) -> set[str]:
        """Return the sent messages with this outcome."""
        return {attempt.line.text for attempt in self.attempts if attempt.outcome is outcome}


def check_people(
    one: Correspondent, other: Correspondent, earlier: Sequence[str], saved: Sequence[str], *, crashed: bool
) -> None:
    """Each heard what is saved, in order, without a gap and once; twice only where a server has `crashed`.

    `saved` is all that they said to each other here, and `earlier` what of the time before was not delivered when this
    began, as far as that was noted. What was confirmed a moment before may not be noted by then, and comes not.
    """
    times = Counter(saved)
    for speaker, hearer in ((one, other), (other, one)):
        assert all(times[text] == 1 for text in speaker.texts(ACKNOWLEDGED)), "heard, and not saved once"
        refused = [text for text in speaker.texts(REFUSED) if times[text]]
        assert not refused, f"refused, and saved: {refused}"
        assert all(count == 1 for count in times.values()), "saved twice"
        before = [text for text in earlier if text.startswith(f"{speaker.name} ")]
        said = before + [text for text in saved if text.startswith(f"{speaker.name} ")]
        places = {text: place for place, text in enumerate(said)}
        got = -1  # how many of them up to now; -1: how many of those before were confirmed is not known yet
        for received in filter(None, hearer.received):
            first = places.get(received[0])
            assert first is not None, (
                f"{hearer.name} is told {received[0]}, which was delivered or is not saved"
            )
            is_next = first <= len(before) if got < 0 else first == got
            assert is_next or (crashed and first < got), f"{received[0]} is told where {said[got:][:1]} comes"
            assert received == said[first : first + len(received)], f"{hearer.name} is not told all in order"
            got = max(got, first + len(received))
        if said[len(before) :] or got >= 0:
            assert got == len(said), f"{hearer.name} is never told {said[max(got, 0)]}"


def check_guests(one: Correspondent, other: Correspondent) -> None:
    """Check that each guest received everything once and in order: messages to guests are not saved."""
    for speaker, hearer in ((one, other), (other, one)):
        received = list(chain.from_iterable(hearer.received))
        numbers = [int(text.removeprefix(f"{speaker.name} ")) for text in received]
        assert numbers == sorted(set(numbers)), f"{hearer.name} heard {received} of a guest"
        assert speaker.texts(ACKNOWLEDGED) <= set(received)
