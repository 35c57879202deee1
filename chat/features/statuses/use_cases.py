"""The use cases of statuses, what they ask of the storage, and the handler that ends those whose time is over.

All statuses share one due item, for the earliest end: a thousand that end at midnight are one statement.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.messages.emoji import clean_emoji
from chat.domain.refusals import NO_PERSON, Code, Refusal
from chat.due.port import DueItem
from chat.due.schedule import SCHEDULE
from chat.due.times import check_time
from chat.engine.services import EngineServices

STATUS_END = "status"
"""The kind of the due item; it has one key, `ALL`."""

ALL = "all"

TEXT_LENGTH = 100
"""Characters of the text, as in Slack and Mattermost."""

MOST_ENDED = 1000
"""Statuses that one statement ends."""

BAD_STATUS = Refusal(
    Code.INVALID,
    f"a status has an emoji, or a text of at most {TEXT_LENGTH} characters that can be shown",
    field="text",
    reason="bad_status",
)


class PersonStatus(msgspec.Struct, frozen=True):
    """A status; it has an emoji, a text, or both. `until` is in Unix seconds; None: until it is cleared."""

    emoji: str | None
    text: str
    until: float | None


class PersonStatuses(Protocol):
    """The statuses of people. Every method may raise StorageDown and OutcomeUnknown.

    Cancelling: it is done whole, or not at all.
    """

    async def set_status(self, person_id: int, status: PersonStatus | None) -> bool:
        """Give somebody with an account a status; None: clear it. False: there is no such person."""
        ...

    async def end(self, most: int) -> Sequence[int]:
        """Clear at most so many statuses whose time is over; return their people.

        The due item is for the next end then.
        """
        ...


PERSON_STATUSES = Port[PersonStatuses]("statuses of people")


async def set_status(
    services: EngineServices, person: Person, emoji: str | None, text: str, until: float | None
) -> PersonStatus | Refusal:
    """Give oneself a status, in place of an earlier one; everybody who sees one gets it.

    Args:
        emoji: one emoji, or none.
        text: stands beside the emoji; may be empty if there is one.
        until: when it ends, in Unix seconds; None: when it is cleared.

    Raises StorageDown and OutcomeUnknown. Cancelling: it is set, or not.
    """
    status = clean_status(emoji, text, until)
    if isinstance(status, Refusal):
        return status
    if not await services.feature_ports[PERSON_STATUSES].set_status(person.id, status):
        return NO_PERSON
    # No await between here and the open sockets that hear of it.
    services.accounts.changed(person.id)
    if status.until is not None:
        services.feature_ports[SCHEDULE].wake()
    return status


async def clear_status(services: EngineServices, person: Person) -> None:
    """Clear one's own status, if there is one.

    Raises StorageDown and OutcomeUnknown. Cancelling: it is cleared, or not.
    """
    await services.feature_ports[PERSON_STATUSES].set_status(person.id, None)
    services.accounts.changed(person.id)


def clean_status(emoji: str | None, text: str, until: float | None) -> PersonStatus | Refusal:
    """Return a status with its text trimmed, or why it is refused. Sync."""
    clean = " ".join(text.split())
    if not (clean or emoji) or len(clean) > TEXT_LENGTH or not _can_be_shown(clean):
        return BAD_STATUS
    if emoji is not None and isinstance(refusal := clean_emoji(emoji), Refusal):
        return refusal
    if until is not None and (late := check_time(until)):
        return msgspec.structs.replace(late, text=late.text.replace("at:", "until:"), field="until")
    return PersonStatus(emoji or None, clean, until)


def _can_be_shown(text: str) -> bool:
    """Whether it has no controls; joiners, as in emoji of several, may stand in it."""
    return all(char.isprintable() or char == "\u200d" for char in text)


async def end_due(services: EngineServices, _item: DueItem) -> float | None:
    """Clear the statuses whose time is over; a handler of `DueRunner`. May raise StorageDown and OutcomeUnknown.

    Cancelling: they were cleared, or are due again.
    """
    for person_id in await services.feature_ports[PERSON_STATUSES].end(MOST_ENDED):
        services.accounts.changed(person_id)
    return None  # what `end` has settled stays
