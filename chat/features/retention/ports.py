"""What retention reads and removes, on any storage. Every method may raise StorageDown; writes OutcomeUnknown too."""

from typing import Protocol

import msgspec

from chat.domain.entities import People
from chat.domain.features import Port
from chat.features.retention.rules import Expired, Hold, HoldKind, RoomRule, Rules


class TooOld(msgspec.Struct, frozen=True, kw_only=True):
    """A room with messages from before `before`, or deleted before `deleted_before`, or whose removal is unpublished.

    Times are Unix seconds. `last` is its newest message, if that is a text from before then: it stays as a deleted one
    until the next message, because a room's numbers are those of its newest message. `sender_id` sent the newest one.
    """

    room_id: int
    people: People
    before: float
    sender_id: int
    deleted_before: float = 0.0
    last: int | None = None
    is_unannounced: bool = False


class Retention(Protocol):
    """Removes expired messages, in steps that another server may continue, and keeps holds and rules of rooms.

    Cancelling a write: it is done whole, or not at all.
    """

    async def claim(self, by: int, seconds: float) -> bool:
        """Claim the removal for so many seconds, by a server's number. False: another server has it."""
        ...

    async def too_old(self, rules: Rules, after_id: int, limit: int) -> list[TooOld]:
        """Return rooms with ids above `after_id` that have something to remove, by id; none that is on hold."""
        ...

    async def remove_messages(self, by: int, room: TooOld, limit: int, *, is_first: bool) -> int:
        """Remove the oldest messages of a room, at most `limit`, and all that belongs to them.

        Its newest message stays, and so do those from the first one on whose sender is on hold. `is_first`: it may
        find what an earlier server left. Returns how many were removed: 0 if the room is on hold, or the claim is lost.
        """
        ...

    async def count(self, counts: dict[str, int], waiting: int) -> None:
        """Add to the counts of removed rows by kind; `waiting` rooms have something left. Recorded in the audit."""
        ...

    async def expired(self, rules: Rules) -> list[Expired]:
        """Return what would be removed now; it reads all that it counts."""
        ...

    async def holds(self) -> list[Hold]:
        """Return all holds, the oldest first."""
        ...

    async def place(self, kind: HoldKind, target_id: int, reason: str, by_id: int | None) -> bool:
        """Place a hold, or change its reason, and record that in the audit. False: there is no such room or person.

        A deleted room can be put on hold as long as it waits for its removal.
        When this returns, no step of a removal that began before is in progress.
        """
        ...

    async def lift(self, hold_id: int, by_id: int | None) -> bool:
        """Lift a hold, and record that in the audit. False: there is none."""
        ...

    async def room_rule(self, room_id: int) -> RoomRule:
        """Return the rule of a room of its own."""
        ...

    async def shortest_room_days(self) -> int:
        """Return the shortest time for which a room's own rule has messages kept; 0: no room has one."""
        ...

    async def set_room_rule(self, room_id: int, rule: RoomRule, by_id: int | None) -> bool:
        """Set or remove a room's own rule, and record that in the audit. False: there is no such room."""
        ...


RETENTION = Port[Retention]("retention")
