"""The use cases of saved messages for all protocols, and what they ask of the storage.

Cancelling a use case: it is saved or removed, or not.
"""

from typing import Protocol

import msgspec

from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.messages.sync_types import MessageNow
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.room_history import ANSWER_BYTES
from chat.engine.services import EngineServices

MOST_SAVED = 1000
"""Messages that one person may have saved."""

TOO_MANY_SAVED = Refusal(
    Code.TOO_MANY, f"you can save at most {MOST_SAVED} messages", reason="too_many_saved"
)


class SavedMessage(msgspec.Struct, frozen=True):
    """A saved message as its person sees it now, when it was saved, and its reminder. A later one has a higher id.

    Times are Unix seconds. `is_due`: the reminder was announced, and waits to be done.
    """

    id: int
    message: MessageNow
    saved_at: float
    remind_at: float | None = None
    is_due: bool = False


class SavedMessages(Protocol):
    """What people have saved. Every method may raise StorageDown, those that write OutcomeUnknown too.

    Cancelling a write: it is done whole, or not at all.
    """

    async def save(self, person_id: int, room_id: int, seq: int) -> Refusal | None:
        """Save a text that is not deleted; one that is saved already stays where it is.

        At the limit, messages that the person may not read any more make room first.
        """
        ...

    async def remove(self, person_id: int, room_id: int, seq: int) -> None:
        """Remove a message from what the person has saved, if it is there."""
        ...

    async def page(self, person_id: int, before_id: int, limit: int, most_bytes: int) -> list[SavedMessage]:
        """Return saved messages that the person may read, with an id below `before_id`.

        The last saved, or reminded of, comes first.
        """
        ...

    async def places(self, person_id: int) -> dict[int, list[int]]:
        """Return the seqs of all saved messages in order, by room; also of rooms that the person has left."""
        ...


SAVED_MESSAGES = Port[SavedMessages]("saved messages")


async def save(services: EngineServices, person: Person, room_id: int, seq: int) -> Refusal | None:
    """Save a message of a room that the person may read. Raises StorageDown and OutcomeUnknown."""
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    return await services.feature_ports[SAVED_MESSAGES].save(person.id, room_id, seq)


async def remove(services: EngineServices, person: Person, room_id: int, seq: int) -> None:
    """Remove a saved message from the list, whether or not the person may still read it.

    Raises StorageDown and OutcomeUnknown.
    """
    await services.feature_ports[SAVED_MESSAGES].remove(person.id, room_id, seq)


async def saved(services: EngineServices, person: Person, before_id: int, limit: int) -> list[SavedMessage]:
    """Return saved messages that the person may read now, the last saved first. Raises StorageDown."""
    return await services.feature_ports[SAVED_MESSAGES].page(person.id, before_id, limit, ANSWER_BYTES)


async def places(services: EngineServices, person: Person) -> dict[int, list[int]]:
    """Return which messages are saved: seqs by room. Raises StorageDown."""
    return await services.feature_ports[SAVED_MESSAGES].places(person.id)
