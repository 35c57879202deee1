"""Rooms and who is in them, as a storage keeps them."""

from collections.abc import Collection, Mapping
from typing import Protocol

from chat.domain.entities import (
    Room,
    RoomSummary,
)
from chat.domain.membership import AccessRecord, Member, PublicRoom
from chat.domain.ports.users import Taken

KEPT = 3600.0
"""Seconds for which the log tells that a room was deleted: a server further behind looks at its rooms anyway."""


class Rooms(Protocol):
    """Rooms and who is in them."""

    async def by_id(self, room_id: int) -> Room | None:
        """Return the room with this id."""
        ...

    async def access(self, room_id: int, person_id: int) -> AccessRecord | None:
        """Return the room and what the person is in it, whether or not they may see it."""
        ...

    async def members(self, room_id: int, after_id: int, limit: int) -> list[Member]:
        """Return who is in the room, by their ids, from behind this one; deleted people are not.

        All but visitors are in the lobby, and all operators in every open support conversation.
        """
        ...

    async def banned(self, room_id: int, after_id: int, limit: int) -> list[Member]:
        """Return who is banned from the room, by their ids, from behind this one; deleted people are not."""
        ...

    async def joinable(self, person_id: int, part: str, after: str, limit: int) -> list[PublicRoom]:
        """Return the public rooms that the person is not in, with `part` in their names, from behind the name `after`.

        In the order of their names, as far as case does not count.
        """
        ...

    async def create(self, name: str, creator_id: int, *, is_private: bool, topic: str = "") -> Room | Taken:
        """Make a room, with its creator as the first member, unless the name is taken in any case."""
        ...

    async def summaries(self, part: str, after_id: int, limit: int) -> list[RoomSummary]:
        """Return the lobby and the rooms that people made with `part` in their names, by id, from behind this one."""
        ...

    async def remove_deleted(self, limit: int) -> bool:
        """Remove at most `limit` messages, changes or memberships of a deleted room, and at last the room itself.

        That it was deleted stays in the log for KEPT seconds. Returns whether there may be more to remove now.
        """
        ...

    async def is_member(self, room_id: int, person_id: int) -> bool:
        """Whether the person was made a member of the room. The lobby has no memberships."""
        ...

    async def members_among(self, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
        """Return those (room id, person id) of these who were made members, of rooms that are there."""
        ...

    async def of_member(self, person_id: int) -> list[int]:
        """Return the ids of the rooms (of the kind that people make) the person is a member of, ascending."""
        ...

    async def support_room(self, person_id: int) -> Room | None:
        """Return the person's support conversation; it is made at the first call. None: no such person."""
        ...

    async def direct_room(self, one_id: int, other_id: int) -> Room | None:
        """Return the room of these two; it is made at the first call.

        None: one of them does not exist any more, or is a visitor.
        """
        ...

    async def mark_delivered(self, positions: Mapping[tuple[int, int], int]) -> None:
        """Note how far members were told: (room id, person id) to `seq`. A position never goes back."""
        ...
