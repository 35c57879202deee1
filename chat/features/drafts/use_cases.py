"""The use cases of drafts, and their port. The text that was typed last wins."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.refusals import Refusal
from chat.domain.text.rules import clean_text
from chat.engine.services import EngineServices

MOST_DRAFTS = 200
"""Drafts of one person; at the limit the oldest make room, empty ones first."""

_OLDEST = 100 * 365 * 86400.0  # seconds; a draft of a device with a wrong clock is older than any other


class TypedDraft(msgspec.Struct, frozen=True):
    """A text that was typed at a time (Unix seconds); an empty one was sent or deleted. `thread` 0: in the room."""

    room_id: int
    thread: int
    text: str
    reply: int | None
    typed_at: float


class Drafts(Protocol):
    """What people have typed. Every method may raise StorageDown, those that write OutcomeUnknown too.

    Cancelling a write: it is done whole, or not at all.
    """

    async def save(
        self, person_id: int, room_id: int, thread: int, text: str, reply: int | None, age: float
    ) -> TypedDraft | None:
        """Keep a text that was typed `age` seconds ago, unless there is a newer one; return the one that is kept.

        None: there is no such person or room.
        """
        ...

    async def all(self, person_id: int) -> Sequence[TypedDraft]:
        """Return the person's drafts, the last typed first; empty ones were sent or deleted."""
        ...


DRAFTS = Port[Drafts]("drafts")


async def save(
    services: EngineServices,
    person: Person,
    room_id: int,
    thread: int,
    text: str,
    reply: int | None,
    age: float,
) -> TypedDraft | Refusal | None:
    """Keep what the person has typed in a room that they see. Raises StorageDown and OutcomeUnknown.

    Returns the draft that is kept, which may be one that was typed later elsewhere. Cancelling: it is kept, or not.
    """
    refusal = clean_text(text, may_be_empty=True)
    if isinstance(refusal, Refusal):
        return refusal
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    return await services.feature_ports[DRAFTS].save(
        person.id, room_id, thread, text, reply, min(age, _OLDEST)
    )


async def drafts(services: EngineServices, person: Person) -> Sequence[TypedDraft]:
    """Return the person's drafts. Raises StorageDown. Cancelling changes nothing."""
    return await services.feature_ports[DRAFTS].all(person.id)
