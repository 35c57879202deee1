"""The requests and replies about messages: every field, its type and its limits."""

from typing import Annotated

from msgspec import Meta

from chat.domain.rooms.room_history import MOST_TEXTS
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
    """Messages of a room: before, after or around a message; without these the newest."""

    room: Id
    before: Seq | None = None
    after: Mark | None = None
    around: Seq | None = None
    limit: Limit = 50


class Messages(Value, kw_only=True, frozen=True):
    """Messages, oldest first, with all changes of the room up to `pos`.

    `first`: there are no earlier messages; `last`: there are no later ones.
    """

    messages: list[Message]
    pos: Pos
    first: bool = False
    last: bool = False


class CreateMessage(Value, kw_only=True, frozen=True):
    """A message to send; repeating it with the same key saves it once."""

    room: Id
    key: Key
    text: Text = ""
    reply: Seq | None = None
    files: FileIds = ()


class ChangeMessage(WhichMessage, kw_only=True, frozen=True):
    """The new text of a message."""

    text: Text


class React(WhichMessage, kw_only=True, frozen=True):
    """An emoji under a message."""

    emoji: Emoji


class SwitchReaction(React, kw_only=True, frozen=True):
    """A reaction with an emoji, to be added or, with `on` = false, removed."""

    on: bool = True


class ReadUpTo(Value, kw_only=True, frozen=True):
    """Mark as read up to this message; with `back` also if the mark is further on, which marks later ones unread."""

    room: Id
    seq: Mark
    back: bool = False


class Counts(Value, kw_only=True, frozen=True):
    """The read mark, the number of unread messages, and how many of those mention the reader."""

    read: Mark
    unread: UpTo100 = 0
    mentions: UpTo100 = 0


class Edit(Value, kw_only=True, frozen=True):
    """A text of a message, and since when it had it."""

    at: Time
    text: Text


class Edits(Value, kw_only=True, frozen=True):
    """All texts of a message, oldest first: the original, its edits, the current one."""

    edits: Annotated[list[Edit], Meta(max_length=MOST_TEXTS)]


class Mentions(Value, kw_only=True, frozen=True):
    """A page of the messages that mention the caller, newest first; `after` is the `next` of the page before."""

    after: Id | None = None
    limit: Limit = 50
