"""Imports an archive into a database, beside a running server or without one.

An archive of a whole server goes into an empty one with all its numbers. Any other is added: its people get accounts,
its rooms are new rooms, and its messages get new ids (docs/decisions/0107-imports-beside-the-log.md):

1. People, each with the key that the source knows them by, so that the same source finds them again.
2. A range of the log's ids is taken at once. Messages are written to it in batches, without the log's lock: their rooms
   do not exist yet, so nobody sees them and nobody is notified.
3. Each room is opened in one transaction, with its counters, members and marks.

Each batch notes in its transaction how far it is, so an import that was cut off goes on there. The same source again
adds messages that are newer than those that are here, to rooms that are there under the log's lock, and changes those
that are here (`later.py`).
"""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

import asyncpg
import trio

from chat.archive import load_queries as queries
from chat.archive.batch import Batch, Placed, moment, perhaps
from chat.archive.directory import ArchiveReader, BadArchive
from chat.archive.format import Change, Message, Person, Scope
from chat.archive.format import File as ArchivedFile
from chat.archive.later import LaterChanges
from chat.archive.plan import Plan, RoomPlan, is_reaction
from chat.archive.problems import Problem
from chat.archive.wal import unfilled_segments
from chat.domain.accounts.program_names import BOT_MARK, LONGEST_NAME, MARKS, account_name, name_of
from chat.domain.administration.audit import What, counts, import_act
from chat.domain.entities import File
from chat.domain.entities import Person as Account
from chat.domain.failures import FileStoreDown
from chat.domain.messages.files import clean_file_name, type_of
from chat.domain.messages.images import read_image
from chat.domain.ports import NewPerson
from chat.domain.refusals import Refusal
from chat.domain.text.rules import NAME_LENGTH, clean_email, clean_name, clean_room_name, same_name_key
from chat.engine.log_follower import MOST_BEHIND
from chat.features.search import statements as words
from chat.storage.file_store import DiskFileStore
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.names import index_older_names
from chat.storage.postgres.session import ASYNC_COMMIT, Connection
from chat.storage.postgres.users import add_person_with_invite

NO_BYTES = "files whose bytes the archive does not have, or not as it says"
NO_STORE = "files: this command does not know the server's directory of files (--files)"
OTHER_NAMES = "people whose name is taken, or is none here: they get another one"
OTHER_ROOM_NAMES = "rooms whose name is taken, or is none here: they get another one"
ADDRESSES = "addresses that an account has already, unconfirmed: that account is not taken for theirs"
PAIRS = "conversations of two who have one here already: they become private rooms"

_BATCH = 200
"""Lines of the log in one transaction, in some ten milliseconds. For rooms that are there nobody writes meanwhile."""

_SHARE = 0.4
"""The share of time that it works in; others wait for the same processors and the same disk."""

_PIECE = 1 << 16

_PARTITION = 1 << 17
"""Ids of a partition of the search's words, as in sql/0040_word_partitions.sql."""

T = TypeVar("T")


class Progress(NamedTuple):
    """How far an import is: `done` of `whole` lines of the log, or rooms."""

    what: str
    done: int
    whole: int


class _Run(NamedTuple):
    """An import under way: its row, the lines that are committed, and its ids of the log."""

    id: int
    lines: int
    next_id: int


class Load:
    """One import.

    Args:
        database: the server's.
        store: where the bytes of files go; None: files are left out.
        reader: the archive.
        unusable_hash: the password hash of accounts that nobody can log in to yet.
        progress: called as it goes on. Sync.
        share: the part of the time that it works in.
        by_id: the admin whose act it is in the audit; None: a command's.
    """

    def __init__(
        self,
        database: Database,
        store: DiskFileStore | None,
        reader: ArchiveReader,
        unusable_hash: bytes,
        progress: Callable[[Progress], object] = lambda _progress: None,
        share: float = _SHARE,
        by_id: int | None = None,
    ) -> None:
        self._database = database
        self._store = store
        self._reader = reader
        self._unusable_hash = unusable_hash.decode("ascii")
        self._progress = progress
        self._share = share
        self._by_id = by_id
        self._run: asyncpg.Record | None = None
        self._known: dict[str, int] = {}  # accounts by the source's keys
        self._has_accounts_before = False
        self._number = secrets.randbits(62)  # of this run

    async def plan(self) -> Plan:
        """Check the archive, and return what an import does. Raises BadArchive, StorageDown and OSError."""
        reader, source = self._reader, self._reader.head.source

        async def look(connection: Connection) -> tuple[asyncpg.Record | None, bool, int]:
            return (
                await connection.fetchrow(queries.IMPORT, source),
                await connection.fetchval(queries.IS_EMPTY),
                await connection.fetchval(queries.KEPT_SINCE),
            )

        await trio.to_thread.run_sync(reader.check)
        run, is_empty, kept_since = await self._database.read(look)
        is_servers = source.startswith("chat ") and reader.head.scope == Scope()
        is_whole = is_empty and is_servers if run is None else run["is_whole"]
        plan = await trio.to_thread.run_sync(lambda: Plan(reader, is_whole=is_whole))
        if run is not None:
            await self._recall(run, plan)
        if run is not None and run["is_whole"] and (run["is_ended"] or run["digest"] != reader.digest):
            raise BadArchive(
                f"{reader.directory} is in this server already, which goes on from it", Problem.HERE_ALREADY
            )
        lines = reader.log_lines()
        await trio.to_thread.run_sync(
            lambda: plan.count(kept_since, lambda done: self._progress(Progress("reading", done, lines)))
        )
        if self._store is None and plan.files:
            plan.lost[NO_STORE] += plan.files
        return plan

    async def _recall(self, run: asyncpg.Record, plan: Plan) -> None:
        """Learn what earlier runs of this source made."""
        self._run = run
        is_same = run["digest"] == self._reader.digest and not run["is_ended"]
        if not is_same and not run["is_ended"]:
            raise BadArchive(
                "an import from this source was cut off: finish it first, with the archive that it was of",
                Problem.UNFINISHED,
            )
        people = await self._database.read(lambda c: c.fetch(queries.PEOPLE, run["id"]))
        self._known = {row["key"]: row["person_id"] for row in people}
        rooms = {
            row["key"]: row for row in await self._database.read(lambda c: c.fetch(queries.ROOMS, run["id"]))
        }
        for room in plan.rooms.values():
            found = rooms.get(room.key)
            if found is None or (found["opened_by"] is not None and not found["is_there"]):
                continue  # it is new, or was deleted since
            room.room_id = found["room_id"]
            room.is_opened = is_same and found["opened_by"] == self._reader.digest
            if found["opened_by"] is not None and not room.is_opened:
                room.is_there, room.last_at = True, found["last_at"] or -1

    async def run(self, plan: Plan) -> None:
        """Import it. Raises BadArchive, StorageDown, WriteRejected, OutcomeUnknown and OSError.

        Cancelling: the next run of the same archive goes on.
        """
        run = await self._begin(plan)
        if plan.is_whole:
            await self._keep_people(run, plan)
        else:
            await self._add_people(run, plan)
        run = await self._take_ids(run, plan)
        async with unfilled_segments(self._database):
            await self._write_log(run, plan)
        await self._open_rooms(run, plan)
        await self._end(run, plan)

    async def _begin(self, plan: Plan) -> _Run:
        head, digest, before = self._reader.head, self._reader.digest, self._run

        async def begin(connection: Connection) -> asyncpg.Record | None:
            if before is not None and not before["is_ended"]:
                return await connection.fetchrow(queries.GO_ON, before["id"], self._number, before["lines"])
            if plan.is_whole:
                if not await connection.fetchval(queries.IS_EMPTY):
                    return None
                await connection.execute(queries.EXTEND_LOG, head.last_id)
            await note(connection, [import_act(What.IMPORT_BEGUN, self._by_id, head.source)])
            return await connection.fetchrow(queries.BEGIN, head.source, plan.is_whole, digest, self._number)

        run = await self._database.write(begin)
        if run is None:
            raise BadArchive(
                "the server has changed since the archive was read: run the command again",
                Problem.SERVER_CHANGED,
            )
        return _Run(run["id"], run["lines"], run["next_id"] or 0)

    async def _write_as(self, run: _Run, operation: Callable[[Connection], Awaitable[T]]) -> T:
        """Write in a transaction, unless another run has begun since. Raises BadArchive then."""

        async def write(connection: Connection) -> T:
            if not await connection.fetchval(queries.IS_OURS, run.id, self._number):
                raise BadArchive(
                    "another import of the same source has begun: it goes on with this one's work",
                    Problem.ANOTHER_BEGAN,
                )
            return await operation(connection)

        return await self._database.write(write)

    # --- people ---

    async def _keep_people(self, run: _Run, plan: Plan) -> None:
        new = [person for person in plan.people.values() if str(person.id) not in self._known]
        for some in _chunks(iter(new), 500):

            async def add(connection: Connection, some: Sequence[Person] = some) -> None:
                rows = [_row(person, self._unusable_hash) for person in some]
                await connection.execute(queries.ADD_PEOPLE, *map(list, zip(*rows, strict=True)))
                joined = [
                    [each.id for each in some],
                    [each.joined for each in some],
                    [each.operating for each in some],
                    [None if each.scopes is None else ",".join(each.scopes) for each in some],
                ]
                await connection.execute(queries.SET_JOINED, *joined)
                keys = [str(each.id) for each in some]
                await connection.execute(queries.NOTE_PEOPLE, run.id, keys, joined[0])
                marked = [each.id for each in some if each.name.endswith(MARKS)]
                keys_of_marked = [row[2] for row in rows if row[0] in set(marked)]
                await connection.execute(queries.ADD_LOOKS, keys_of_marked, marked)
                visitors = [each.id for each in some if each.is_visitor and not each.name.endswith(MARKS)]
                await connection.execute(queries.ADD_VISITS, visitors)
                await connection.execute(queries.UNSTART, keys)
                await connection.execute(
                    queries.NUMBER_ON.format(table="users"), max(each.id for each in some)
                )

            await self._write_as(run, add)
        bots = [
            (each.id, each.owner, each.is_off_by_owner)
            for each in plan.people.values()
            if each.owner is not None
        ]
        if bots:
            columns = list(map(list, zip(*bots, strict=True)))
            await self._write_as(run, lambda c: c.execute(queries.ADD_BOTS, *columns))
        plan.person_ids = {person_id: person_id for person_id in plan.people}
        if new:
            await index_older_names(self._database)

    async def _add_people(self, run: _Run, plan: Plan) -> None:
        owners_first = sorted(plan.people.values(), key=lambda each: each.owner is not None)
        for nth, person in enumerate(owners_first, 1):
            key = person.key or str(person.id)
            known = self._known.get(key)
            if known is None:
                add = self._add_person if person.owner is None else self._add_bot
                known = await add(run, plan, person, key)
                self._progress(Progress("people", nth, len(plan.people)))
            plan.person_ids[person.id] = known

    async def _add_person(self, run: _Run, plan: Plan, person: Person, key: str) -> int:
        clean = None if person.email is None or person.deleted is not None else clean_email(person.email)
        email = None if isinstance(clean, Refusal) else clean

        async def find(connection: Connection) -> tuple[int | None, bool]:
            address = same_name_key(email or "")
            found: int | None = await connection.fetchval(queries.BY_ADDRESS, address)
            if found is not None:
                await connection.execute(queries.NOTE_PERSON, run.id, key, found, False)
            return found, bool(await connection.fetchval(queries.IS_ADDRESS_TAKEN, address))

        if email is not None:
            found, is_taken = await self._write_as(run, find)
            if found is not None:
                self._has_accounts_before = True
                return found
            if is_taken:
                plan.lost[ADDRESSES] += 1
                email = None
        for nth, name in enumerate(_names(person.name)):
            new = NewPerson(
                name=name,
                password_hash=self._unusable_hash.encode("ascii"),
                email=email,
                display_name=person.display_name,
            )

            async def add(connection: Connection, new: NewPerson = new) -> int | None:
                added = await add_person_with_invite(connection, new)
                if not isinstance(added, Account):
                    return None
                await connection.execute(
                    queries.SETTLE_PERSON, str(added.id), moment(person.created), perhaps(person.disabled)
                )
                if person.deleted is not None:
                    await connection.execute(queries.DELETE_PERSON, added.id, moment(person.deleted))
                await connection.execute(queries.NOTE_PERSON, run.id, key, added.id, True)
                return added.id

            made = await self._write_as(run, add)
            if made is not None:
                if nth or name != person.name:
                    plan.lost[OTHER_NAMES] += 1
                return made
        raise BadArchive(f"no name is left for {person.name!r}")

    async def _add_bot(self, run: _Run, plan: Plan, bot: Person, key: str) -> int:
        assert bot.owner is not None
        owner_id, called = plan.person_ids[bot.owner], name_of(bot.name)
        for nth, name in enumerate(_names(called[:LONGEST_NAME])):
            account = account_name(name, BOT_MARK)
            if isinstance(account, Refusal):
                continue  # with a number behind it, it is too long
            values = account, same_name_key(account), bot.scopes or [], moment(bot.created)
            times = perhaps(bot.disabled), perhaps(bot.deleted)

            async def add(
                connection: Connection, values: tuple[object, ...] = values, times: tuple[object, ...] = times
            ) -> int | None:
                if await connection.fetchval(queries.IS_BOT_TAKEN, values[1]):
                    return None
                asked = owner_id, *values, *times, bot.is_off_by_owner
                bot_id: int = await connection.fetchval(queries.ADD_BOT, *asked)
                await connection.execute(queries.NOTE_PERSON, run.id, key, bot_id, True)
                return bot_id

            made = await self._write_as(run, add)
            if made is not None:
                if nth or name != called:
                    plan.lost[OTHER_NAMES] += 1
                return made
        raise BadArchive(f"no name is left for the bot {called!r}")

    # --- the log ---

    async def _take_ids(self, run: _Run, plan: Plan) -> _Run:
        """Take ids for rooms and messages that are new."""
        if plan.is_whole:
            for room in plan.rooms.values():
                room.room_id = room.room.id
        new = [room for room in plan.rooms.values() if not room.is_there]
        if run.next_id or run.lines:
            return run

        async def take(connection: Connection) -> int:
            if not plan.is_whole:
                rows = await connection.fetch(queries.NEXT_ROOM_IDS, len(new))
                for room, row in zip(new, rows, strict=True):
                    room.room_id = row["id"]
            keys = [room.key for room in new]
            await connection.execute(queries.NOTE_ROOMS, run.id, keys, [room.room_id for room in new])
            if plan.is_whole:
                return 0
            first: int = await connection.fetchval(queries.LOCK_LOG) + 1
            await connection.execute(queries.SET_IDS, run.id, first, first + plan.new)
            if plan.new:
                await connection.execute(queries.EXTEND_LOG, first + plan.new - 1)
                await connection.execute(queries.TAKE_IDS, first, first + plan.new)
                for statement in queries.PASS_IDS:
                    await connection.execute(statement, first, first + plan.new)
            return first

        await self._add_partitions(self._reader.head.last_id if plan.is_whole else plan.new)
        return run._replace(next_id=await self._write_as(run, take))

    async def _add_partitions(self, count: int) -> None:
        """Make partitions for the words of so many more ids: else all of them would be in one."""

        async def add(connection: Connection) -> bool:
            await connection.execute(words.LOCK)
            end = await connection.fetchval(queries.LOCK_LOG) + count
            start = await connection.fetchval(queries.PARTITIONS_UP_TO)
            if start >= end:
                return False
            await connection.execute(words.BEGIN_SHORTLY)
            await connection.execute(words.ADD_PARTITION, start)
            return True

        if count > _PARTITION:
            is_missing = True
            while is_missing:
                is_missing = await self._database.write(add)

    async def _write_log(self, run: _Run, plan: Plan) -> None:
        whole, done, next_id = self._reader.log_lines(), 0, run.next_id
        lines = self._reader.log()
        later = LaterChanges(self._database, plan)
        began = trio.current_time()
        while entries := await trio.to_thread.run_sync(lambda: list(islice(lines, _BATCH))):
            batch, added, known = Batch(), list[Message](), list[Message]()
            skips = done < run.lines
            for entry in entries:
                done += 1
                room = plan.rooms.get(entry.room)
                if isinstance(entry, Change):
                    if plan.is_whole and room is not None and not skips:
                        batch.change(entry)
                    if plan.is_whole and room is not None:
                        room.last_pos, room.last_id = entry.pos, entry.id
                    continue
                if room is None or entry.by not in plan.person_ids:
                    continue
                if not room.take(entry):
                    known.append(entry)
                    continue
                if room.is_there:
                    added.append(entry)
                    continue
                seq = entry.seq if plan.is_whole else len(room.seqs)
                room.said(seq, plan.person_ids[entry.by])
                room.last_id = entry.id
                if skips:
                    continue
                numbers = (entry.id, entry.seq, entry.pos) if plan.is_whole else (next_id, seq, seq)
                reply = entry.reply if plan.is_whole or entry.reply is None else room.seq_here(entry.reply)
                if reply is not None and reply >= seq:
                    reply = None
                batch.add(entry, await self._placed(plan, room, entry, numbers, reply))
                next_id += 1
            changed = await later.find(known)
            if skips:
                continue
            if changed:
                await self._write_as(run, lambda c, changed=changed: later.save(c, changed))  # type: ignore[misc]
            await self._write(run, plan, batch, added, done, next_id)
            plan.changed = later.made
            self._progress(Progress("log", done, whole))
            await trio.sleep((trio.current_time() - began) * (1 / self._share - 1))
            began = trio.current_time()

    async def _placed(
        self, plan: Plan, room: RoomPlan, message: Message, numbers: tuple[int, int, int], reply: int | None
    ) -> Placed:
        ids = plan.person_ids
        files = await self._store_files(plan, message.files) if message.files else ()
        return Placed(
            id=numbers[0],
            room_id=room.room_id,
            seq=numbers[1],
            pos=numbers[2],
            by=ids[message.by],
            reply=reply,
            mentions=plan.mapped(message.mentions) if message.mentions else (),
            files=files,
            reactions={
                emoji: [ids[each] for each in people if each in ids]
                for emoji, people in message.reactions.items()
                if is_reaction(emoji)
            },
            pinned_by=None if message.pin is None else ids.get(message.pin.by),
            deleted_by=None if message.deleted_by is None else ids.get(message.deleted_by),
            is_whole=plan.is_whole,
        )

    async def _write(
        self, run: _Run, plan: Plan, batch: Batch, added: list[Message], done: int, next_id: int
    ) -> None:
        """Commit a batch, and how far the import is with it."""
        rooms: dict[int, RoomPlan] = {
            plan.rooms[message.room].room_id: plan.rooms[message.room] for message in added
        }
        placed = [await self._placed(plan, plan.rooms[each.room], each, (0, 0, 0), None) for each in added]

        async def write(connection: Connection) -> None:
            await connection.execute(ASYNC_COMMIT)  # a crash may undo it, and `lines` with it
            if added:
                await self._add_to_rooms(connection, run, rooms, plan, added, placed)
            await batch.write(connection)
            await connection.execute(queries.NOTE_LINES, run.id, done, next_id)

        await self._write_as(run, write)

    async def _add_to_rooms(
        self,
        connection: Connection,
        run: _Run,
        rooms: dict[int, RoomPlan],
        plan: Plan,
        added: list[Message],
        placed: list[Placed],
    ) -> None:
        """Add messages to rooms that are there; asyncio-flavoured.

        They are too far behind for servers to publish them, so all clients reconnect; and they begin with a snapshot of
        these rooms, since `floor` rises.
        """
        first = await connection.fetchval(queries.LOCK_LOG) + MOST_BEHIND + 2
        await connection.execute(queries.EXTEND_LOG, first + len(added) - 1)
        await connection.execute(queries.TAKE_IDS, first, first + len(added))
        state = {row["id"]: dict(row) for row in await connection.fetch(queries.LOCK_ROOMS, sorted(rooms))}
        replies = await self._seqs_of_replies(connection, plan, added)
        seqs: dict[tuple[int, int], int] = {}
        batch = Batch()
        for nth, (message, at) in enumerate(zip(added, placed, strict=True)):
            room = state.get(at.room_id)
            if room is None:
                continue  # deleted meanwhile
            room["last_seq"] += 1
            room["last_pos"] += 1
            if room["last_sender_id"] != at.by:
                room["last_other_seq"], room["last_sender_id"] = room["last_seq"] - 1, at.by
            seqs[message.room, message.seq] = room["last_seq"]
            reply = None
            if message.reply is not None:
                answered = message.room, message.reply
                reply = seqs.get(answered, replies.get(answered))
            values = {field: getattr(at, field) for field in at.__struct_fields__}
            values |= {"id": first + nth, "seq": room["last_seq"], "pos": room["last_pos"], "reply": reply}
            batch.add(message, Placed(**values))
        await connection.execute(
            queries.RAISE_ROOMS,
            *([each[name] for each in state.values()] for name in ("id", "last_seq", "last_pos")),
            *([each[name] for each in state.values()] for name in ("last_sender_id", "last_other_seq")),
        )
        newest = {plan.rooms[each.room].key: moment(plan.rooms[each.room].newest_at) for each in added}
        await connection.execute(queries.NEWEST_OF_ROOMS, run.id, [*newest], [*newest.values()])
        await batch.write(connection)

    async def _seqs_of_replies(
        self, connection: Connection, plan: Plan, added: list[Message]
    ) -> dict[tuple[int, int], int]:
        """Return the seqs here of answered messages that were imported before, by the archive's room and seq."""
        asked: dict[tuple[int, int], tuple[int, int]] = {}
        for message in added:
            room = plan.rooms[message.room]
            if message.reply is not None and message.reply in room.older_at:
                asked[room.room_id, room.older_at[message.reply]] = message.room, message.reply
        if not asked:
            return {}
        rows = await connection.fetch(
            queries.SEQS_AT, [room_id for room_id, _ in asked], [moment(at) for _, at in asked]
        )
        by_time = {(row["room_id"], row["at"]): row["seq"] for row in rows}
        return {
            answered: by_time[room_id, moment(at)]
            for (room_id, at), answered in asked.items()
            if (room_id, moment(at)) in by_time
        }

    async def _store_files(self, plan: Plan, files: Sequence[ArchivedFile]) -> list[tuple[File, bytes]]:
        if self._store is None:
            return []
        kept: list[tuple[File, bytes]] = []
        for file in files:
            stored = await self._store_file(file)
            if stored is None:
                plan.lost[NO_BYTES] += 1
            else:
                kept.append((stored, bytes.fromhex(file.sha256)))
        if not plan.is_whole and kept:
            ids = await self._database.write(lambda c: c.fetch(queries.NEXT_FILE_IDS, len(kept)))
            kept = [
                (File(row["id"], *_shape(file)), digest)
                for (file, digest), row in zip(kept, ids, strict=True)
            ]
        return kept

    async def _store_file(self, file: ArchivedFile) -> File | None:
        """Store the bytes of a file; None: the archive does not have them, or others than it says."""
        assert self._store is not None
        opened = await trio.to_thread.run_sync(self._reader.open_file, file.sha256)
        if opened is None:
            return None

        async def pieces() -> AsyncGenerator[bytes]:
            left = file.size + 1
            while left > 0 and (piece := await trio.to_thread.run_sync(opened.read, min(_PIECE, left))):
                left -= len(piece)
                yield piece

        with opened:
            try:
                stored = await self._store.store(pieces())
            except FileStoreDown as error:
                raise OSError(f"cannot write to the files directory: {error}") from error
        if stored.digest.hex() != file.sha256 or stored.size != file.size:
            return None  # the server removes what no message has
        image = read_image(stored.head)
        return File(
            file.id,
            clean_file_name(file.name),
            type_of(file.type, image and image.type),
            file.size,
            image and image.width,
            image and image.height,
        )

    # --- rooms ---

    async def _open_rooms(self, run: _Run, plan: Plan) -> None:
        new = [room for room in plan.rooms.values() if not room.is_there and not room.is_opened]
        for nth, room in enumerate(new, 1):
            await self._write_as(run, lambda c, room=room: self._open_room(c, run, plan, room))  # type: ignore[misc]
            self._progress(Progress("rooms", nth, len(new)))

    async def _open_room(self, connection: Connection, run: _Run, plan: Plan, room: RoomPlan) -> None:
        """Make a room with everything but its messages, which are there; asyncio-flavoured."""
        archived, ids = room.room, plan.person_ids
        people = [ids[each] for each in archived.people if each in ids]
        kind, name, group, is_private = archived.kind, archived.name, None, archived.is_private
        if not plan.is_whole:
            kind = "room" if kind == "lobby" else kind
            if kind == "direct" and await connection.fetchval(queries.PAIR, min(people), max(people)):
                kind, is_private = "room", True
                plan.lost[PAIRS] += 1
        if archived.is_group:
            group = ",".join(map(str, sorted(set(people)))) if people else None
            if group is None or (
                not plan.is_whole and await connection.fetchval(queries.IS_GROUP_THERE, group)
            ):
                group = f"left {room.room_id}"
        if kind in ("room", "lobby"):
            name = await self._room_name(connection, plan, room, name)
        key = None if name is None else ("" if group is not None else same_name_key(name))
        last_pos = archived.last_pos if plan.is_whole else room.last_seq
        await connection.execute(
            queries.OPEN_ROOM,
            room.room_id,
            kind,
            name,
            key,
            None if archived.creator is None else ids.get(archived.creator),
            is_private,
            archived.last_seq if plan.is_whole else room.last_seq,
            moment(archived.created),
            room.last_sender or None,
            room.last_other,
            room.last_id - 1 if kind == "support" and room.last_id else None,
            last_pos,
            archived.topic,
            perhaps(archived.archived),
            archived.floor if plan.is_whole else 0,
            archived.is_closed and plan.is_whole,
            ids.get(archived.assignee or 0) if plan.is_whole else None,
            archived.settled_seq if plan.is_whole else 0,
            archived.first_seq if plan.is_whole else 1,
            archived.announced_seq if plan.is_whole else 1,
            archived.keep_days if plan.is_whole else None,
            perhaps(archived.keep_set) if plan.is_whole else None,
            archived.kept_by_admin and plan.is_whole,
            archived.slow_seconds,
            group,
        )
        if kind == "direct":
            await connection.execute(queries.ADD_PAIR, min(people), max(people), room.room_id)
        await self._fill_room(connection, plan, room, is_room=kind == "room")
        newest = perhaps(room.newest_at if room.newest_at >= 0 else None)
        await connection.execute(queries.NOTE_OPEN, run.id, room.key, self._reader.digest, newest)

    async def _fill_room(self, connection: Connection, plan: Plan, room: RoomPlan, *, is_room: bool) -> None:
        """Write members, marks, bans and followed threads of a room; asyncio-flavoured."""
        ids, archived, room_id = plan.person_ids, room.room.id, room.room_id

        def here(seq: int | None) -> int | None:
            return seq if plan.is_whole or seq is None else room.read_here(seq)

        # Two people of the archive may be one account.
        members = {ids[each.person]: each for each in plan.members.get(archived, ())}
        rows = [
            (person, each.role, moment(each.joined), here(each.joined_seq), here(each.delivered_seq))
            for person, each in members.items()
        ]
        if not plan.is_whole and room.room.kind == "lobby":
            joined = moment(room.room.created)
            rows = [
                (ids[each], "member", joined, room.last_seq, room.last_seq) for each in sorted(room.writers)
            ]
            rows = [*{row[0]: row for row in rows}.values()]
        if rows:
            people, roles, joined_at, joined_seqs, delivered = map(list, zip(*rows, strict=True))
            await connection.execute(queries.ADD_MEMBERS, room_id, people, roles, joined_at)
            await connection.execute(queries.SET_MEMBERS, room_id, people, roles, joined_seqs, delivered)
        await connection.execute(queries.COUNT_MEMBERS, room_id, len(rows) if is_room else 0)
        marks = {
            ids[each.person]: (
                here(each.seq),
                each.notify,
                each.is_hidden,
                each.is_starred,
                perhaps(each.changed),
            )
            for each in plan.marks.get(archived, ())
        }
        if marks:
            columns = map(list, zip(*((person, *mark) for person, mark in marks.items()), strict=True))
            await connection.execute(queries.ADD_MARKS, room_id, *columns)
        bans = {ids[each.person]: moment(each.at) for each in plan.bans.get(archived, ())}
        if bans:
            await connection.execute(queries.ADD_BANS, room_id, [*bans], [*bans.values()])
        if plan.has_follows:
            await connection.execute(queries.FORGET_FOLLOWS, room_id)
            follows = {
                (root, ids[each.person]): each.is_on
                for each in plan.follows.get(archived, ())
                if (root := each.root if plan.is_whole else room.seq_here(each.root)) is not None
            }
            if follows:
                roots, people = map(list, zip(*follows, strict=True))
                await connection.execute(queries.ADD_FOLLOWS, room_id, roots, people, [*follows.values()])

    async def _room_name(self, connection: Connection, plan: Plan, room: RoomPlan, name: str | None) -> str:
        """Return the room's name, or one like it that is free; asyncio-flavoured."""
        if plan.is_whole:
            return name or "lobby"
        if room.room.kind == "direct" or room.room.is_group:
            made = ", ".join(plan.people[each].name for each in room.room.people if each in plan.people)
            name = (
                made[:NAME_LENGTH].replace(",", "")
                if room.room.kind == "direct"
                else (name or made)[:NAME_LENGTH]
            )
            if room.room.is_group:
                return name
        clean = clean_room_name(name or "")
        wanted = f"room {room.room_id}" if isinstance(clean, Refusal) else clean
        tries = [wanted, *(f"{wanted[: NAME_LENGTH - 8].strip()} {nth}" for nth in range(2, 1000))]
        keys = [same_name_key(each) for each in tries]
        taken = {row["name_key"] for row in await connection.fetch(queries.NAMES, keys)}
        free = next((each for each, key in zip(tries, keys, strict=True) if key not in taken), None)
        if free is None:
            free = f"room {room.room_id}"
        if free != name:
            plan.lost[OTHER_ROOM_NAMES] += 1
        return free

    async def _end(self, run: _Run, plan: Plan) -> None:
        async def end(connection: Connection) -> None:
            if plan.is_whole:
                for statement in queries.FOLLOWERS_TO:
                    await connection.execute(statement, self._reader.head.last_id)
                for table, highest in (("rooms", max(plan.rooms, default=1)), ("files", 1)):
                    await connection.execute(queries.NUMBER_ON.format(table=table), highest)
            else:
                await connection.execute(queries.WORDS_ARE_WRITTEN, run.id)
            if self._has_accounts_before and plan.rooms:
                # So far behind, servers publish nothing: all clients reconnect, and learn of their rooms.
                newest = await connection.fetchval(queries.LOCK_LOG)
                await connection.execute(queries.EXTEND_LOG, newest + MOST_BEHIND + 1)
            await connection.execute(queries.END, run.id)
            made = counts(len(plan.people), plan.new_rooms, plan.new + plan.added, plan.files)
            await note(connection, [import_act(What.IMPORTED, self._by_id, self._reader.head.source, made)])

        await self._write_as(run, end)


def _chunks(each: Iterator[T], size: int) -> Iterator[list[T]]:
    while some := list(islice(each, size)):
        yield some


def _shape(file: File) -> tuple[str, str, int, int | None, int | None]:
    return file.name, file.type, file.size, file.width, file.height


def _row(person: Person, unusable_hash: str) -> tuple[object, ...]:
    has_none = person.is_visitor or person.deleted is not None
    is_nameless = person.name.endswith(MARKS) and person.owner is None
    email = None if has_none else person.email
    return (
        person.id,
        person.name,
        # Several hooks may have one name, which nobody can type; a bot's is its own.
        f"#{person.id}" if is_nameless else same_name_key(person.name) or f"#{person.id}",
        person.display_name,
        email,
        None if email is None else same_name_key(email),
        "" if has_none else unusable_hash,
        person.is_operator and not person.is_visitor,
        person.is_moderator and not person.is_visitor,
        person.is_admin and not person.is_visitor,
        person.is_visitor,
        person.shares_reads,
        moment(person.created),
        perhaps(person.disabled),
        perhaps(person.deleted),
    )


def _names(name: str) -> Iterator[str]:
    """Yield a name, and others like it."""
    clean = clean_name(name)
    if isinstance(clean, Refusal):
        kept = "".join(char if char.isalnum() or char in "_.-" else " " for char in name)
        clean = clean_name(" ".join(kept.split())[:NAME_LENGTH])
    if not isinstance(clean, Refusal):
        yield clean
    wanted = "somebody" if isinstance(clean, Refusal) else clean[: NAME_LENGTH - 8].strip()
    for nth in range(2, 10_000):
        yield f"{wanted}-{nth}"
