"""Rooms and their members."""

from collections.abc import Collection, Mapping
from typing import NamedTuple, Protocol

from chat.domain.entities import (
    Room,
    RoomSummary,
)
from chat.domain.ports.users import Taken
from chat.domain.rooms.membership import AccessRecord, Member, PublicRoom

KEPT = 3600.0
"""Seconds for which the log keeps the deletion of a room. A server that is further behind rereads its rooms anyway."""


class RemovalStep(NamedTuple):
    """What was removed from: a room, None: old entries of the log; and how many of its messages are left."""

    room_id: int | None = None
    messages: int = 0


class Rooms(Protocol):
    """Rooms and their members."""

    async def by_id(self, room_id: int) -> Room | None:
        """Return the room with this id."""
        ...

    async def access(self, room_id: int, person_id: int) -> AccessRecord | None:
        """Return the room and the person's role in it, whether or not they may see it."""
        ...

    async def members(self, room_id: int, after_id: int, limit: int) -> list[Member]:
        """Return the members of the room with ids above `after_id`, by id, without deleted people.

        Everybody but visitors is in the lobby, and every operator in every open support conversation.
        """
        ...

    async def banned(self, room_id: int, after_id: int, limit: int) -> list[Member]:
        """Return who is banned from the room, with ids above `after_id`, by id, without deleted people."""
        ...

    async def joinable(self, person_id: int, part: str, after: str, limit: int) -> list[PublicRoom]:
        """Return the public rooms that the person is not in, with `part` in their names, after the name `after`.

        Ordered by name, regardless of case.
        """
        ...

    async def create(self, name: str, creator_id: int, *, is_private: bool, topic: str = "") -> Room | Taken:
        """Create a room with its creator as the first member, unless the name is taken, regardless of case."""
        ...

    async def summaries(self, part: str, after_id: int, limit: int) -> list[RoomSummary]:
        """Return the lobby and people's rooms with `part` in their names and ids above `after_id`, by id."""
        ...

    async def remove_deleted(self, limit: int) -> RemovalStep | None:
        """Remove at most `limit` messages, changes or memberships of a deleted room, and finally the room itself.

        Its deletion stays in the log for KEPT seconds. Returns None if there is nothing more to remove now.
        """
        ...

    async def is_member(self, room_id: int, person_id: int) -> bool:
        """Whether the person has a membership of the room. The lobby has no memberships."""
        ...

    async def members_among(self, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
        """Return those of these (room id, person id) that are memberships of existing rooms."""
        ...

    async def of_member(self, person_id: int) -> list[int]:
        """Return the ids of the rooms, made by people, of which the person is a member, ascending."""
        ...

    async def support_room(self, person_id: int) -> Room | None:
        """Return the person's support conversation; the first call creates it. None: no such person."""
        ...

    async def direct_room(self, one_id: int, other_id: int) -> Room | None:
        """Return the direct room of these two; the first call creates it.

        None: one of them was deleted, or is a visitor.
        """
        ...

    async def mark_delivered(self, positions: Mapping[tuple[int, int], int]) -> None:
        """Record up to which `seq` messages were delivered, by (room id, person id). A position never goes back."""
        ...
