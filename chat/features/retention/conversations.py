"""Support conversations that are idle, or closed for long, on any storage.

Every method may raise StorageDown; writes OutcomeUnknown too.
"""

from typing import Protocol

import msgspec

from chat.domain.entities import Peer
from chat.domain.features import Port
from chat.features.retention.rules import Expired, Rules


class Idle(msgspec.Struct, frozen=True):
    """An open conversation in which nobody has written for too long; `pos` is the room's position."""

    room_id: int
    person: Peer
    pos: int


class OldVisitor(msgspec.Struct, frozen=True):
    """A visitor to remove: the conversation has been closed for too long, or they never wrote (`room_id` None)."""

    person_id: int
    room_id: int | None


class OldConversations(Protocol):
    """Finds conversations that are to be closed or removed, and removes visitors. Nothing on hold is among them.

    Cancelling a write: it is done whole, or not at all.
    """

    async def idle(self, rules: Rules, after_id: int, limit: int) -> list[Idle]:
        """Return idle conversations with room ids above `after_id`, by id."""
        ...

    async def old_visitors(self, rules: Rules, after_id: int, limit: int) -> list[OldVisitor]:
        """Return visitors with ids above `after_id` who are to be removed, by id."""
        ...

    async def remove_visitor(self, by: int, rules: Rules, visitor: OldVisitor) -> bool:
        """Remove a visitor's account for good; what is left of it, and the conversation, go in the background.

        False: they have written or are on hold meanwhile, or another server than `by` has claimed the removal.
        """
        ...

    async def expired(self, rules: Rules) -> list[Expired]:
        """Return how many are idle, and how many visitors are to be removed; it reads all that it counts."""
        ...


OLD_CONVERSATIONS = Port[OldConversations]("old conversations")
