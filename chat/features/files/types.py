"""The requests and replies about files: every field, its type and its limits."""

from typing import Literal

from chat.operations.room_values import Message, Seq
from chat.operations.values import Id, Limit, Value


class CreateFile(Value, kw_only=True, frozen=True):
    """A file to upload for a message in that room, and its name."""

    room: Id
    name: str = ""


class WithFiles(Value, kw_only=True, frozen=True):
    """A page of a room's messages with files, or with files of a `kind`, newest first.

    `after` is the `next` of the page before.
    """

    room: Id
    kind: Literal["image", "video", "audio", "document", "other"] | None = None
    after: Seq | None = None
    limit: Limit = 50


class FilesOfRoom(Value, kw_only=True, frozen=True):
    """Messages with files, newest first. If there are more, `next` is the `after` of the next page."""

    messages: list[Message]
    next: Seq | None = None


class WhichFile(Value, kw_only=True, frozen=True):
    """A file."""

    id: Id
