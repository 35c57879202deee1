"""What is asked about the messages of a room, and answered: every field, its type and its limits."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chat.domain.room_history import MOST_TEXTS
from chat.operations.room_values import (
    Emoji,
    FileIds,
    Key,
    Mark,
    Message,
    Pos,
    Seq,
    Text,
    UpTo100,
    WhichMessage,
)
from chat.operations.values import Id, Limit, Time, Value


class History(Value, kw_only=True, frozen=True):
    """Messages of a room: before, after or around one; without any of them the newest."""

    room: Id
    before: Seq | None = None
    after: Mark | None = None
    around: Seq | None = None
    limit: Limit = 50


class Messages(Value, kw_only=True, frozen=True):
    """Messages, the oldest first, with all changes of the room up to `pos`.

    `first`: nothing was said before them; `last`: nothing was said after them.
    """

    messages: list[Message]
    pos: Pos
    first: bool = False
    last: bool = False


class CreateMessage(Value, kw_only=True, frozen=True):
    """What to say, once however often it is sent."""

    room: Id
    key: Key
    text: Text = ""
    reply: Seq | None = None
    files: FileIds = ()


class CreateFile(Value, kw_only=True, frozen=True):
    """A file to upload, for a message in that room, by the name that it is to have."""

    room: Id
    name: str = ""


class WithFiles(Value, kw_only=True, frozen=True):
    """Which messages of a room that have files, the newest first; `after` is the `next` of the page before."""

    room: Id
    after: Seq | None = None
    limit: Limit = 50


class FilesOfRoom(Value, kw_only=True, frozen=True):
    """Messages that have files, the newest first. Where there are more, `next` is the `after` of the next page."""

    messages: list[Message]
    next: Seq | None = None


class WhichFile(Value, kw_only=True, frozen=True):
    """A file."""

    id: Id


class ChangeMessage(WhichMessage, kw_only=True, frozen=True):
    """The text to have from now on."""

    text: Text


class React(WhichMessage, kw_only=True, frozen=True):
    """An emoji under a message."""

    emoji: Emoji


class SwitchReaction(React, kw_only=True, frozen=True):
    """One's reaction to a message with an emoji, given or taken back."""

    on: bool = True


class ReadUpTo(Value, kw_only=True, frozen=True):
    """Have read up to this message; with `back` only up to there, however far one has read."""

    room: Id
    seq: Mark
    back: bool = False


class Counts(Value, kw_only=True, frozen=True):
    """How far one has read, how many messages one has not, and how many of those mention one."""

    read: Mark
    unread: UpTo100 = 0
    mentions: UpTo100 = 0


class Edit(Value, kw_only=True, frozen=True):
    """A text that a message had from this time on."""

    at: Time
    text: Text


class Edits(Value, kw_only=True, frozen=True):
    """The texts of a message, the oldest first: as it was said, as it was edited, as it is now."""

    edits: Annotated[list[Edit], Meta(max_length=MOST_TEXTS)]


class Mentions(Value, kw_only=True, frozen=True):
    """Which messages that mention one, the newest first; `after` is the `next` of the page before."""

    after: Id | None = None
    limit: Limit = 50


class Hit(Value, kw_only=True, frozen=True):
    """A message that was found. `pieces` are its text, by turns plain and what was looked for; the first is plain."""

    message: Message
    pieces: tuple[str, ...] = ()


class Search(Value, kw_only=True, frozen=True):
    """Which messages to look for, in the rooms that one is in.

    `q` has words, of which each may be the beginning of one, and phrases in quotes; what has a minus before it must not
    be in the message. `from` is who said it, and `since` and `before` when. With `order` best, those of the newest
    that fit best come first, and there is no next page.
    """

    q: Annotated[str, Meta(min_length=1, max_length=4000)]
    room: Id | None = None
    from_: Id | None = msgspec.field(name="from", default=None)
    since: Time | None = None
    before: Time | None = None
    order: Literal["new", "best"] = "new"
    after: Id | None = None
    limit: Limit = 50


class Hits(Value, kw_only=True, frozen=True):
    """Messages that were found. Where there are more, `next` is the `after` of the next page."""

    hits: list[Hit]
    next: Id | None = None
