"""What becomes of messages, memberships and rooms: a change asked for, and the change that is committed.

A committed change is an entry of the log as a message is: it has an id of the log, and a place among all that was
changed in its room. It carries the new state, not a difference (docs/decisions/0013-one-log.md).
"""

import msgspec
from msgspec import UNSET, UnsetType

from chat.domain.entities import Draft, Message, Peer, People
from chat.domain.membership import RoomRole


class Edit(msgspec.Struct, frozen=True, gc=False):
    """A new text for the message `seq` of a room. `created_at` is in Unix seconds, `people` are those of the room.

    Whom the text mentions, the storage finds out.
    """

    room_id: int
    seq: int
    actor_id: int
    text: str
    created_at: float
    people: People = None
    mentions: tuple[int, ...] = ()


class Deletion(msgspec.Struct, frozen=True, gc=False):
    """The message `seq` of a room is to be deleted; None: by whoever runs the server, with a command."""

    room_id: int
    seq: int
    actor_id: int | None
    created_at: float
    people: People = None


class Reaction(msgspec.Struct, frozen=True, gc=False):
    """Somebody reacts to the message `seq` of a room with an emoji, or takes that back where not `is_on`."""

    room_id: int
    seq: int
    actor_id: int
    emoji: str
    is_on: bool
    created_at: float
    people: People = None


class Removal(msgspec.Struct, frozen=True, gc=False):
    """Somebody's membership of a room is to end. `created_at` is in Unix seconds.

    With `is_ban` they may not become a member again, and nor may somebody who is none.
    """

    room_id: int
    person_id: int
    actor_id: int
    created_at: float
    is_ban: bool = False


class RoomDeletion(msgspec.Struct, frozen=True, gc=False):
    """A room that people made is to end for everybody; None: by whoever runs the server, with a command.

    `as_admin`: by an admin who need not be in it, so it goes into the audit.
    """

    room_id: int
    actor_id: int | None
    created_at: float
    as_admin: bool = False


class RoleChange(msgspec.Struct, frozen=True, gc=False):
    """A member of a room is to have that role. None: whoever is banned is so no more, and is still no member."""

    room_id: int
    person_id: int
    role: RoomRole | None
    actor_id: int
    created_at: float


class RoomChange(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A room that people made is to have another name, topic or kind of access; what is None stays.

    `as_admin`: by an admin who need not be in it, so another name goes into the audit, as archiving always does.
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
    """Somebody is made a member of a room by another, `actor_id`, who may add people there."""

    joining: Draft
    actor_id: int

    @property
    def room_id(self) -> int:
        return self.joining.room_id


class Acceptance(msgspec.Struct, frozen=True, gc=False):
    """Somebody joins a room by an invite, given by its digest, of which that takes one use.

    `is_used`: they have just registered with it, which took the use.
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
    """A support conversation is to be closed or opened again, or to be an operator's, or nobody's; UNSET stays.

    `was` is the id of whose it must be for that, None of nobody. That the assignee is an operator, its submitter knows.
    """

    room_id: int
    actor_id: int
    created_at: float
    people: People = None
    is_closed: bool | UnsetType = UNSET
    assignee: Peer | UnsetType | None = UNSET
    was: int | UnsetType | None = UNSET


AccessWrite = Removal | RoomDeletion
"""Ends somebody's access to a room, or everybody's."""

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
)
"""What the journal takes."""


class Edited(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """A message has another text, with other mentions. `id` and `pos` are the change's; `seq` says which message."""

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
    """A message is deleted; nobody is told its text again."""

    id: int
    room_id: int
    seq: int
    pos: int
    actor_id: int | None
    created_at: float
    people: People = None


class Reacted(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """Somebody reacted to a message, or took it back; `count` people react to it with that emoji now."""

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
    """A support conversation is open or closed now, and an operator's or nobody's.

    `waiting_since` is when the person's oldest message without an answer was said, in Unix seconds; None: none waits.
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
    """A membership has ended: the person hears what came before in the room, and nothing after."""

    id: int
    room_id: int
    pos: int
    person_id: int
    actor_id: int
    created_at: float
    people: People = None
    is_ban: bool = False


class RoomDeleted(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """A room has ended: nobody hears anything of it after this."""

    id: int
    room_id: int
    pos: int
    actor_id: int | None
    created_at: float
    people: People = None


class RoleChanged(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """A member of a room has another role, which is not `banned`: who is banned is a member no more."""

    id: int
    room_id: int
    pos: int
    person_id: int
    role: RoomRole
    actor_id: int
    created_at: float
    people: People = None


class RoomChanged(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """A room is like this now."""

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


class UnknownChange(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """A change of a kind that a newer release writes, and this one does not know: it counts, and does nothing here."""

    id: int
    room_id: int
    pos: int
    created_at: float
    people: People = None


AccessChange = Removed | RoomDeleted
"""Open connections feel it at its place among the messages of the room, on every server."""

Change = (
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
"""An entry of the log: a message is a change too. They are tagged, and short where they are encoded, for the bus."""
