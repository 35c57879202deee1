"""What a sync tells: rooms as one person sees them, how far clients are, and messages as they are now.

A position is a number and a time (`pos` and `at`), so that a log that was set back is noticed: the change with that
number has another time then.
"""

from enum import StrEnum

import msgspec
from msgspec import structs

from chat.domain.changes import (
    Deleted,
    Edited,
    Reacted,
    Removed,
    RoleChanged,
    RoomChanged,
    SupportChanged,
    UnknownChange,
)
from chat.domain.entities import File, Message, MessageKind, Peer, Person, RoomKind, Visit
from chat.domain.files import files_json
from chat.domain.membership import Notify, RoomRole

MOST_REPLAYED = 1000
"""Changes of one room that are told at once; who is further behind asks for pages, or gets the room as it is."""

MOST_REACTORS = 20
"""People who are named of those that react with one emoji: the ones with the lowest ids."""


def milliseconds(at: float) -> int:
    """Return Unix seconds, which are to the microsecond, as whole Unix milliseconds, rounded down. Sync and pure."""
    return round(at * 1_000_000) // 1000


class Position(msgspec.Struct, frozen=True, gc=False):
    """How far a client is in a room: its newest change, and when that was in Unix milliseconds. 0 and 0: before all."""

    room_id: int
    pos: int
    at: int


class KnownAt(msgspec.Struct, frozen=True, gc=False):
    """A client's position, and the id of the log as of which it is looked at."""

    position: Position
    up_to_id: int


class RoomsAt(msgspec.Struct, frozen=True, gc=False):
    """Rooms that are looked at for one person, as of an id of the log; None: all that are theirs."""

    person_id: int
    up_to_id: int
    room_ids: tuple[int, ...] | None = None


class PositionState(StrEnum):
    """Whether a client can go on from its position, or why not."""

    GOOD = "good"
    OTHER_HISTORY = "other_history"
    """The room has no such change: the log was set back, or is another one."""
    TOO_FAR = "too_far"
    """More than MOST_REPLAYED changes are missing: the log has them, and a client can be told them page by page."""
    ERASED = "erased"
    """Something before the position was erased."""


class ResumeCheck(msgspec.Struct, frozen=True, gc=False):
    """What became of a client's position.

    `up_to` is the newest change that is to be told: its own where nothing is missing, 0 where the log can't tell it.
    `seq` is the last message that the client has, from which history can be read on. Where the position is of another
    history, that is the last message that is no newer than the position. `newest_id` is the room's newest message, 0
    where nothing is missing.
    """

    room_id: int
    state: PositionState
    up_to: int
    seq: int
    newest_id: int = 0


class ChangeRange(msgspec.Struct, frozen=True, gc=False):
    """The changes of a room with `after` < pos <= `up_to`."""

    room_id: int
    after: int
    up_to: int


class ReactionCount(msgspec.Struct, frozen=True, array_like=True):
    """One emoji on a message: how many react with it, the first of them, and whether the reader is one."""

    emoji: str
    count: int
    people: tuple[int, ...]
    is_mine: bool


class MessageNow(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it is now, for one reader; of a deleted one there is no text. Times are Unix seconds.

    `pos` is its own place among the changes of its room, `changed_pos` that of its latest change. `key` is told to
    its sender alone. `deleted_by` is None also where it was done by a command. `reply` is the seq of the message that
    it answers; in `mentions`, which are ids of people, 0 is everybody in the room.
    """

    id: int
    room_id: int
    seq: int
    pos: int
    changed_pos: int
    sender_id: int
    sender_name: str
    kind: MessageKind
    text: str
    created_at: float
    key: str | None = None
    edited_at: float | None = None
    deleted_at: float | None = None
    deleted_by: int | None = None
    reactions: tuple[ReactionCount, ...] = ()
    reply: int | None = None
    mentions: tuple[int, ...] = ()
    files: tuple[File, ...] = ()


def json_bytes(message: Message | MessageNow) -> int:
    """Return what a message counts for where an answer has room for so many bytes: its text and files as JSON."""
    return len(msgspec.json.encode(message.text)) + len(files_json(message.files))


class TextVersion(msgspec.Struct, frozen=True, gc=False):
    """A text that a message had, since `created_at` (Unix seconds)."""

    text: str
    created_at: float


Replayed = (
    MessageNow
    | Edited
    | Deleted
    | Reacted
    | Removed
    | RoleChanged
    | RoomChanged
    | SupportChanged
    | UnknownChange
)
"""A change that a client has missed, with its own `pos` and the state of now: an edit of a message that was edited
again has the newest text, one of a message that is deleted has none, and of a room that was changed it is the newest
name and topic."""


class ReplayedChange(msgspec.Struct, frozen=True):
    """A change that several readers have missed: as everybody sees it, and what of it is one reader's own.

    `key` is for its sender alone. `reacted` has those of the readers who react to the message, and with which emoji.
    """

    change: Replayed
    key: str | None = None
    reacted: tuple[tuple[int, str], ...] = ()

    def seen_by(self, reader_id: int) -> Replayed:
        """Return it as one reader sees it, which is `change` itself where nothing is their own. Sync and pure."""
        change = self.change
        if not isinstance(change, MessageNow):
            return change
        if self.key is not None and change.sender_id == reader_id:
            change = structs.replace(change, key=self.key)
        if self.reacted:
            mine = {emoji for person_id, emoji in self.reacted if person_id == reader_id}
            if mine:
                counts = [structs.replace(each, is_mine=each.emoji in mine) for each in change.reactions]
                change = structs.replace(change, reactions=tuple(counts))
        return change


class Page(msgspec.Struct, frozen=True):
    """Consecutive messages of a room, oldest first, deleted ones included.

    `pos` and `seq` are the room's newest ones: all changes up to `pos` are in the messages.
    """

    messages: list[MessageNow]
    pos: int
    seq: int


class SupportStatus(msgspec.Struct, frozen=True):
    """Whether a support conversation is closed, which operator's it is, and since when its person waits.

    `waiting_since` is when their oldest message without an answer was said, in Unix seconds; None: none waits.
    """

    is_closed: bool = False
    assignee: Peer | None = None
    waiting_since: float | None = None


class QueuePlace(msgspec.Struct, frozen=True):
    """Where a conversation stands among all: first who waits for an answer, and of those who waits the longest.

    `rank` is 0 where somebody waits, else 1; then the one that was spoken in last comes first.
    """

    rank: int
    number: int
    room_id: int


class RoomSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A room as one person sees it. `pos` and `at` (Unix milliseconds) are the position to go on from.

    `read` is the seq up to which the person has read, `unread` counts what they have not (`domain/reading.py`), and
    `mentions` what of that mentions them.
    `last` is the newest message, also where it is deleted. `peer` is the other one of a direct room, or whose support
    conversation it is; of them is told what everybody may know. `support` is there for such a conversation, `visit` if
    it is a visitor's.
    """

    id: int
    kind: RoomKind
    name: str | None = None
    topic: str = ""
    is_private: bool = False
    is_archived: bool = False
    role: RoomRole = RoomRole.MEMBER
    members: int = 0
    pos: int = 0
    at: int = 0
    seq: int = 0
    read: int = 0
    unread: int = 0
    mentions: int = 0
    notify: Notify = Notify.MENTIONS
    is_hidden: bool = False
    last: MessageNow | None = None
    peer: Person | None = None
    support: SupportStatus | None = None
    visit: Visit | None = None
