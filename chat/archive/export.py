"""Writes the archive of a server, a room or a person, from its database and its files.

The rooms, with the ends of the log and of each room, are read at one moment; then the log up to that end, a window of
ids at a time; then files, and at last people and memberships, so that they contain everybody whom the log names. What
changes meanwhile is as it was when it was read. A run that was cut off goes on behind its last whole file.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sys import intern
from typing import Any, NamedTuple, TypeVar

import asyncpg
import msgspec
import trio

from chat.archive import export_queries as queries
from chat.archive.directory import ArchiveWriter, BadArchive, log_name
from chat.archive.format import (
    FORMAT,
    Ban,
    Change,
    Earlier,
    Entry,
    File,
    Follow,
    Head,
    Mark,
    Member,
    Message,
    Part,
    Person,
    Pin,
    Room,
    Scope,
    decode_entry,
)
from chat.domain.administration.audit import What, archive_act, counts
from chat.domain.failures import FileStoreDown
from chat.domain.messages.files import FILES
from chat.storage.file_store import DiskFileStore
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_WINDOW = 2000
"""Ids of the log in one read: some 50 milliseconds."""

_WINDOWS = 50
"""Reads for one file of the log."""

_SHARE = 0.7
"""The share of time that it works in."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

L = TypeVar("L", bound=msgspec.Struct)


class Progress(NamedTuple):
    """How far an export is: `done` of `whole` ids of the log, or of files."""

    what: str
    done: int
    whole: int


class Exported(msgspec.Struct, frozen=True):
    """What an archive has, by its files of lines; the number of files, and of those whose bytes were missing.

    `left_out` counts, by name, rows of the database that no archive has.
    """

    parts: dict[str, Part]
    files: int
    missing: int
    left_out: dict[str, int]


class _State(msgspec.Struct, frozen=True):
    """What a later run needs: the archive's source and scope, and the end of the log."""

    source: str
    scope: Scope
    last_id: int


class Export:
    """One export.

    Args:
        database: the server's.
        store: the server's files; None: the archive gets none.
        directory: where the archive is made.
        scope: what it is of.
        progress: called as it goes on. Sync.
        by_id: the admin whose act it is in the audit; None: a command's.
    """

    def __init__(
        self,
        database: Database,
        store: DiskFileStore | None,
        directory: Path,
        scope: Scope,
        progress: Callable[[Progress], object] = lambda _progress: None,
        by_id: int | None = None,
    ) -> None:
        self._database = database
        self._store = store
        self._scope = scope
        self._progress = progress
        self._directory = directory
        self._by_id = by_id

    async def run(self) -> Exported:
        """Make the archive, or finish it. Raises BadArchive, StorageDown and OSError.

        Cancelling: the next run goes on.
        """
        writer = await trio.to_thread.run_sync(ArchiveWriter, self._directory)
        state = writer.state(_State)
        if state is None or not writer.has("rooms.jsonl"):
            state = await self._begin(writer)
        if state.scope != self._scope:
            raise BadArchive(f"{self._directory} has an unfinished archive of something else")
        rooms = [each["id"] for each in _lines(self._directory / "rooms.jsonl")]
        await self._write_log(writer, state, rooms)
        files, missing = await self._copy_files(writer)
        await self._write_people(writer, rooms)
        parts: dict[str, Part] = {}

        def finished(found: dict[str, Part]) -> Head:
            parts.update(found)
            return Head(
                format=FORMAT, source=state.source, scope=state.scope, last_id=state.last_id, parts=found
            )

        await trio.to_thread.run_sync(writer.finish, finished)
        lines = {name: part.lines for name, part in parts.items()}
        messages = sum(each for name, each in lines.items() if name.startswith("log-"))
        await self._note(
            What.ARCHIVE_MADE, counts(lines["people.jsonl"], lines["rooms.jsonl"], messages, files)
        )
        return Exported(parts, files, missing, await self._left_out())

    async def _note(self, what: What, made: str = "") -> None:
        act = archive_act(what, self._by_id, made, person_id=self._scope.person, room_id=self._scope.room)
        await self._database.write(lambda c: note(c, [act]))

    async def _begin(self, writer: ArchiveWriter) -> _State:
        async def begin(connection: Connection) -> tuple[asyncpg.Record, list[asyncpg.Record]]:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                head = await connection.fetchrow(queries.HEAD)
                assert head is not None
                return head, await connection.fetch(queries.ROOMS, self._scope.room, self._scope.person)

        await self._note(What.ARCHIVE_BEGUN)  # before anything is read
        head, rows = await self._database.read(begin)
        state = _State(head["source"], self._scope, head["last_id"])
        await trio.to_thread.run_sync(writer.keep_state, state)
        await trio.to_thread.run_sync(writer.write, "rooms.jsonl", [_room(row) for row in rows])
        return state

    async def _write_log(self, writer: ArchiveWriter, state: _State, rooms: list[int]) -> None:
        wide = _WINDOW * (1 if self._scope == Scope() else 10)
        size = wide * _WINDOWS
        for nth, first in enumerate(range(0, state.last_id, size), 1):
            end = min(first + size, state.last_id)
            if writer.has(log_name(nth)):
                continue
            entries: list[Entry] = []
            for after in range(first, end, wide):
                began = trio.current_time()
                entries += await self._read_window(after, min(after + wide, end), rooms)
                self._progress(Progress("log", min(after + wide, end), state.last_id))
                await trio.sleep((trio.current_time() - began) * (1 / _SHARE - 1))
            await trio.to_thread.run_sync(writer.write, log_name(nth), entries)

    async def _read_window(self, after: int, up_to: int, rooms: list[int]) -> list[Entry]:
        asked = after, up_to, rooms, self._scope.person

        async def read(connection: Connection) -> list[list[asyncpg.Record]]:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                return [await connection.fetch(query, *asked) for query in queries.WINDOW]

        messages, edits, reactions, pins, files, changes = await self._database.read(read)
        earlier: dict[tuple[int, int], list[Earlier]] = {}
        for row in edits:
            each = Earlier(pos=row["pos"], text=row["text"], at=_time(row["created_at"]))
            earlier.setdefault((row["room_id"], row["seq"]), []).append(each)
        reacted: dict[tuple[int, int], dict[str, list[int]]] = {}
        for row in reactions:
            people = reacted.setdefault((row["room_id"], row["seq"]), {})
            people.setdefault(row["emoji"], []).append(row["person_id"])
        pinned = {
            (row["room_id"], row["seq"]): Pin(by=row["by_id"], at=_time(row["created_at"]), pos=row["pos"])
            for row in pins
        }
        digests = {row["id"]: row["digest"].hex() for row in files}
        entries: list[Entry] = []
        for row in messages:
            place = row["room_id"], row["seq"]
            kept = [
                File(
                    id=each.id,
                    name=each.name,
                    type=each.type,
                    size=each.size,
                    width=each.width,
                    height=each.height,
                    sha256=digests[each.id],
                )
                for each in (FILES.decode(row["files"]) if row["files"] else ())
                if each.id in digests
            ]
            entries.append(
                Message(
                    id=row["id"],
                    room=row["room_id"],
                    seq=row["seq"],
                    pos=row["pos"],
                    by=row["sender_id"],
                    kind=_word(row["kind"]),
                    text=row["text"],
                    at=_time(row["created_at"]),
                    reply=row["reply_seq"],
                    mentions=row["mentions"] or [],
                    files=kept,
                    edited=_perhaps(row["edited_at"]),
                    earlier=earlier.get(place, []),
                    reactions=reacted.get(place, {}),
                    pin=pinned.get(place),
                    changed_pos=row["changed_pos"],
                    deleted=_perhaps(row["deleted_at"]),
                    deleted_by=row["deleted_by"],
                )
            )
        if changes:
            entries += [_change(row) for row in changes]
            entries.sort(key=lambda entry: entry.id)
        return entries

    async def _copy_files(self, writer: ArchiveWriter) -> tuple[int, int]:
        digests = await trio.to_thread.run_sync(_digests, self._directory)
        missing = 0
        for nth, sha256 in enumerate(digests if self._store is not None else (), 1):
            assert self._store is not None
            if not await self._copy(writer, self._store, sha256):
                missing += 1
            self._progress(Progress("files", nth, len(digests)))
        return (len(digests) if self._store is not None else 0) - missing, missing

    async def _copy(self, writer: ArchiveWriter, store: DiskFileStore, sha256: str) -> bool:
        if not await store.has(bytes.fromhex(sha256)):
            return False
        try:
            async with store.reading(bytes.fromhex(sha256)) as pieces:
                return await _keep(writer, sha256, pieces)
        except FileStoreDown:
            return False  # removed meanwhile

    async def _write_people(self, writer: ArchiveWriter, rooms: list[int]) -> None:
        kinds: tuple[tuple[str, str, Callable[[asyncpg.Record], msgspec.Struct]], ...] = (
            ("members.jsonl", queries.MEMBERS, _member),
            ("marks.jsonl", queries.MARKS, _mark),
            ("bans.jsonl", queries.BANS, _ban),
            ("follows.jsonl", queries.FOLLOWS, _follow),
        )
        for name, query, made in kinds:
            lines = [line async for rows in self._pages(query, rooms) for line in map(made, rows)]
            await trio.to_thread.run_sync(writer.write, name, lines)
        named = None
        if self._scope.person is not None:
            named = [self._scope.person]
        elif self._scope.room is not None:
            named = sorted(await trio.to_thread.run_sync(_named, self._directory))
        people = await self._database.read(lambda c: c.fetch(queries.PEOPLE, named))
        await trio.to_thread.run_sync(writer.write, "people.jsonl", [_person(row) for row in people])

    async def _pages(self, query: str, rooms: list[int]) -> AsyncIterator[list[asyncpg.Record]]:
        for first in range(0, len(rooms), 200):
            some = rooms[first : first + 200]
            yield await self._database.read(lambda c, some=some: c.fetch(query, some, self._scope.person))  # type: ignore[misc]

    async def _left_out(self) -> dict[str, int]:
        row = await self._database.read(lambda c: c.fetchrow(queries.LEFT_OUT))
        assert row is not None
        return {name.replace("_", " "): count for name, count in row.items() if count}


async def _keep(writer: ArchiveWriter, sha256: str, pieces: AsyncIterator[bytes]) -> bool:
    """Keep the bytes of a file; they come from the event loop, and a thread writes them."""

    def pulled() -> Iterator[bytes]:
        while (piece := trio.from_thread.run(_next, pieces)) is not None:
            yield piece

    return await trio.to_thread.run_sync(writer.keep_file, sha256, pulled())


async def _next(pieces: AsyncIterator[bytes]) -> bytes | None:
    return await anext(pieces, None)


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    with path.open("rb") as file:
        for line in file:
            yield msgspec.json.decode(line)


def _log(directory: Path) -> Iterator[Entry]:
    for path in sorted(directory.glob("log-*.jsonl")):
        with path.open("rb") as file:
            yield from map(decode_entry, file)


def _digests(directory: Path) -> list[str]:
    return sorted(
        {file.sha256 for entry in _log(directory) if isinstance(entry, Message) for file in entry.files}
    )


def _named(directory: Path) -> set[int]:
    """Return everybody whom the lines of an archive name."""
    people: set[int] = set()
    for entry in _log(directory):
        people.add(entry.by or 0)
        if isinstance(entry, Message):
            people.update(entry.mentions, [entry.deleted_by or 0], *entry.reactions.values())
            people.add(entry.pin.by if entry.pin else 0)
        else:
            people.update([entry.person or 0, entry.assignee or 0])
    for name in ("members", "marks", "bans", "follows"):
        people.update(line["person"] for line in _lines(directory / f"{name}.jsonl"))
    for room in _lines(directory / "rooms.jsonl"):
        people.update(room.get("people", ()), [room.get("creator", 0), room.get("assignee", 0)])
    return people - {0}


def _word(word: str) -> Any:  # noqa: ANN401 - one of the words of its column
    """Return the one object of a word: msgspec leaves defaults out by their identity."""
    return intern(word)


def _time(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _perhaps(at: datetime | None) -> int | None:
    return None if at is None else _time(at)


def _made(line: type[L], row: asyncpg.Record, **others: Any) -> L:  # noqa: ANN401 - each has its own
    """Return a line with the columns that are called as its fields, or so with `_at`; `others` are its other fields."""
    for field in line.__struct_fields__:
        column = f"{field}_at" if f"{field}_at" in row else field
        if field not in others and column in row:
            value = row[column]
            others[field] = _time(value) if isinstance(value, datetime) else value
    return line(**others)


def _person(row: asyncpg.Record) -> Person:
    return _made(
        Person, row, shares_reads=row["share_reads"], joined=row["joined_id"], operating=row["operator_id"]
    )


def _room(row: asyncpg.Record) -> Room:
    kind, key = row["kind"], row["people_key"]
    people: list[int] = []
    if kind == "direct":
        people = [row["low_id"], row["high_id"]]
    elif kind == "support":
        people = [row["creator_id"]]
    elif key is not None and not key.startswith("left"):
        people = [int(each) for each in key.split(",")]
    return _made(
        Room,
        row,
        name=row["name"] if kind in ("lobby", "room") else None,
        creator=row["creator_id"],
        is_group=key is not None,
        people=people,
        keep_set=_perhaps(row["keep_set_at"]),
        assignee=row["assignee_id"],
    )


def _change(row: asyncpg.Record) -> Change:
    return _made(
        Change,
        row,
        room=row["room_id"],
        kind=_word(row["kind"]),
        by=row["actor_id"],
        at=_time(row["created_at"]),
        person=row["person_id"],
        assignee=row["assignee_id"],
        data=None if row["data"] is None else msgspec.json.decode(row["data"]),
    )


def _member(row: asyncpg.Record) -> Member:
    return _made(Member, row, room=row["room_id"], person=row["user_id"], role=_word(row["role"]))


def _mark(row: asyncpg.Record) -> Mark:
    return _made(
        Mark,
        row,
        room=row["room_id"],
        person=row["user_id"],
        notify=_word(row["notify"]),
        is_hidden=row["hidden"],
        is_starred=row["starred"],
    )


def _ban(row: asyncpg.Record) -> Ban:
    return _made(Ban, row, room=row["room_id"], person=row["user_id"], at=_time(row["created_at"]))


def _follow(row: asyncpg.Record) -> Follow:
    return _made(Follow, row, room=row["room_id"], person=row["person_id"])
