"""The rooms that new people start in, in the storage."""

from typing import Protocol

from chat.domain.features import Port
from chat.domain.refusals import Code, Refusal

KIND = "starting_rooms"
"""The kind of the due items: a new person who joins the rooms. The key is the person's id."""

MOST = 20
"""Rooms that new people start in."""

NOT_PUBLIC = Refusal(
    Code.CONFLICT, "new people start in public rooms only", field="room", reason="starting_room_private"
)
TOO_MANY = Refusal(
    Code.CONFLICT,
    f"new people start in {MOST} rooms already: remove one first",
    reason="too_many_starting_rooms",
)


class StartingRooms(Protocol):
    """Every method may raise StorageDown, `switch` OutcomeUnknown too.

    A person who is added, but no visitor, is due (`KIND`) at once, if there are such rooms. A room that is deleted or
    made private is none any more.
    """

    async def all(self) -> list[int]:
        """Return the ids of the rooms, the lowest first."""
        ...

    async def switch(self, room_id: int, by_id: int, *, is_on: bool) -> list[int] | Refusal:
        """Have new people start in a room, or no longer, and return the ids of all. Changes are in the audit.

        NO_ROOM, NOT_PUBLIC, TOO_MANY: nothing is changed. Cancelling: it is changed or not.
        """
        ...


STARTING_ROOMS = Port[StartingRooms]("starting rooms")
