"""The ledger: of each message and person whom it may notify, what was decided and what each push service answered."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from chat.domain.features import Port
from chat.domain.messages.explanation import Explanation
from chat.features.push.delivery import DeliveryState
from chat.features.push.keys import Report
from chat.features.push.rules import Decision, Facts
from chat.features.push.subscriptions import Subscription

KEPT = 14 * 86_400.0
"""Seconds for which the ledger is kept."""

CLAIM = 60.0
"""Seconds for which a server may send what it has claimed; then another one does."""


MOST_LOST = 2
"""So often a push is sent without an answer."""


class Step(msgspec.Struct, frozen=True):
    """A step along the log: up to which id it is decided, whether more is there, and the decisions, counted."""

    last_id: int
    is_behind: bool
    decided: dict[Decision, int]


class Upcoming(msgspec.Struct, frozen=True):
    """In how many seconds the next decision is due (None: none is), and for whom some are soon."""

    wait: float | None
    people: Sequence[int] = ()


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A browser of a person, the name of its log-in, and for how many seconds its push service wants nothing.

    Attributes:
        lost: how often the push was sent to it without an answer.
        silent: earlier claims of servers that died: each may have sent it.
    """

    subscription: Subscription
    name: str
    held: float = 0.0
    lost: int = 0
    silent: int = 0

    def is_over(self, more_lost: int = 0) -> bool:
        """Whether the push was sent without an answer, and may have been twice, so that it is not sent again. Pure."""
        lost = self.lost + more_lost
        return lost > 0 and lost + self.silent >= MOST_LOST


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A message and a person, whose time has come, as they are now.

    Attributes:
        facts: all but whether the person is active, and whether a newer message is sent.
        is_sent: a browser of the person has got it before.
        is_held: the person's quiet hours held it back until now.
        claim: the number of this claim: each counts, also that of a server which died.
        late: seconds since the time came.
        has_text: the person wants the texts of messages.
        room_name: None in direct rooms and support conversations.
        devices: the browsers that have not got it, and may.
        badge: rooms with something for the person that is not read.
    """

    message_id: int
    person_id: int
    room_id: int
    seq: int
    facts: Facts
    is_sent: bool
    is_held: bool = False
    claim: int = 1
    late: float
    sender: str
    text: str
    has_text: bool
    room_name: str | None
    devices: Sequence[Device] = ()
    badge: int = 0


class Unanswered(msgspec.Struct, frozen=True, array_like=True):
    """A push that was handed to a push service's socket in this claim, and has no answer yet.

    `device`, `lost` and `silent` are those of the browser, with this push.
    """

    message_id: int
    person_id: int
    claim: int
    session_id: int
    device: str
    lost: int
    silent: int


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a push to one browser. `is_lost`: it was sent, and its answer is not known."""

    device: Device
    state: DeliveryState
    is_lost: bool = False
    status: int | None = None
    error: str | None = None
    seconds: float = 0.0
    held: float | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a claim. It is decided again in `again` seconds; None: that was for good."""

    message_id: int
    person_id: int
    claim: int = 1
    tries: int
    decision: Decision
    again: float | None = None
    deliveries: Sequence[Delivered] = ()


class Ledger(Protocol):
    """The ledger. Each method may raise StorageDown, those that change something OutcomeUnknown.

    Cancelling one: it was done completely, or not at all.
    """

    async def decide(self, delay: float) -> Step:
        """Decide whom the next messages of the log notify; those who are notified are due `delay` seconds later.

        Servers do this one after the other.
        """
        ...

    async def upcoming(self, *, with_people: bool = True) -> Upcoming:
        """Return when the next decision is due, and for whom some are soon if `with_people`.

        After the clock was set back, those of the time after it are due.
        """
        ...

    async def claim(self, most: int) -> list[Claimed]:
        """Claim the due decisions of at most so many people and rooms, and all others there, for CLAIM seconds.

        Those that quiet hours hold back are claimed once these are over, all of a person together.
        """
        ...

    async def note(self, unanswered: Sequence[Unanswered]) -> None:
        """Note pushes that were sent and have no answer yet. It changes nothing that is recorded of these claims."""
        ...

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        """Record the outcomes of claims. Repeating it changes nothing.

        Of an outcome that comes after a later claim, only a final answer counts.
        """
        ...

    async def report(self, report: Report, *, is_clicked: bool) -> bool:
        """Record that a browser has shown a push, or that it was clicked.

        False: that is known, or the browser's log-in has ended.
        """
        ...

    async def forget(self, most: int) -> int:
        """Remove at most so many of the oldest that are older than KEPT; return how many there were."""
        ...

    async def explain(self, person_id: int, room_id: int, seq: int) -> Explanation | None:
        """Return why a person was notified of a message or not; None: it was never a question."""
        ...

    async def last_of(self, person_id: int, limit: int) -> list[Explanation]:
        """Return a person's newest decisions, the newest first."""
        ...


LEDGER: Port[Ledger] = Port("push ledger")
