"""The use cases of pins for all protocols, and what they read from the storage.

Cancelling a use case: the write may still be committed, whole.
"""

from typing import Protocol

import msgspec

from chat.application.entering import write_in_room
from chat.domain.entities import Peer, Person
from chat.domain.features import Port
from chat.domain.messages.outcomes import Outcome
from chat.domain.messages.sync_types import MessageNow
from chat.domain.refusals import Refusal
from chat.domain.rooms.room_rights import RoomAccess
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices
from chat.features.pins.changes import Pin, may_pin


class PinnedMessage(msgspec.Struct, frozen=True):
    """A pinned message as it is now, when it was pinned (Unix seconds), and by whom."""

    message: MessageNow
    created_at: float
    by: Peer


class Pins(Protocol):
    """Reads the pins of rooms. Every method may raise StorageDown. Cancelling changes nothing."""

    async def list(self, reader_id: int, room_id: int) -> "list[PinnedMessage]":
        """Return the pinned messages of a room as one reader sees them, the newest pin first."""
        ...

    async def count(self, room_id: int) -> int:
        """Return how many messages of a room are pinned."""
        ...


PINS = Port[Pins]("pins")


async def pin(services: EngineServices, person: Person, room_id: int, seq: int, *, is_on: bool) -> Outcome:
    """Pin a message of a room, or unpin it. Unchanged: it is so already. Raises StorageDown."""

    def decide(access: RoomAccess) -> Pin | Refusal:
        return may_pin(access, person) or Pin(
            room_id=room_id,
            actor_id=person.id,
            created_at=current_time(),
            people=access.people,
            seq=seq,
            is_on=is_on,
        )

    return await write_in_room(services, person, room_id, decide)


async def pins(services: EngineServices, person: Person, room_id: int) -> list[PinnedMessage] | Refusal:
    """Return the pinned messages of a room that the person may read, the newest pin first. Raises StorageDown."""
    access = await services.conversations.enter(person, room_id)
    return (
        access if isinstance(access, Refusal) else await services.feature_ports[PINS].list(person.id, room_id)
    )
