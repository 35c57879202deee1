"""Reminders of saved messages: the use cases, what they ask of the storage, and the handler of due ones.

A reminder belongs to a saved message and goes with it. Those of one person that are due together are announced
together: after a day's stop there is one notice and one push, however many there are.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.messages.live import OwnEvent, Status
from chat.domain.own_pushes import OWN_PUSHES, OwnPush
from chat.domain.refusals import Refusal
from chat.due.port import DueItem
from chat.due.schedule import SCHEDULE
from chat.due.times import check_time
from chat.engine.services import EngineServices

REMINDER = "reminder"
"""The kind of due items; the key is the person's id."""

_PATH = "/saved"
_TAG = "reminders"
_CLOCK = "\N{ALARM CLOCK}"


class Reminder(msgspec.Struct, frozen=True):
    """A reminder of a message at a time (Unix seconds). `is_due`: it was announced, and waits to be done."""

    room_id: int
    seq: int
    at: float
    is_due: bool


class Due(msgspec.Struct, frozen=True):
    """A reminder that is due, of a message that its person may read now; `room_name` is None in direct rooms."""

    room_id: int
    seq: int
    at: float
    sender: str
    text: str
    room_name: str | None


class DueReminders(msgspec.Struct, frozen=True):
    """The reminders of a person that are due as of a time (Unix seconds), and not announced yet.

    `ids` are those of all saved messages whose reminders are due, also of those that the person may not read now.
    """

    as_of: float
    reminders: Sequence[Due]
    ids: Sequence[int]


class Reminders(Protocol):
    """Reminders of saved messages. Every method may raise StorageDown, those that write OutcomeUnknown too.

    Cancelling a write: it is done whole, or not at all.
    """

    async def remind(self, person_id: int, room_id: int, seq: int, at: float) -> Refusal | None:
        """Save a message, if it is not saved, and set its reminder, in place of an earlier one."""
        ...

    async def forget(self, person_id: int, room_id: int, seq: int) -> None:
        """Remove a message's reminder, if it has one; the message stays saved."""
        ...

    async def reminders(self, person_id: int) -> list[Reminder]:
        """Return all of a person's reminders by time, also in rooms that they have left."""
        ...

    async def due(self, person_id: int) -> DueReminders:
        """Return the due reminders of messages that the person may read, the earliest first."""
        ...

    async def settle(self, person_id: int, found: DueReminders) -> None:
        """Note that these reminders are announced, or need not be; one that was set meanwhile is due again.

        Their messages come first in what the person has saved. The due item is for the next reminder then.
        """
        ...


REMINDERS = Port[Reminders]("reminders")


async def remind(
    services: EngineServices, person: Person, room_id: int, seq: int, at: float
) -> Refusal | None:
    """Set a reminder of a message that the person may read. Raises StorageDown and OutcomeUnknown.

    Cancelling: it is set, or not.
    """
    if refusal := check_time(at):
        return refusal
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    if refusal := await services.feature_ports[REMINDERS].remind(person.id, room_id, seq, at):
        return refusal
    services.feature_ports[SCHEDULE].wake()
    return None


async def forget(services: EngineServices, person: Person, room_id: int, seq: int) -> None:
    """Remove a message's reminder. Raises StorageDown and OutcomeUnknown. Cancelling: it is removed, or not."""
    await services.feature_ports[REMINDERS].forget(person.id, room_id, seq)


async def reminders(services: EngineServices, person: Person) -> list[Reminder]:
    """Return all of a person's reminders. Raises StorageDown. Cancelling changes nothing."""
    return await services.feature_ports[REMINDERS].reminders(person.id)


async def announce(
    services: EngineServices, make_event: Callable[[Sequence[Due]], str], item: DueItem
) -> None:
    """Announce the due reminders of a person; a handler of `DueRunner`. May raise StorageDown and OutcomeUnknown.

    `make_event` returns the event for the person's clients. Cancelling: it may have been announced, and is once more.
    """
    person_id = int(item.key)
    store = services.feature_ports[REMINDERS]
    found = await store.due(person_id)
    # Those with a page open see it there. Other servers' sockets are not asked: a push too many is better than none.
    if found.reminders and services.statuses.status(person_id) is not Status.ONLINE:
        await services.feature_ports[OWN_PUSHES].send(person_id, _push(found.reminders))
    try:
        await store.settle(person_id, found)
    finally:  # also if the outcome is unknown: then nothing may be due at the next try
        if found.reminders:
            services.notices.publish(OwnEvent(person_id, make_event(found.reminders)))


def _push(due: Sequence[Due]) -> OwnPush:
    last = due[-1]
    title = (
        f"{_CLOCK} {last.sender}" if last.room_name is None else f"{_CLOCK} {last.sender} · {last.room_name}"
    )
    if len(due) > 1:
        title = f"{title} (+{len(due) - 1})"
    path = _PATH if len(due) > 1 else f"/room/{last.room_id}/{last.seq}"
    return OwnPush(title=title, text=last.text, path=path, tag=_TAG)
