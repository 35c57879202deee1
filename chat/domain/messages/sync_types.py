"""The values of a sync: snapshots of rooms for one person, positions of clients, and current messages.

A position has a number and a time (`pos` and `at`). After the log lost its end, the change with that number has
another time, which reveals the loss.
"""

from enum import StrEnum

import msgspec
from msgspec import structs

from chat.domain.entities import File, Message, MessageKind, Peer, Person, RoomKind, Visit
from chat.domain.messages.changes import (
    Deleted,
    Edited,
    FeatureChange,
    Reacted,
    Removed,
    RoleChanged,
    RoomChanged,
    SupportChanged,
    UnknownChange,
)
from chat.domain.messages.files import files_json
from chat.domain.rooms.membership import Notify, RoomRole

MOST_REPLAYED = 1000
"""Changes of one room that are replayed at once. A client further behind asks for pages, or gets a snapshot."""

MOST_REACTORS = 20
"""People who are listed for one emoji: those with the lowest ids."""


def milliseconds(at: float) -> int:
    """Return Unix seconds with microseconds as whole Unix milliseconds, rounded down. Sync and pure."""
    return round(at * 1_000_000) // 1000


class Position(msgspec.Struct, frozen=True, gc=False):
    """A client's newest change of a room, and its time in Unix milliseconds. Both 0: it has none."""

    room_id: int
    pos: int
    at: int


class KnownAt(msgspec.Struct, frozen=True, gc=False):
    """A client's position, and the log id (cut) as of which it is checked."""

    position: Position
    up_to_id: int


class RoomsAt(msgspec.Struct, frozen=True, gc=False):
    """Rooms to read for one person, as of a log id (cut). `room_ids` None: all rooms of the person."""

    person_id: int
    up_to_id: int
    room_ids: tuple[int, ...] | None = None


class PositionState(StrEnum):
    """Whether a client can resume from its position, or why not."""

    GOOD = "good"
    OTHER_HISTORY = "other_history"
    """The room has no such change: the log lost its end, or is another one."""
    TOO_FAR = "too_far"
    """More than MOST_REPLAYED changes are missing. The log has them, for a client that reads page by page."""
    ERASED = "erased"
    """The log was erased up to a change after the position."""


class ResumeCheck(msgspec.Struct, frozen=True, gc=False):
    """Whether a client can resume from its position in a room.

    `up_to` is the newest change to replay: the position's own if nothing is missing, 0 if the log has no replay.
    `seq` is the client's last message, after which it can read history; for another history it is the last message
    that is not newer than the position. `newest_id` is the room's newest message, 0 if nothing is missing.
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
    """One emoji on a message: the number of people, the first of them, and whether the reader is among them."""

    emoji: str
    count: int
    people: tuple[int, ...]
    is_mine: bool


class MessageNow(msgspec.Struct, frozen=True, kw_only=True):
    """The current state of a message, for one reader; a deleted one has no text. Times are Unix seconds.

    `pos` is the message's own change of its room, `changed_pos` its latest. Only the sender gets `key`. `deleted_by`
    is None also after a deletion by a command. `reply` is the seq of the message that it answers, `root` that of the
    first message of its thread. `mentions` are ids of people; 0 is everybody in the room.
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
    root: int | None = None


def json_bytes(message: Message | MessageNow) -> int:
    """Return how many bytes a message counts in an answer of bounded size: its text and files as JSON."""
    return len(msgspec.json.encode(message.text)) + len(files_json(message.files))


class TextVersion(msgspec.Struct, frozen=True, gc=False):
    """A version of a message's text, in force from `created_at` (Unix seconds)."""

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
    | FeatureChange
    | UnknownChange
)
"""A change that a client has missed, with its own `pos` and the current state: an edit has the message's newest text,
none if the message is deleted; a room change has the newest name and topic."""


class ReplayedChange(msgspec.Struct, frozen=True):
    """A change that several readers have missed: the part that is the same for all, and each reader's own part.

    Only the sender gets `key`. `reacted` lists the readers who react to the message, each with the emoji.
    """

    change: Replayed
    key: str | None = None
    reacted: tuple[tuple[int, str], ...] = ()

    def seen_by(self, reader_id: int) -> Replayed:
        """Return the change for one reader: `change` itself if no part is their own. Sync and pure."""
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

    `pos` and `seq` are the room's newest, `first` is its oldest; the messages reflect all changes up to `pos`.
    """

    messages: list[MessageNow]
    pos: int
    seq: int
    first: int = 1


class SupportStatus(msgspec.Struct, frozen=True):
    """Whether a support conversation is closed, its assignee, and since when its person waits.

    `waiting_since` is the time of their oldest unanswered message, in Unix seconds; None: all are answered.
    """

    is_closed: bool = False
    assignee: Peer | None = None
    waiting_since: float | None = None


class QueuePlace(msgspec.Struct, frozen=True):
    """The place of a support conversation in the queue.

    `rank` 0: its person waits for an answer, the longest wait first. `rank` 1: the others, the newest message first.
    """

    rank: int
    number: int
    room_id: int


class ConversationCounts(msgspec.Struct, frozen=True):
    """Open support conversations of others: all, those that wait for an answer, and those assigned to the operator.

    `unread` counts messages, at most MOST_UNREAD of each conversation, in `unread_in` conversations; without those that
    the operator has muted or hidden.
    """

    open: int
    waiting: int
    mine: int
    unread: int
    unread_in: int


class RoomSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A room as one person sees it. `pos` and `at` (Unix milliseconds) are the position from which to resume.

    The person has read up to the seq `read`; `unread` counts the messages after it
    (`domain/messages/reading.py`), `mentions` those of them that mention the person. `last` is the newest message, even
    if deleted. `peer` is the other person of a direct room, or the person of a support conversation, with public fields
    only, as `others` are the other people of a group, by name. Messages below `first` are removed; `picture` is a
    SHA-256 in hex; `slow_seconds` is 0 without slow mode.
    `support` is set for support conversations, `visit` for those of visitors.
    """

    id: int
    kind: RoomKind
    name: str | None = None
    topic: str = ""
    picture: str | None = None
    is_private: bool = False
    is_archived: bool = False
    slow_seconds: int = 0
    role: RoomRole = RoomRole.MEMBER
    members: int = 0
    pos: int = 0
    at: int = 0
    seq: int = 0
    first: int = 1
    read: int = 0
    unread: int = 0
    mentions: int = 0
    notify: Notify = Notify.MENTIONS
    is_hidden: bool = False
    is_starred: bool = False
    last: MessageNow | None = None
    peer: Person | None = None
    others: tuple[Person, ...] | None = None
    support: SupportStatus | None = None
    visit: Visit | None = None
