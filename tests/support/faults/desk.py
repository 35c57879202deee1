"""A support desk with an operator on each server, and people who ask: each connection is checked against the log."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from websockets.sync.client import ClientConnection

from tests.support.faults.load import ACKNOWLEDGED, CUT, REFUSED
from tests.support.faults.participant import Participant
from tests.support.people import PATIENCE

_MOST_TOLD = 1000
"""The most messages of a conversation's transcript."""


_NOT_SAVED = 5
"""The code of a message that could not be saved."""

_DECIDES = "decides"
"""The id of a request that is always refused: its answer only shows that the connection works."""


class Entry(NamedTuple):
    """A saved message of the desk: its id, the conversation's person, and its text."""

    id: int
    asker: str
    text: str


class DeskPerson(Participant):
    """A participant of the desk, in the conversation of `asker`: the asker, or an operator, who receives all.

    A participant who does not send only receives.
    """

    def __init__(
        self, url: str, token: str, name: str, asker: str, *, operates: bool = False, speaks: bool = True
    ) -> None:
        super().__init__(url, f"/support?token={token}", name)
        self.got: list[dict[int, str]] = []
        """The messages that each connection received or sent, by id."""
        self.asker = asker
        self._operates = operates
        self.speaks = speaks
        self._newest: list[int] = []  # of what each connection was pushed

    def greeted(self, socket: ClientConnection) -> None:
        reply = json.loads(socket.recv(PATIENCE))
        if reply["error"] is not None:
            raise EOFError("the conversation can't be read now")
        messages = reply["result"]["messages"] or []
        self.got.append({each["message_id"]: each["message_text"] for each in messages})
        self._newest.append(max(self.got[-1], default=0))

    def frame(self, text: str) -> object | None:
        if not self.speaks:
            return None
        if self._operates:
            return {"method": "message.operatorSend", "params": [text, self.asker], "id": text}
        return {"method": "message.send", "params": [text], "id": text}

    def take(self, socket: ClientConnection, frame: Any) -> None:
        if frame["error"] is None:
            self._take_message(frame["id"], frame["result"]["message"])
        elif frame["id"] == _DECIDES:
            self.settle(REFUSED)
        else:
            assert frame["error"]["code"] == _NOT_SAVED, frame
            # A refusal that the server follows with a close is an unknown outcome: what is answered next decides.
            socket.send(json.dumps({"method": "message.nothing", "params": [], "id": _DECIDES}))

    def _take_message(self, answers: object, message: dict[str, Any]) -> None:
        number, got = message["message_id"], self.got[-1]
        assert number not in got, f"{self.name} is told {message} twice"
        got[number] = message["message_text"]
        if self.said is not None and answers == self.said:
            self.settle(ACKNOWLEDGED)
        else:
            assert number > self._newest[-1], f"{self.name} is told {message} after {self._newest[-1]}"
            self._newest[-1] = number

    def receives(self, asker: str) -> bool:
        """Whether they receive that conversation."""
        return self._operates or self.asker == asker

    def is_at_the_end(self, log: Sequence[Entry]) -> bool:
        """Whether the current connection got the last message of the log for them; raises like `is_told`."""
        self.raise_failure()
        mine = [entry.id for entry in log if self.receives(entry.asker)]
        return not mine or (bool(self.got) and mine[-1] in self.got[-1])

    def is_told(self, text: str) -> bool:
        """Whether the current connection got that message. Raises the error that ended the thread, if any."""
        self.raise_failure()
        return bool(self.got) and text in list(self.got[-1].values())

    def check(self, log: Sequence[Entry]) -> None:
        """Check that each connection got a part of the log without gaps, in order; the last one up to the end.

        A send is answered when it is saved, perhaps before earlier messages of others are pushed: a connection that
        ends in between has no gap.
        """
        mine = [entry for entry in log if self.receives(entry.asker)]
        places = {entry.id: place for place, entry in enumerate(mine)}
        for got, newest in zip(self.got, self._newest, strict=True):
            if not got:
                continue
            unknown = [text for number, text in got.items() if number not in places]
            assert not unknown, f"{self.name} is told what is not saved: {unknown}"
            first = places[min(got)]
            expected = {
                entry.id: entry.text for entry in mine[first:] if entry.id <= newest or entry.id in got
            }
            missing = [text for number, text in expected.items() if number not in got]
            assert got == expected, f"{self.name} is never told {missing}"
            # Who asks is told what was said before they came.
            assert self._operates or first == 0 or len(got) >= _MOST_TOLD, f"{self.name} misses the beginning"
        assert not mine or self.got[-1].get(mine[-1].id) == mine[-1].text, f"{self.name} misses the end"
        times = Counter(entry.text for entry in log)
        for attempt in self.attempts:
            allowed = {ACKNOWLEDGED: (1,), REFUSED: (0,), CUT: (0, 1)}[attempt.outcome]
            assert times[attempt.line.text] in allowed, f"saved {times[attempt.line.text]} times: {attempt}"
