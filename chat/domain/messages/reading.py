"""Read positions and unread counts. Clients count by the same rules, so a reload shows the same numbers."""

import msgspec

from chat.domain.entities import Message, MessageKind, RoomKind

MOST_SHARED_WITH = 100
"""Members of a room or the lobby, up to which others see read positions."""

MOST_UNREAD = 100
"""Unread messages are counted up to this number, which then means that many or more."""

MOST_LOOKED_AT = 100
"""Messages at the end of a room that are searched for the person's own, which count as read."""


class ReadMark(msgspec.Struct, frozen=True, gc=False):
    """Somebody has read up to `seq`. `is_back`: the position may also move back to it."""

    seq: int
    is_back: bool = False


class ReadState(msgspec.Struct, frozen=True, gc=False):
    """A person's read position in a room, and the number of unread messages; `mentions` of them mention the person.

    `has_spoken`: one of the last MOST_LOOKED_AT messages after `read` is their own, perhaps not recorded as read yet.
    """

    room_id: int
    read: int
    unread: int
    mentions: int = 0
    has_spoken: bool = False


def next_read(read: int, mark: ReadMark, last_seq: int) -> int:
    """Return the read position after a mark, which is never beyond the last message. Sync and pure."""
    seq = min(mark.seq, last_seq)
    return seq if mark.is_back else max(read, seq)


def joined_marks(first: ReadMark, second: ReadMark) -> ReadMark:
    """Combine two successive marks into one with the same effect. Sync and pure."""
    return second if second.is_back else ReadMark(max(first.seq, second.seq), first.is_back)


def may_share_reads(kind: RoomKind, members: int) -> bool:
    """Whether a room shows the read positions of people who share them. Sync and pure."""
    return kind in (RoomKind.DIRECT, RoomKind.SUPPORT) or members <= MOST_SHARED_WITH


def is_unread(message: Message, person_id: int, read: int, *, is_deleted: bool) -> bool:
    """Whether a message counts as unread for a person who has read up to `read`. Sync and pure."""
    return (
        message.seq > read
        and message.kind is MessageKind.TEXT
        and message.sender_id != person_id
        and not is_deleted
    )
