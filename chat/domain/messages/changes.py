"""Writes to messages, memberships and rooms, and the changes that they become when committed.

A committed change is a log entry like a message: it has a log id and a position (`pos`) among the changes of its
room. It carries the new state, not a difference (docs/decisions/0013-one-log.md).
"""

import msgspec
from msgspec import UNSET, UnsetType

from chat.domain.entities import Draft, Message, Peer, People
from chat.domain.rooms.membership import RoomRole


class Edit(msgspec.Struct, frozen=True, gc=False):
    """A new text for the message `seq` of a room. `created_at` is in Unix seconds, `people` are those of the room.

    The storage fills in `mentions`.
    """

    room_id: int
    seq: int
    actor_id: int
    text: str
    created_at: float
    people: People = None
    mentions: tuple[int, ...] = ()


class Deletion(msgspec.Struct, frozen=True, gc=False):
    """Deletes the message `seq` of a room. `actor_id` None: by a command of the server's operator, or by retention.

    `is_expired`: by retention, which the audit counts; it does not list each message.
    """

    room_id: int
    seq: int
    actor_id: int | None
    created_at: float
    people: People = None
    is_expired: bool = False


class Reaction(msgspec.Struct, frozen=True, gc=False):
    """Adds somebody's emoji to the message `seq` of a room, or removes it if not `is_on`."""

    room_id: int
    seq: int
    actor_id: int
    emoji: str
    is_on: bool
    created_at: float
    people: People = None


class Removal(msgspec.Struct, frozen=True, gc=False):
    """Ends somebody's membership of a room. `created_at` is in Unix seconds.

    With `is_ban` they may not become a member again; a person who is no member can be banned too.
    """

    room_id: int
    person_id: int
    actor_id: int
    created_at: float
    is_ban: bool = False


class RoomDeletion(msgspec.Struct, frozen=True, gc=False):
    """Deletes a room that people made. `actor_id` None: by a command of the server's operator.

    `as_admin`: by an admin, who need not be a member; recorded in the audit.
    """

    room_id: int
    actor_id: int | None
    created_at: float
    as_admin: bool = False


class RoleChange(msgspec.Struct, frozen=True, gc=False):
    """Gives a member of a room a role. None: lifts a ban; the person is still no member."""

    room_id: int
    person_id: int
    role: RoomRole | None
    actor_id: int
    created_at: float


class RoomChange(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Changes the name, topic or access of a room that people made; None leaves a field as it is.

    `as_admin`: by an admin, who need not be a member; the audit records another name then. It always records archiving.
    """

    room_id: int
    actor_id: int
    created_at: float
    name: str | None = None
    topic: str | None = None
    is_private: bool | None = None
    is_archived: bool | None = None
    as_admin: bool = False


class Addition(msgspec.Struct, frozen=True, gc=False):
    """Makes somebody a member of a room, on behalf of `actor_id`; None: of the server."""

    joining: Draft
    actor_id: int | None

    @property
    def room_id(self) -> int:
        return self.joining.room_id


class Acceptance(msgspec.Struct, frozen=True, gc=False):
    """Makes somebody a member of a room by an invite, given by its digest; this uses the invite once.

    `is_used`: they have just registered with it, which already counted as the use.
    """

    joining: Draft
    invite: bytes
    is_used: bool = False

    @property
    def room_id(self) -> int:
        return self.joining.room_id

    @property
    def actor_id(self) -> int:
        return self.joining.sender_id


class SupportChange(msgspec.Struct, frozen=True, gc=False):
    """Closes, reopens, assigns or unassigns a support conversation; UNSET fields stay.

    `was` is the id of the assignee that the change expects, None: nobody. The submitter has checked that the new
    assignee is an operator. `idle_days`: the server closes the conversation because nobody wrote for so many days;
    the storage does so only if nothing has followed the position `at_pos`, and records it in the audit.
    """

    room_id: int
    actor_id: int
    created_at: float
    people: People = None
    is_closed: bool | UnsetType = UNSET
    assignee: Peer | UnsetType | None = UNSET
    was: int | UnsetType | None = UNSET
    idle_days: int = 0
    at_pos: int = 0


class FeatureWrite(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Base of the writes of features. `created_at` is in Unix seconds, `people` are those of the room."""

    room_id: int
    actor_id: int
    created_at: float
    people: People = None


AccessWrite = Removal | RoomDeletion
"""Ends one person's access to a room, or everybody's."""

Write = (
    Draft
    | Edit
    | Deletion
    | Reaction
    | AccessWrite
    | RoleChange
    | RoomChange
    | Addition
    | Acceptance
    | SupportChange
    | FeatureWrite
)
"""What the journal accepts."""


class Edited(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """A message has a new text and mentions. `id` and `pos` are the change's; `seq` is the message's."""

    id: int
    room_id: int
    seq: int
    pos: int
    actor_id: int
    text: str
    created_at: float
    people: People = None
    mentions: tuple[int, ...] = ()


class Deleted(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """A message is deleted; its text is never returned again."""

    id: int
    room_id: int
    seq: int
    pos: int
    actor_id: int | None
    created_at: float
    people: People = None


class Reacted(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """Somebody added or removed a reaction; `count` people react with that emoji now."""

    id: int
    room_id: int
    seq: int
    pos: int
    actor_id: int
    emoji: str
    is_on: bool
    count: int
    created_at: float
    people: People = None


class SupportChanged(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """The state of a support conversation: open or closed, and its assignee.

    `waiting_since` is the time of the person's oldest unanswered message, in Unix seconds; None: all are answered.
    """

    id: int
    room_id: int
    pos: int
    actor_id: int
    is_closed: bool
    assignee: Peer | None
    waiting_since: float | None
    created_at: float
    people: People = None


class Removed(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """A membership has ended: the person receives the room's changes before this one, and none after."""

    id: int
    room_id: int
    pos: int
    person_id: int
    actor_id: int
    created_at: float
    people: People = None
    is_ban: bool = False


class RoomDeleted(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """A room is deleted: it has no changes after this one."""

    id: int
    room_id: int
    pos: int
    actor_id: int | None
    created_at: float
    people: People = None


class RoleChanged(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """A member of a room has another role, never `banned`: a ban is a Removed."""

    id: int
    room_id: int
    pos: int
    person_id: int
    role: RoomRole
    actor_id: int
    created_at: float
    people: People = None


class RoomChanged(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """The new state of a room."""

    id: int
    room_id: int
    pos: int
    actor_id: int
    name: str
    topic: str
    is_private: bool
    is_archived: bool
    created_at: float
    people: People = None


class FeatureChange(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag=True, array_like=True):
    """Base of the committed changes of features (`domain/features.py`); their own fields follow.

    They are JSON and say what happened, so a replay sends them as they were committed.
    """

    id: int
    room_id: int
    pos: int
    actor_id: int
    created_at: float
    people: People = None


class UnknownChange(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """A change of a kind that this server does not know: it takes a position and has no effect here."""

    id: int
    room_id: int
    pos: int
    created_at: float
    people: People = None


AccessChange = Removed | RoomDeleted
"""Applied to open connections in log order among the room's messages, on every server."""

CoreChange = (
    Message
    | Edited
    | Deleted
    | Reacted
    | AccessChange
    | RoleChanged
    | RoomChanged
    | SupportChanged
    | UnknownChange
)
"""The kinds of change that every server knows."""

Change = CoreChange | FeatureChange
"""A log entry; a message is one too. Tagged arrays keep the encoding for the bus short."""
