"""How far people have read. Clients count by the same rules, so that they never disagree with a reload."""

import msgspec

from chat.domain.entities import Message, MessageKind, RoomKind

MOST_SHARED_WITH = 100
"""Members of a room that people made, or of the lobby, up to which others see how far somebody has read."""

MOST_UNREAD = 100
"""Unread messages are counted so far: that many or more."""

MOST_LOOKED_AT = 100
"""Messages at the end of a room that are looked through for one's own: what they say is noted at once."""


class ReadMark(msgspec.Struct, frozen=True, gc=False):
    """Somebody has read up to `seq`; with `is_back` only up to there, wherever they were before."""

    seq: int
    is_back: bool = False


class ReadState(msgspec.Struct, frozen=True, gc=False):
    """How far a person has read in a room, and how many messages they have not; `mentions` of those mention them.

    `has_spoken`: of the last MOST_LOOKED_AT messages one behind `read` is their own, which may still be to be noted.
    """

    room_id: int
    read: int
    unread: int
    mentions: int = 0
    has_spoken: bool = False


def next_read(read: int, mark: ReadMark, last_seq: int) -> int:
    """Return how far somebody has read after a mark: forward, or anywhere; never beyond the end. Sync and pure."""
    seq = min(mark.seq, last_seq)
    return seq if mark.is_back else max(read, seq)


def joined_marks(first: ReadMark, second: ReadMark) -> ReadMark:
    """Return the one mark that does what these two do one after the other. Sync and pure."""
    return second if second.is_back else ReadMark(max(first.seq, second.seq), first.is_back)


def may_share_reads(kind: RoomKind, members: int) -> bool:
    """Whether others in a room see how far somebody has read, who lets them. Sync and pure."""
    return kind in (RoomKind.DIRECT, RoomKind.SUPPORT) or members <= MOST_SHARED_WITH


def is_unread(message: Message, person_id: int, read: int, *, is_deleted: bool) -> bool:
    """Whether a message counts as unread to somebody who has read up to `read`. Sync and pure."""
    return (
        message.seq > read
        and message.kind is MessageKind.TEXT
        and message.sender_id != person_id
        and not is_deleted
    )
