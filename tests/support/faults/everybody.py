"""People of every dialect who send and receive on two servers, with a check of all their messages."""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import product
from typing import Any

from tests.support.faults.desk import DeskPerson, Entry
from tests.support.faults.direct_messages import Correspondent, check_guests, check_people
from tests.support.faults.listeners import Listener
from tests.support.faults.load import ACKNOWLEDGED, LOBBY, REFUSED, Load, register_all
from tests.support.faults.participant import Participant
from tests.support.people import PATIENCE, eventually
from tests.support.saved import execute_sql, fetch_sql, saved_lines

NEAR, FAR = ("ada", "ben"), ("cem", "dora")
"""The senders in the lobby, by server."""

_LISTENS, _ENDS = "yan", "zoe"
_NEAR_FRIEND, _FAR_FRIEND = "fay", "gus"
_NEAR_ASKER, _FAR_ASKER = "hal", "ida"
_OPERATORS = ("olga", "otto")

_EVERYBODY = (
    *NEAR,
    *FAR,
    _LISTENS,
    _ENDS,
    _NEAR_FRIEND,
    _FAR_FRIEND,
    _NEAR_ASKER,
    _FAR_ASKER,
    *_OPERATORS,
)

_WARM = 30
"""Messages that are acknowledged on each before anything goes wrong."""

_DIRECT = """
SELECT text FROM messages JOIN rooms ON rooms.id = room_id
WHERE rooms.kind = 'direct' AND messages.id > $1 ORDER BY messages.id"""

_UNDELIVERED = """
SELECT text FROM messages JOIN rooms ON rooms.id = room_id
JOIN memberships AS hearer ON hearer.room_id = rooms.id AND hearer.user_id <> sender_id
WHERE rooms.kind = 'direct' AND messages.id <= $1 AND seq > delivered_seq ORDER BY messages.id"""

_DESK = """
SELECT messages.id, users.name, text FROM messages JOIN rooms ON rooms.id = room_id
JOIN users ON users.id = rooms.creator_id WHERE rooms.kind = 'support' ORDER BY messages.id"""


def register_everybody(url: str, address: Mapping[str, Any]) -> dict[str, str]:
    """Register all senders, make two of them operators, and return the tokens."""
    tokens = register_all(url, *_EVERYBODY)
    execute_sql(dict(address), "UPDATE users SET is_operator = true WHERE name = ANY($1)", list(_OPERATORS))
    return tokens


class Conversation:
    """People of every dialect who send and receive on both servers."""

    def __init__(
        self, near: str, far: str, tokens: Mapping[str, str], address: Callable[[], dict[str, Any]]
    ) -> None:
        self.is_crashed = False
        """Whether a server was killed: its last direct messages may be sent again."""
        self._address = address
        self._tokens = tokens
        self._before = fetch_sql(address(), "SELECT coalesce(max(id), 0) AS id FROM messages")[0]["id"]
        self._undelivered = [row["text"] for row in fetch_sql(address(), _UNDELIVERED, self._before)]
        self.near = Load(near, {name: tokens[name] for name in NEAR})
        self.far = Load(far, {name: tokens[name] for name in FAR})
        self.near_listeners = _listeners(near, tokens[_LISTENS])
        self.far_listeners = _listeners(far, tokens[_LISTENS])
        self.listeners = [*self.near_listeners, *self.far_listeners]
        self.friends = (
            Correspondent(near, _NEAR_FRIEND, tokens[_NEAR_FRIEND]),
            Correspondent(far, _FAR_FRIEND, tokens[_FAR_FRIEND]),
        )
        self.guests = Correspondent(near, "guest"), Correspondent(far, "stranger")
        for one, other in (self.friends, self.guests):
            one.other, other.other = other, one
        self.desk = [
            DeskPerson(near, tokens[_NEAR_ASKER], _NEAR_ASKER, _NEAR_ASKER),
            DeskPerson(far, tokens[_FAR_ASKER], _FAR_ASKER, _FAR_ASKER),
            DeskPerson(far, tokens[_NEAR_ASKER], f"{_NEAR_ASKER}s phone", _NEAR_ASKER, speaks=False),
            DeskPerson(near, tokens[_OPERATORS[0]], _OPERATORS[0], _FAR_ASKER, operates=True),
            DeskPerson(far, tokens[_OPERATORS[1]], _OPERATORS[1], _NEAR_ASKER, operates=True),
        ]

    @property
    def participants(self) -> list[Participant]:
        """Those beside the lobby."""
        return [*self.friends, *self.guests, *self.desk]

    @property
    def acknowledged(self) -> int:
        return (
            self.near.acknowledged()
            + self.far.acknowledged()
            + sum(len(each.acknowledged_since(0.0)) for each in self.participants)
        )

    @property
    def received(self) -> int:
        """The number of messages that all receivers got together."""
        return (
            sum(len(received) for listener in self.listeners for received in listener.connections)
            + sum(len(received) for each in (*self.friends, *self.guests) for received in each.received)
            + sum(len(got) for each in self.desk for got in each.got)
        )

    @property
    def everybody(self) -> "list[Load | Listener | Participant]":
        """All participants; a load is several people."""
        return [self.near, self.far, *self.listeners, *self.participants]

    def refusals(self) -> list[str]:
        """Return the reason of each refused connection or message."""
        refused = [why for each in self.everybody for why in each.refused]
        for each in (self.near, self.far, *self.friends, *self.desk):
            refused += [str(attempt) for attempt in each.attempts if attempt.outcome is REFUSED]
        return refused

    def move_all_to(self, url: str) -> None:
        """Let everybody reconnect to this server, as a load balancer does."""
        for each in self.everybody:
            each.url = url

    def received_by_all(self, moment: float, *loads: Load) -> float:
        """Wait until all receive a message sent after `moment` (monotonic, s); return the seconds since then.

        In the lobby that is what these loads say. Guests are not waited for: they need a bus.
        """
        texts = []
        for load in loads:
            load.back_after(moment)
            said = (a for a in load.attempts[:] if a.outcome is ACKNOWLEDGED and a.began >= moment)
            texts.append(next(said).line.text)

        def all_hear_it() -> bool:
            return all(text in one.connections[-1] for one in self.listeners for text in texts)

        eventually(all_hear_it, "all hear it", 2 * PATIENCE)
        _wait_until_received(self.friends, moment)
        self._wait_for_the_desk(moment)
        return time.monotonic() - moment

    def guests_back_after(self, moment: float) -> float:
        """Wait until both guests get a message sent after `moment` (monotonic, s); return the seconds since then."""
        _wait_until_received(self.guests, moment)
        return time.monotonic() - moment

    def _wait_for_the_desk(self, moment: float) -> None:
        for each in self.desk:
            if each.speaks:
                others = [other for other in self.desk if other.receives(each.asker)]
                eventually(
                    lambda each=each, others=others: any(
                        all(other.is_told(text) for other in others)
                        for text in each.acknowledged_since(moment)
                    ),
                    f"the desk is told what {each.name} says",
                    2 * PATIENCE,
                )

    def fall_silent(self) -> None:
        """Stop all senders outside the lobby, and wait until all their messages have an outcome."""
        self.guests_back_after(time.monotonic())
        for each in self.participants:
            each.hush()
        for each in self.participants:
            eventually(each.has_settled, f"what {each.name} says is heard or refused", 2 * PATIENCE)

    def check(self) -> None:
        """Check that nothing acknowledged is lost or doubled, and that each connection got the log without gaps."""
        address = self._address()
        direct = [row["text"] for row in fetch_sql(address, _DIRECT, self._before)]
        log = [Entry(*row) for row in fetch_sql(address, _DESK)]
        one, other = self.friends
        for each, text in product(self.friends, direct[-1:]):
            eventually(partial(each.knows, text), f"{each.name} has said or heard {text}")
        check_people(one, other, self._undelivered, direct, crashed=self.is_crashed)
        check_guests(*self.guests)
        for person in self.desk:
            eventually(partial(person.is_at_the_end, log), f"{person.name} is told the end")
            person.check(log)


def _wait_until_received(participants: Sequence[Participant], moment: float) -> None:
    """Wait until each sender has an acknowledged message sent after `moment` (monotonic, s)."""
    for each in participants:
        eventually(
            lambda each=each: bool(each.acknowledged_since(moment)),
            f"{each.name} is heard",
            2 * PATIENCE,
        )


@contextmanager
def talking(
    near: str, far: str, tokens: Mapping[str, str], address: Callable[[], dict[str, Any]]
) -> Generator[Conversation]:
    """Let people send on two servers during the block, and check everything at its end.

    Nothing acknowledged is lost or doubled, and each connection got the log in order without gaps.
    """
    with ExitStack() as listening:
        talk = Conversation(near, far, tokens, address)
        for each in (*talk.listeners, *talk.participants):
            listening.enter_context(each)
        with talk.near, talk.far:
            talk.near.wait_for(_WARM)
            talk.far.wait_for(_WARM)
            talk.received_by_all(time.monotonic())
            talk.guests_back_after(time.monotonic())
            yield talk
        talk.fall_silent()
        with Load(talk.near.url, {_ENDS: tokens[_ENDS]}) as end:
            end.wait_for(1)
        saved = saved_lines(address())
        for load in (talk.near, talk.far, end):
            load.check(saved)
        for listener in talk.listeners:
            eventually(partial(listener.has_received, saved[-1].text), "the end is heard")
            listener.check(saved)
        talk.check()


def _listeners(url: str, token: str) -> list[Listener]:
    """One for each dialect that has a lobby."""
    return [
        Listener(url, "/talker", "message"),
        Listener(url, "/messenger", "message"),
        Listener(url, f"/ws?token={token}", "Text", LOBBY),
    ]
