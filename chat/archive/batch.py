"""Rows of messages that one transaction writes, with all that belongs to them, and their words for the search."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chat.archive import load_queries as queries
from chat.archive.format import Change, Message
from chat.domain.entities import File
from chat.domain.messages.files import files_json
from chat.features.search import statements as words
from chat.features.search.queries import vector_of
from chat.storage.postgres.session import Connection

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MESSAGES = (
    *(
        "id",
        "room_id",
        "seq",
        "pos",
        "sender_id",
        "kind",
        "text",
        "created_at",
        "reply_seq",
        "mentions",
        "files",
    ),
    *("edited_at", "deleted_at", "deleted_by", "changed_pos"),
)
_MENTIONS = ("room_id", "person_id", "seq", "id", "sender_id")
_EDITS = ("room_id", "seq", "pos", "text", "created_at", "replaced_at")
_REACTIONS = ("room_id", "seq", "emoji", "person_id")


def moment(at: int) -> datetime:
    """Return the time of so many microseconds. Sync and pure."""
    return _EPOCH + timedelta(microseconds=at)


def perhaps(at: int | None) -> datetime | None:
    """Return the time of so many microseconds, if any. Sync and pure."""
    return None if at is None else _EPOCH + timedelta(microseconds=at)


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers that a message has here, in place of the archive's."""

    id: int
    room_id: int
    seq: int
    pos: int
    by: int
    reply: int | None
    mentions: Sequence[int]
    files: Sequence[tuple[File, bytes]]
    """Each with its digest."""
    reactions: Mapping[str, Sequence[int]]
    pinned_by: int | None
    deleted_by: int | None
    is_whole: bool
    """Whether the positions of its earlier texts, its pin and its last change are the archive's."""


class Batch:
    """Collects rows, and writes them."""

    def __init__(self) -> None:
        self.size = 0
        self._messages: list[tuple[Any, ...]] = []
        self._mentions: list[tuple[Any, ...]] = []
        self._edits: list[tuple[Any, ...]] = []
        self._reactions: list[tuple[Any, ...]] = []
        self._pins: list[tuple[Any, ...]] = []
        self._files: list[tuple[Any, ...]] = []
        self._changes: list[tuple[Any, ...]] = []
        self._words: list[tuple[int, int, str]] = []

    def add(self, message: Message, at: Placed) -> None:
        """Add a message with these numbers. Sync."""
        self.size += 1
        place = at.room_id, at.seq
        said, edited = moment(message.at), perhaps(message.edited)
        is_deleted = message.deleted is not None
        files = [] if is_deleted else at.files
        self._messages.append(
            (
                at.id,
                *place,
                at.pos,
                at.by,
                message.kind,
                "" if is_deleted else message.text,
                said,
                at.reply,
                at.mentions or None,
                files_json([file for file, _ in files]).decode() or None,
                edited,
                perhaps(message.deleted),
                at.deleted_by,
                message.changed_pos if at.is_whole else None,
            )
        )
        if is_deleted:
            return
        self._mentions += [
            (at.room_id, each, at.seq, at.id, at.by) for each in dict.fromkeys(at.mentions) if each != at.by
        ]
        for nth, earlier in enumerate(message.earlier):
            following = message.earlier[nth + 1].at if nth + 1 < len(message.earlier) else message.edited
            pos = earlier.pos if at.is_whole else at.pos + nth
            replaced = moment(earlier.at if following is None else following)
            self._edits.append((*place, pos, earlier.text, moment(earlier.at), replaced))
        self._reactions += [
            (*place, emoji, each) for emoji, people in at.reactions.items() for each in dict.fromkeys(people)
        ]
        if message.pin is not None and at.pinned_by is not None:
            pos = message.pin.pos if at.is_whole else at.pos
            self._pins.append((*place, pos, at.pinned_by, moment(message.pin.at)))
        for file, digest in files:
            shape = file.name, file.type, file.size, file.width, file.height
            self._files.append((file.id, at.room_id, at.by, at.seq, *shape, digest, said))
        if message.kind == "message":
            vector = vector_of(message.text, [file for file, _ in files], at.id, at.room_id, at.by)
            self._words.append((at.id, at.room_id, vector))

    def change(self, change: Change) -> None:
        """Add another change of a room, as it is. Sync."""
        self.size += 1
        data = None if change.data is None else msgspec.json.encode(change.data).decode()
        self._changes.append(
            (
                *(change.id, change.room, change.pos, change.seq, change.kind, change.by, change.emoji),
                *(change.is_on, moment(change.at), change.person, perhaps(change.kept_until), change.role),
                *(change.is_closed, change.assignee, perhaps(change.waiting_since), data),
            )
        )

    async def write(self, connection: Connection) -> None:
        """Write all rows; asyncio-flavoured."""
        for table, columns, rows in (
            ("messages", _MESSAGES, self._messages),
            ("mentions", _MENTIONS, self._mentions),
            ("edits", _EDITS, self._edits),
            ("reactions", _REACTIONS, self._reactions),
        ):
            if rows:
                await connection.copy_records_to_table(table, records=rows, columns=columns)
        for statement, rows in (
            (queries.ADD_FILES, self._files),
            (queries.ADD_PINS, self._pins),
            (queries.ADD_CHANGES, self._changes),
        ):
            if rows:
                await connection.execute(statement, *map(list, zip(*rows, strict=True)))
        if self._words:
            await connection.execute(words.WITH_BUCKETS)
            await connection.execute(words.WRITE, *map(list, zip(*self._words, strict=True)))
