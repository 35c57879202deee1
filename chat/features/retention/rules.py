"""How long things are kept: the rules of the server and of a room, and holds. All of it is sync."""

import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta

from chat.domain.administration.audit import Act, Named, What
from chat.domain.entities import Person, RoomKind
from chat.domain.limits.bounds import RoomsKeep, SettingValue
from chat.domain.refusals import NO_ROOM, Code, Refusal
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import NOT_OWNER, RoomAccess

DAY = 86_400.0

GRACE = 3600.0
"""Seconds for which a changed rule removes nothing, so that a mistyped one can be put right."""

SERVER_HOLD = 0
"""The target of a hold on the server."""

NOT_ALLOWED = Refusal(
    Code.FORBIDDEN, "on this server the admins decide how long messages are kept", reason="keep_fixed"
)
NOT_LONGER = Refusal(
    Code.FORBIDDEN,
    "this server keeps messages for a shorter time; owners of a room can only shorten it",
    field="days",
    reason="keep_too_long",
)

HoldKind = Literal["server", "room", "person"]
Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """How long this server keeps things, in days; 0: for ever. `rooms_keep`: whether rooms may differ.

    After `support_close_days` without a word a support conversation is closed, and `support_remove_days` later it is
    removed with its visitor. An earlier text goes `edit_days` after it was replaced; a change of the log and the key of
    a message go by their own age. A deleted message's row goes `deleted_days` after the deletion, if no message that is
    kept came before it in the room. `grace`: seconds for which a rule of a room that was just changed removes nothing.
    """

    message_days: int = 0
    rooms_keep: RoomsKeep = "server"
    support_close_days: int = 0
    support_remove_days: int = 0
    edit_days: int = 0
    change_days: int = 0
    key_days: int = 0
    deleted_days: int = 0
    grace: float = GRACE


class RoomRule(msgspec.Struct, frozen=True):
    """How long the messages of one room are kept: `days`, None: as on the server, 0: for ever."""

    days: int | None = None
    is_by_admin: bool = False


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """A hold on a room, a person or the server, placed at a time in Unix seconds: nothing of it is removed.

    `name` is the person's or the room's of today.
    """

    id: int
    kind: HoldKind
    target_id: int
    name: str | None
    reason: str
    by: Named | None
    at: float


class Kind(StrEnum):
    """What expires, as counts name it."""

    MESSAGES = "messages"
    IDLE = "idle_conversations"
    """Support conversations that are closed, not removed."""
    VISITORS = "visitors"
    """Visitors whose conversation is closed; it goes with them."""
    EARLIER_TEXTS = "earlier_texts"
    """Texts of messages from before an edit."""
    CHANGES = "changes"
    """Entries of the log beside messages: edits, reactions, members who come and go."""
    KEYS = "keys"
    """Keys of messages, which clients chose."""
    DIGESTS = "digests"
    """Digests of the texts of messages that were deleted by a release that kept them. They go without a rule."""
    READ_MARKS = "read_marks"
    """Read marks of people who have no access to the room any more. They go without a rule."""


class Expired(msgspec.Struct, frozen=True):
    """What would be removed now: how many of a kind, and since when the oldest is there (Unix seconds)."""

    kind: Kind
    count: int
    oldest: float | None


class _Setting(Protocol):
    """The value of a setting, and when an admin changed it (Unix seconds)."""

    @property
    def value(self) -> SettingValue: ...

    @property
    def at(self) -> float | None: ...


def rules_of(settings: Mapping[str, _Setting], now: float, grace: float = GRACE) -> Rules:
    """Return the rules of the server, without those that were changed within the last `grace` seconds.

    Settings that are missing have their defaults.
    """
    values = {
        name: settings[name].value
        for name in Rules.__struct_fields__
        if name in settings and (settings[name].at or 0.0) <= now - grace
    }
    return msgspec.convert(values | {"grace": grace}, Rules)


def before_of(rules: Rules, kind: Kind, *, is_support: bool = False) -> float | None:
    """Return the time (Unix seconds) before which rows of a kind have expired; None: they are kept.

    Changes of a support conversation say since when it is idle: they are kept for as long as that is asked.
    """
    match kind:
        case Kind.EARLIER_TEXTS:
            days = rules.edit_days
        case Kind.KEYS:
            days = rules.key_days
        case Kind.CHANGES:
            days = rules.change_days
            if days and is_support:
                days = max(days, rules.support_close_days, rules.support_remove_days)
        case _:
            days = 0
    return time.time() - days * DAY if days else None


def effective_days(rules: Rules, room: RoomRule) -> int:
    """Return for how many days the messages of a room are kept; 0: for ever. The storage has the same as SQL."""
    server, own = rules.message_days, room.days
    if own is None or (rules.rooms_keep == "server" and not room.is_by_admin):
        return server
    if room.is_by_admin or rules.rooms_keep == "any":
        return own
    return min(filter(None, (own, server)), default=0)


def rule_refusal(
    access: RoomAccess, person: Person, days: int | None, server_days: int, rooms_keep: RoomsKeep
) -> Refusal | None:
    """Return why the person may not have the room's messages kept for so long; None: they may.

    Owners may, within what the admins allow. An admin who is in the room may always.
    """
    if access.room.kind not in (RoomKind.ROOM, RoomKind.LOBBY):
        return NO_ROOM
    if person.is_admin:
        return None
    if access.role is not RoomRole.OWNER:
        return NOT_OWNER
    if days is None or rooms_keep == "any":
        return None
    if rooms_keep == "server":
        return NOT_ALLOWED
    return NOT_LONGER if server_days and (days == 0 or days > server_days) else None


def hold_act(kind: HoldKind, target_id: int, reason: str, by_id: int | None) -> Act:
    """Return the act of placing a hold."""
    return _act(What.HOLD_PLACED, kind, target_id, reason, by_id)


def lift_act(kind: HoldKind, target_id: int, by_id: int | None) -> Act:
    """Return the act of lifting a hold."""
    return _act(What.HOLD_LIFTED, kind, target_id, "", by_id)


def rule_act(room_id: int, days: int | None, by_id: int | None) -> Act:
    """Return the act of changing how long a room's messages are kept."""
    said = "as on the server" if days is None else f"{days} days" if days else "for ever"
    return Act(by_id=by_id, what=What.ROOM_KEEP_CHANGED, room_id=room_id, detail=said)


def run_acts(counts: dict[str, int]) -> list[Act]:
    """Return the act of removing what has expired, if anything has. Closed conversations have acts of their own."""
    removed = [
        f"{count} {kind.replace('_', ' ')}" for kind, count in counts.items() if count and kind != Kind.IDLE
    ]
    return [Act(by_id=None, what=What.EXPIRED_REMOVED, detail=", ".join(removed))] if removed else []


def _act(what: What, kind: HoldKind, target_id: int, reason: str, by_id: int | None) -> Act:
    return Act(
        by_id=by_id,
        what=what,
        person_id=target_id if kind == "person" else None,
        room_id=target_id if kind == "room" else None,
        detail=f"{kind}: {reason}" if reason else kind,
    )
