"""Removing a big room from the real PostgreSQL: others go on between any two steps, and a restart goes on with it."""

from contextlib import AbstractAsyncContextManager

import asyncpg
import trio

from chat.domain.entities import LOBBY_ID, Draft, Message, Room
from chat.domain.ports import NewPerson, Taken
from chat.engine.cleaner import open_cleaner
from chat.features.registry import FEATURES
from chat.features.search.index import INDEX
from chat.features.search.queries import remove_words
from chat.storage.postgres.asyncio_bridge import run_in_asyncio
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.removal import remove_deleted
from chat.storage.postgres.session import Connection
from chat.storage.postgres.storage import PostgresStorage, open_postgres_storage
from tests.support.campaign import in_campaign
from tests.support.databases import execute
from tests.support.endings import delete_room

MESSAGES = 25_000
MEMBERS = 3_000
STEP = 1000

_LEFT = """
SELECT (SELECT count(*) FROM messages WHERE room_id = $1), (SELECT count(*) FROM memberships WHERE room_id = $1),
       (SELECT count(*) FROM rooms WHERE id = $1)"""
_INDEX_ENTRIES_READ = """
SELECT sum(pg_stat_get_xact_tuples_returned(inhrelid))::int FROM pg_inherits
WHERE inhparent = 'message_words_words'::regclass"""
"""In this transaction."""
_WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"""


def open_storage(database: DatabaseAddress) -> AbstractAsyncContextManager[PostgresStorage]:
    return open_postgres_storage(
        database, pool_size=4, query_timeout=10, commit_timeout=10, features=FEATURES
    )


async def big_room(database: DatabaseAddress, storage: PostgresStorage) -> tuple[int, int]:
    """Return the ids of a room with very much in it, and of its creator."""
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    assert not isinstance(ada, Taken)
    room = await storage.rooms.create("garden", ada.id, is_private=False)
    assert isinstance(room, Room)
    await execute(
        database,
        f"""
        INSERT INTO users (name, name_key, password_hash)
        SELECT 'p' || n, 'p' || n, 'x' FROM generate_series(2, {MEMBERS}) AS n;
        INSERT INTO memberships (room_id, user_id) SELECT {room.id}, id FROM users WHERE id <> {ada.id};
        INSERT INTO messages (id, room_id, seq, pos, sender_id, kind, text, created_at)
        SELECT n, {room.id}, n, n, {ada.id}, 'message', 'x', now() FROM generate_series(1, {MESSAGES}) AS n;
        UPDATE rooms SET last_seq = {MESSAGES}, last_pos = {MESSAGES} WHERE id = {room.id};
        UPDATE lanes SET last_id = {MESSAGES}""",
    )
    assert await left(storage, room.id) == (MESSAGES, MEMBERS, 1)
    return room.id, ada.id


async def left(storage: PostgresStorage, room_id: int) -> tuple[int, ...]:
    """How many messages, memberships and rows of a room there are."""
    return tuple(await storage._database.read(lambda c: c.fetchrow(_LEFT, room_id)))


async def say(storage: PostgresStorage, sender: int, room_id: int, text: str) -> Message | None:
    (saved,) = await storage.messages.save([Draft(room_id, sender, "ada", text, 1.0)])
    return saved


async def test_others_go_on_between_any_two_steps_and_nothing_is_left(database: DatabaseAddress) -> None:
    with trio.fail_after(60):
        async with open_storage(database) as storage:
            room_id, ada = await big_room(database, storage)
            assert await delete_room(storage, room_id)
            assert await left(storage, room_id) == (MESSAGES, MEMBERS, 1), "that is one short step"
            messages, members, rows = MESSAGES, MEMBERS, 1
            steps = 0
            while await storage.rooms.remove_deleted(STEP):
                steps += 1
                now = await left(storage, room_id)
                assert messages - now[0] + members - now[1] <= STEP
                messages, members, rows = now
                said = await say(storage, ada, LOBBY_ID, f"{steps}")
                assert said is not None
                assert said.seq == steps
                assert await say(storage, ada, room_id, "late") is None
            assert (messages, members, rows) == (0, 0, 0)
            assert steps == MESSAGES // STEP + MEMBERS // STEP + 1


async def test_while_a_step_is_under_way_all_else_is_done(database: DatabaseAddress) -> None:
    with trio.fail_after(60):
        async with open_storage(database) as storage:
            room_id, ada = await big_room(database, storage)
            assert await delete_room(storage, room_id)
            connection = await run_in_asyncio(lambda: asyncpg.connect(**database, timeout=10))
            try:
                await run_in_asyncio(connection.execute, "BEGIN")
                assert await run_in_asyncio(remove_deleted, connection, STEP)
                assert await say(storage, ada, LOBBY_ID, "hello") is not None
                assert await say(storage, ada, room_id, "late") is None
                other = await storage.rooms.create("garden", ada, is_private=False)
                assert isinstance(other, Room)
                assert await say(storage, ada, other.id, "hello") is not None
                assert await delete_room(storage, other.id)
                assert await storage.rooms.of_member(ada) == []
            finally:
                connection.terminate()
            while await storage.rooms.remove_deleted(STEP):
                pass
            assert await left(storage, room_id) == await left(storage, other.id) == (0, 0, 0)


async def test_only_the_last_step_waits_for_the_disk(database: DatabaseAddress) -> None:
    """Concurrent commits would wait for the disk after the step."""
    shown = []

    async def step(connection: Connection) -> None:
        await remove_deleted(connection, STEP, [remove_words])
        shown.append(await connection.fetchval("SHOW synchronous_commit"))

    with trio.fail_after(30):
        async with open_storage(database) as storage:
            await storage._database.write(step)
            shown.append(await storage._database.read(lambda c: c.fetchval("SHOW synchronous_commit")))
    assert shown == ["off", "on"]


async def test_a_commit_that_meets_a_deletion_finds_no_room_and_saves_the_rest(
    database: DatabaseAddress,
) -> None:
    with trio.fail_after(60):
        async with open_storage(database) as storage:
            room_id, ada = await big_room(database, storage)
            connection = await run_in_asyncio(lambda: asyncpg.connect(**database, timeout=10))
            try:
                await run_in_asyncio(connection.execute, "BEGIN")
                await run_in_asyncio(
                    connection.execute, f"UPDATE rooms SET deleted_at = now() WHERE id = {room_id}"
                )
                saved: list[Message | None] = []

                async def save() -> None:
                    drafts = [Draft(where, ada, "ada", "hi", 1.0) for where in (room_id, LOBBY_ID, room_id)]
                    saved.extend(await storage.messages.save(drafts))

                async with trio.open_nursery() as nursery:
                    nursery.start_soon(save)
                    while not await storage._database.read(lambda c: c.fetchval(_WAITING)):  # noqa: ASYNC110 - it happens there
                        await trio.sleep(0.01)
                    await run_in_asyncio(connection.execute, "COMMIT")
            finally:
                connection.terminate()
            assert [message and message.seq for message in saved] == [None, 1, None]


async def test_words_of_a_room_that_are_written_while_it_is_removed_do_not_stay(
    database: DatabaseAddress,
) -> None:
    with trio.fail_after(60):
        async with open_storage(database) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert not isinstance(ada, Taken)
            room = await storage.rooms.create("garden", ada.id, is_private=True)
            assert isinstance(room, Room)
            assert await say(storage, ada.id, LOBBY_ID, "hello") is not None
            assert await say(storage, ada.id, room.id, "secret") is not None
            assert await delete_room(storage, room.id)
            removed = trio.Event()

            async def remove() -> None:
                while await storage.rooms.remove_deleted(STEP):
                    pass
                removed.set()

            connection = await run_in_asyncio(lambda: asyncpg.connect(**database, timeout=10))
            try:
                await run_in_asyncio(connection.execute, "BEGIN; INSERT INTO words_written VALUES (1, 0)")
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(storage.feature_ports[INDEX].index, 1 << 20)
                    await until_waiting(storage, 1)  # it has the words, and can't say so yet
                    nursery.start_soon(remove)
                    await until_waiting(storage, 2, removed)
                    await run_in_asyncio(connection.execute, "ROLLBACK")
            finally:
                connection.terminate()
            rows = await storage._database.read(lambda c: c.fetch("SELECT room_id FROM message_words"))
            assert [row["room_id"] for row in rows] == [LOBBY_ID]


async def until_waiting(storage: PostgresStorage, number: int, ended: trio.Event | None = None) -> None:
    """Wait until so many wait for a lock, or there is nobody who could."""
    while ended is None or not ended.is_set():
        if await storage._database.read(lambda c: c.fetchval(_WAITING)) == number:
            break
        await trio.sleep(0.01)


@in_campaign
async def test_a_removal_continues_after_a_restart(database: DatabaseAddress) -> None:
    with trio.fail_after(60):
        async with open_storage(database) as storage:
            room_id, ada = await big_room(database, storage)
            assert await delete_room(storage, room_id)
            for _ in range(20):
                assert await storage.rooms.remove_deleted(STEP)
            assert await left(storage, room_id) == (MESSAGES - 20 * STEP, MEMBERS, 1)
        async with open_storage(database) as storage:
            async with open_cleaner(storage.rooms, storage.audit):
                while await left(storage, room_id) != (0, 0, 0):
                    assert await say(storage, ada, LOBBY_ID, "hello") is not None
            assert not await storage.rooms.remove_deleted(STEP)


async def test_no_step_of_a_removal_reads_the_search_index(database: DatabaseAddress) -> None:
    """Entries of removed messages stay in the index until a vacuum: a scan of them outlasts any timeout."""
    read: list[int] = []

    async def step(connection: Connection) -> bool:
        has_more = await remove_deleted(connection, STEP, [remove_words])
        read.append(await connection.fetchval(_INDEX_ENTRIES_READ))
        return has_more

    with trio.fail_after(60):
        async with open_storage(database) as storage:
            room_id, _ = await big_room(database, storage)
            await execute(
                database,
                f"""
                INSERT INTO message_words (id, room_id, words)
                SELECT id, room_id, '''#{room_id}'' x'::tsvector FROM messages WHERE room_id = {room_id}""",
            )
            assert await delete_room(storage, room_id)
            while await storage._database.write(step):
                pass
            assert await left(storage, room_id) == (0, 0, 0)
            words = await storage._database.read(lambda c: c.fetchval("SELECT count(*) FROM message_words"))
    assert (words, set(read)) == (0, {0})
