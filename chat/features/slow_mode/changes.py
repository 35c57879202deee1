"""The kind of change: setting the slow mode of a room; and who may. All of it is sync and pure."""

from chat.domain.administration.audit import Act, What
from chat.domain.entities import Person, Room, RoomKind
from chat.domain.features import Kind
from chat.domain.messages.changes import FeatureChange, FeatureWrite
from chat.domain.messages.outcomes import Unchanged
from chat.domain.refusals import NO_ROOM, Code, Refusal
from chat.domain.rooms.room_rights import NOT_LEADING, Authority, RoomAccess, access_of, moderates
from chat.domain.rooms.slow_mode import FEWEST_SECONDS

_TOO_SHORT = Refusal(
    Code.INVALID,
    f"slow mode has at least {FEWEST_SECONDS} seconds; 0 ends it",
    field="seconds",
    reason="slow_mode_too_short",
)


class SetSlowMode(FeatureWrite, frozen=True, gc=False, kw_only=True):
    """Limits a room to one message of each person in so many seconds; 0: ends that."""

    seconds: int


class SlowModeSet(FeatureChange, frozen=True, gc=False, kw_only=True):
    """The room has this slow mode now; 0: none."""

    seconds: int


SLOW_MODE = Kind("slow_mode", SetSlowMode, SlowModeSet)


def may_set_slow_mode(access: RoomAccess, person: Person, seconds: int) -> Refusal | None:
    """Return why the person may not set this slow mode; None: they may.

    Those may who moderate the room, or the lobby.
    """
    if access.room.kind not in (RoomKind.ROOM, RoomKind.LOBBY):
        return NO_ROOM
    if not moderates(access, person):
        return NOT_LEADING
    return _TOO_SHORT if 0 < seconds < FEWEST_SECONDS else None


def slow_mode_refusal(by: Authority, seconds: int) -> Refusal | None:
    """Return the same for a write, of a person as they are while the log is locked."""
    access = access_of(by)
    return access if isinstance(access, Refusal) else may_set_slow_mode(access, by.person, seconds)


def change_slow_mode(room: Room, before: int, write: SetSlowMode, new_id: int) -> SlowModeSet | Unchanged:
    """Return the change of a room whose slow mode is `before`; Unchanged: it has this one already."""
    if write.seconds == before:
        return Unchanged(room.last_pos)
    return SlowModeSet(
        id=new_id,
        room_id=room.id,
        pos=room.last_pos + 1,
        actor_id=write.actor_id,
        created_at=write.created_at,
        people=write.people,
        seconds=write.seconds,
    )


def slow_mode_act(made: SlowModeSet) -> Act:
    """Return the act of setting a slow mode, for the audit."""
    detail = f"{made.seconds} s" if made.seconds else "off"
    return Act(by_id=made.actor_id, what=What.SLOW_MODE_SET, room_id=made.room_id, detail=detail)
