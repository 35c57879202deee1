"""The port of scheduled messages, its values and refusals."""

from typing import Literal, Protocol

import msgspec

from chat.domain.features import Port
from chat.domain.refusals import Code, Refusal

SCHEDULED = "scheduled"
"""The kind of due items; the key is the person's id."""

MOST = 50
"""Messages that one person may have scheduled, those that were refused among them."""

TOO_MANY_SCHEDULED = Refusal(
    Code.TOO_MANY, f"you can schedule at most {MOST} messages", reason="too_many_scheduled"
)
NO_SCHEDULED = Refusal(
    Code.NOT_FOUND, "there is no such scheduled message: it was sent or deleted", reason="no_scheduled"
)
BEING_SENT = Refusal(Code.CONFLICT, "the message is being sent", reason="being_sent")
OTHER_MESSAGE = Refusal(Code.CONFLICT, "another message has this key", field="key", reason="key_used")

LONGEST_POSTPONED = 86_400.0
"""Seconds after its time until which a message that slow mode holds up is tried again."""

State = Literal["waiting", "sending", "refused"]


class NewScheduled(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be sent at a time (Unix seconds), under its key."""

    person_id: int
    room_id: int
    key: str
    text: str
    reply: int | None
    send_at: float


class Scheduled(NewScheduled, frozen=True, kw_only=True):
    """A scheduled message. `refusal`: it was not sent at its time, and why."""

    id: int
    state: State = "waiting"
    refusal: Refusal | None = None


class ScheduledMessages(Protocol):
    """Scheduled messages. Every method may raise StorageDown, those that write OutcomeUnknown too.

    Cancelling a write: it is done whole, or not at all.
    """

    async def schedule(self, new: NewScheduled) -> Scheduled | Refusal:
        """Keep a message until its time; one with the same key and content is returned as it is.

        NO_PERSON, TOO_MANY_SCHEDULED, OTHER_MESSAGE.
        """
        ...

    async def change(
        self,
        person_id: int,
        scheduled_id: int,
        text: str | None,
        send_at: float | None,
        *,
        is_now: bool = False,
    ) -> Scheduled | Refusal:
        """Change text or time, or have it sent now; one that was refused waits again. NO_SCHEDULED, BEING_SENT."""
        ...

    async def remove(self, person_id: int, scheduled_id: int) -> Refusal | None:
        """Remove a message. BEING_SENT; one that is not there is removed already."""
        ...

    async def all_of(self, person_id: int) -> list[Scheduled]:
        """Return all that a person has scheduled, the earliest first."""
        ...

    async def take(self, person_id: int) -> Scheduled | None:
        """Return the earliest message that is due, which counts as being sent from now on.

        One whose outcome is not known is returned again.
        """
        ...

    async def sent(self, scheduled_id: int) -> None:
        """Remove a message that was sent."""
        ...

    async def refuse(self, scheduled_id: int, refusal: Refusal) -> None:
        """Keep a message that was not sent, with the reason."""
        ...

    async def release(self, scheduled_id: int) -> None:
        """Have a message wait again that was taken and is certainly not sent."""
        ...

    async def postpone(self, scheduled_id: int, wait: float) -> Scheduled | None:
        """Have a message that was taken wait for so many seconds more, whatever else is due meanwhile.

        None: its time is over by LONGEST_POSTPONED, or it was not taken.
        """
        ...

    async def settle(self, person_id: int, wait: float = 0.0) -> None:
        """Set the due item for the person's earliest message, in `wait` seconds at the earliest."""
        ...


SCHEDULED_MESSAGES = Port[ScheduledMessages]("scheduled messages")
