"""The ledger of mails for missed messages: the receivers of a message, the times, the decisions and the answers."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from chat.domain.features import Port
from chat.domain.messages.explanation import MailReport
from chat.features.push.ledger import Step
from chat.features.push.rules import Decision, Facts

MISSED_MAIL = "missed"
"""The kind of the due item; its key is the ids of the person and the room."""

USUAL = 900
"""Seconds after which an unread message is mailed to those who have not chosen."""

LONGEST = 86_400
"""Seconds that somebody may choose."""

MOST_SHOWN = 10
"""Messages that a mail shows."""


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """Who gets a mail: the confirmed address, the language, and the code of the link that ends such mails."""

    email: str
    language: str
    unsubscribe: str


class MissedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it is now, and the facts for the decision, all but whether the person is active."""

    message_id: int
    seq: int
    facts: Facts
    sender: str
    text: str


class MissedRoom(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a person in a room.

    Attributes:
        receiver: None: nobody receives mails any more.
        room_name: None in direct rooms and support conversations.
        mail_id: the Message-ID of the mail that is tried now.
        root_id: that of the first mail about this room; None: there was none.
        tries: how often it was tried before.
        messages: those of the mail that is tried, or all that wait; the oldest first.
        read_seq: how far the person has read.
    """

    person_id: int
    room_id: int
    receiver: Receiver | None
    room_name: str | None
    mail_id: str
    root_id: str | None
    tries: int
    messages: Sequence[MissedMessage]
    read_seq: int


class MailOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a try: a decision for each message, and the answer of the mail server, if it was asked.

    `again` is in seconds: those that wait are tried again with the same mail then.
    """

    decisions: dict[int, Decision]
    answer: str | None = None
    again: float | None = None


class MailChoice(msgspec.Struct, frozen=True):
    """After how many seconds an unread message is mailed (0: never), and whether the address is confirmed."""

    seconds: int
    is_confirmed: bool


class Missed(Protocol):
    """The ledger of mails. Each method may raise StorageDown, those that change something OutcomeUnknown.

    Cancelling one: it was done completely, or not at all.
    """

    async def decide(self, delay: float) -> Step:
        """Decide whom the next messages of the log may be mailed to.

        `delay` is in seconds, for those who have not chosen.
        """
        ...

    async def begin(
        self,
        person_id: int,
        room_id: int,
        mail_id: str,
        choose: Callable[[MissedRoom], dict[int, Decision]],
    ) -> MissedRoom | None:
        """Return what waits for a person in a room, with its decisions made by `choose`; None: nothing.

        Those that it sends become a mail with this id, unless another one is tried already; all later tries are of
        this mail. Those that it settles are settled.
        """
        ...

    async def record(self, room: MissedRoom, outcome: MailOutcome) -> float | None:
        """Record what came of a try; return in how many seconds something in the room is due; None: nothing is.

        Repeating it changes nothing.
        """
        ...

    async def forget(self, most: int) -> int:
        """Remove at most so many of the oldest that are older than 14 days; return how many there were."""
        ...

    async def explain(self, person_id: int, room_id: int, seq: int) -> MailReport | None:
        """Return the decision about mailing a message; None: there was none to make."""
        ...

    async def last_of(self, person_id: int, limit: int) -> list[tuple[int, int, MailReport]]:
        """Return a person's newest decisions with room and seq, the newest first."""
        ...

    async def choice(self, person_id: int) -> MailChoice:
        """Return a person's choice."""
        ...

    async def choose(self, person_id: int, seconds: int) -> None:
        """Set after how many seconds messages are mailed; 0: never. What waits is looked at again at once."""
        ...

    async def unsubscribe(self, code: str) -> None:
        """Set "never" for the person with this code, if there is one."""
        ...


MISSED: Port[Missed] = Port("missed messages")
