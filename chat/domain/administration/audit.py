"""The audit: administrators' acts, each written in the transaction of what it records, and kept for a year.

It also records the making, use and withdrawal of invites to register, and failed log-ins, whose number is bounded
(`accounts/failed_logins.py`).
"""

from enum import StrEnum

import msgspec

from chat.domain.entities import Room
from chat.domain.limits.bounds import SettingValue
from chat.domain.messages.changes import Deleted, Removal, RoleChange, RoomChanged, RoomDeleted, SupportChange

ACTS_KEPT = 365 * 86_400.0
"""Seconds for which an act is kept."""


class What(StrEnum):
    """The kinds of acts. New ones may be added."""

    PERSON_ADDED = "person_added"
    PERSON_DELETED = "person_deleted"
    PERSON_ANONYMISED = "person_anonymised"
    PERSON_ERASED = "person_erased"
    ERASURE_ENDED = "erasure_ended"
    RENAMED = "renamed"
    ROLES_CHANGED = "roles_changed"
    ROLES_BY_PROVIDER = "roles_by_provider"
    PICTURE_REMOVED = "picture_removed"
    PASSWORD_SET = "password_set"
    DISABLED = "disabled"
    ENABLED = "enabled"
    SESSIONS_ENDED = "sessions_ended"
    SETTING_CHANGED = "setting_changed"
    MESSAGE_DELETED = "message_deleted"
    ROOM_DELETED = "room_deleted"
    ROOM_RENAMED = "room_renamed"
    ROOM_ARCHIVED = "room_archived"
    ROOM_UNARCHIVED = "room_unarchived"
    BANNED = "banned"
    UNBANNED = "unbanned"
    INVITE_MADE = "invite_made"
    INVITE_USED = "invite_used"
    INVITE_WITHDRAWN = "invite_withdrawn"
    LOGIN_FAILED = "login_failed"
    SECOND_FACTOR_SET_UP = "second_factor_set_up"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"
    RESET_MADE = "reset_made"
    PASSWORD_RESET = "password_reset"
    EXPORT_ASKED = "export_asked"
    EXPORT_LINK_MADE = "export_link_made"
    HOLD_PLACED = "hold_placed"
    HOLD_LIFTED = "hold_lifted"
    ROOM_KEEP_CHANGED = "room_keep_changed"
    EXPIRED_REMOVED = "expired_removed"
    CONVERSATION_CLOSED = "conversation_closed"
    REPORT_HANDLED = "report_handled"
    SLOW_MODE_SET = "slow_mode_set"
    ADDRESS_BANNED = "address_banned"
    ADDRESS_UNBANNED = "address_unbanned"
    STARTING_ROOM_ADDED = "starting_room_added"
    STARTING_ROOM_REMOVED = "starting_room_removed"
    VISITOR_SECRET_MADE = "visitor_secret_made"
    VISITOR_SECRET_REMOVED = "visitor_secret_removed"
    REVIEW_WORDS = "review_words"
    HELD_ALLOWED = "held_allowed"
    HELD_REMOVED = "held_removed"
    HOOK_MADE = "hook_made"
    HOOK_CHANGED = "hook_changed"
    HOOK_TOKEN_RENEWED = "hook_token_renewed"
    HOOK_REMOVED = "hook_removed"
    OUTGOING_HOOK_MADE = "outgoing_hook_made"
    OUTGOING_HOOK_CHANGED = "outgoing_hook_changed"
    OUTGOING_HOOK_REMOVED = "outgoing_hook_removed"
    BOT_MADE = "bot_made"
    BOT_CHANGED = "bot_changed"
    BOT_TOKEN_MADE = "bot_token_made"
    BOT_REMOVED = "bot_removed"
    ARCHIVE_BEGUN = "archive_begun"
    ARCHIVE_MADE = "archive_made"
    ARCHIVE_LINK_MADE = "archive_link_made"
    ARCHIVE_STOPPED = "archive_stopped"
    ARCHIVE_REMOVED = "archive_removed"
    IMPORT_BEGUN = "import_begun"
    IMPORTED = "imported"
    IMPORT_STOPPED = "import_stopped"
    IMPORT_REMOVED = "import_removed"


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """An act by a person; `by_id` None: by a command of the server's operator.

    `person_id` and `room_id` are its target. `detail` is for people: the new roles, a setting's value, the `seq` of a
    message. It never has texts of messages or passwords.
    """

    by_id: int | None
    what: What
    person_id: int | None = None
    room_id: int | None = None
    detail: str = ""


class Named(msgspec.Struct, frozen=True):
    """A person with their current name, or their last one if they were deleted."""

    id: int
    name: str


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded act, at a time in Unix seconds. Ids ascend. `what` may be unknown to this release."""

    id: int
    at: float
    by: Named | None
    what: str
    person: Named | None
    room_id: int | None
    detail: str


def setting_act(name: str, value: SettingValue | None, by_id: int | None) -> Act:
    """Return the act of changing a setting; None: of resetting it. Sync and pure."""
    if isinstance(value, tuple):
        value = ", ".join(value) or "none"
    return Act(
        by_id=by_id, what=What.SETTING_CHANGED, detail=f"{name}: {'taken back' if value is None else value}"
    )


def invite_act(uses: int, seconds: float, maker_id: int | None, room_id: int | None) -> Act:
    """Return the act of making an invite, with its uses and lifetime. Sync and pure."""
    days = max(1, round(seconds / 86_400))
    return Act(by_id=maker_id, what=What.INVITE_MADE, room_id=room_id, detail=f"{uses} uses, {days} days")


def use_act(person_id: int, maker_id: int | None, room_id: int | None = None) -> Act:
    """Return the act of registering, or joining a room, with an invite by `maker_id`. Sync and pure."""
    return Act(by_id=person_id, what=What.INVITE_USED, person_id=maker_id, room_id=room_id)


def withdrawal_act(by_id: int | None, maker_id: int | None, room_id: int | None) -> Act:
    """Return the act of withdrawing an invite by `maker_id`. Sync and pure."""
    return Act(by_id=by_id, what=What.INVITE_WITHDRAWN, person_id=maker_id, room_id=room_id)


def reset_act(person_id: int) -> Act:
    """Return the act of setting a new password with an admin's reset link. Sync and pure."""
    return Act(by_id=person_id, what=What.PASSWORD_RESET, person_id=person_id)


def deletion_act(deletion: Deleted, sender_id: int) -> Act:
    """Return the act of deleting somebody else's message. Sync and pure."""
    return Act(
        by_id=deletion.actor_id,
        what=What.MESSAGE_DELETED,
        person_id=sender_id,
        room_id=deletion.room_id,
        detail=f"seq {deletion.seq}",
    )


def room_deletion_act(deletion: RoomDeleted, name: str | None) -> Act:
    """Return the act of deleting a room with this name, by an admin or a command. Sync and pure."""
    return Act(by_id=deletion.actor_id, what=What.ROOM_DELETED, room_id=deletion.room_id, detail=name or "")


def room_acts(before: Room, made: RoomChanged, *, as_admin: bool) -> list[Act]:
    """Return the acts of a room's change: archiving, unarchiving, and a new name by an admin. Sync and pure."""
    acts = []
    if as_admin and made.name != before.name:
        detail = f"{before.name} -> {made.name}"
        acts.append(Act(by_id=made.actor_id, what=What.ROOM_RENAMED, room_id=made.room_id, detail=detail))
    if made.is_archived != before.is_archived:
        what = What.ROOM_ARCHIVED if made.is_archived else What.ROOM_UNARCHIVED
        acts.append(Act(by_id=made.actor_id, what=what, room_id=made.room_id, detail=made.name))
    return acts


def ban_act(change: Removal | RoleChange) -> Act:
    """Return the act of banning somebody from a room, or of lifting the ban. Sync and pure."""
    return Act(
        by_id=change.actor_id,
        what=What.BANNED if isinstance(change, Removal) else What.UNBANNED,
        person_id=change.person_id,
        room_id=change.room_id,
    )


def archive_act(
    what: What,
    by_id: int | None,
    counts: str = "",
    *,
    person_id: int | None = None,
    room_id: int | None = None,
) -> Act:
    """Return the act of beginning or making an archive, of all, of a person or of a room. Sync and pure."""
    return Act(by_id=by_id, what=what, person_id=person_id, room_id=room_id, detail=counts)


def import_act(what: What, by_id: int | None, source: str, counts: str = "") -> Act:
    """Return the act of beginning or ending an import from a source. Sync and pure."""
    return Act(by_id=by_id, what=what, detail=f"{source}: {counts}" if counts else source)


def counts(people: int, rooms: int, messages: int, files: int) -> str:
    """Return what an archive has, as the audit writes it. Sync and pure."""
    return f"{people} people, {rooms} rooms, {messages} messages, {files} files"


def idle_act(change: SupportChange) -> Act:
    """Return the act of the server that closes a support conversation in which nobody wrote. Sync and pure."""
    return Act(
        by_id=None,
        what=What.CONVERSATION_CLOSED,
        person_id=change.actor_id,
        room_id=change.room_id,
        detail=f"{change.idle_days} days",
    )
