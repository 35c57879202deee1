"""Several servers on one database: their exclusion, and reads of another's fresh writes."""

from contextlib import AbstractAsyncContextManager

import asyncpg
import pytest
import trio

from chat.domain.entities import Draft, Message, MessageKind, Peer, Room, SupportOf
from chat.domain.messages.changes import RoomDeletion, SupportChanged
from chat.domain.messages.outcomes import Saved
from chat.domain.ports import NewPerson, Taken
from chat.domain.refusals import ALREADY_IN
from chat.domain.startup import CannotStart
from chat.storage.postgres import saving_queries
from chat.storage.postgres.asyncio_bridge import run_in_asyncio
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import (
    PostgresStorage,
    open_postgres_storage,
    open_shared_postgres_storage,
)

SHUT_OUT = "another chat server is using this database: start every server with --bus notify to run several"


def server(
    database: DatabaseAddress, *, shared: bool, timeout: float = 10
) -> AbstractAsyncContextManager[PostgresStorage]:
    return open_postgres_storage(
        database, pool_size=2, query_timeout=10, commit_timeout=timeout, shared=shared
    )


def leaves(group: BaseExceptionGroup[CannotStart]) -> list[BaseException]:
    """Return the exceptions in a group of groups."""
    return [
        leaf
        for each in group.exceptions
        for leaf in (leaves(each) if isinstance(each, BaseExceptionGroup) else [each])
    ]


async def ada_and_a_room(storage: PostgresStorage) -> tuple[int, int]:
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    assert ada is not None
    assert not isinstance(ada, Taken)
    owner = await storage.users.add(NewPerson(name="owner", password_hash=b"x"))
    assert owner is not None
    assert not isinstance(owner, Taken)
    room = await storage.rooms.create("garden", owner.id, is_private=False)
    assert isinstance(room, Room)
    return ada.id, room.id


async def test_servers_that_share_let_each_other_in(database: DatabaseAddress) -> None:
    with trio.fail_after(60):
        async with server(database, shared=True) as one:
            ada, room = await ada_and_a_room(one)
            hi = Draft(room, ada, "ada", "hi", 1.0)
            said = await one.messages.save([hi])
            async with server(database, shared=True) as two:
                said += await two.messages.save([hi])
            said += await one.messages.save([hi])
            assert [message.id for message in said if isinstance(message, Message)] == [1, 2, 3]


@pytest.mark.parametrize(("first", "second"), [(False, False), (False, True), (True, False)])
async def test_a_server_alone_lets_nobody_in_and_is_let_in_by_nobody(
    database: DatabaseAddress, first: bool, second: bool
) -> None:
    with trio.fail_after(60):
        async with server(database, shared=first) as storage:
            reasons: list[str] = []
            try:
                async with server(database, shared=second, timeout=0.5):
                    reasons.append("it was let in")
            except* CannotStart as group:
                reasons += [str(error) for error in leaves(group)]
            assert reasons == [SHUT_OUT]
            ada, room = await ada_and_a_room(storage)
            assert await storage.messages.save([Draft(room, ada, "ada", "hi", 1.0)]) != [None]
        async with server(database, shared=second):
            pass


@pytest.mark.parametrize("shared", [False, True])
async def test_a_command_writes_beside_every_server(database: DatabaseAddress, shared: bool) -> None:
    with trio.fail_after(60):
        async with server(database, shared=shared) as storage:
            _, room = await ada_and_a_room(storage)
            async with open_shared_postgres_storage(database, query_timeout=10) as command:
                assert await command.messages.save([RoomDeletion(room, None, 1.0)]) != [None]
            assert await storage.rooms.by_id(room) is None


_WAITING = "SELECT true FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1"


async def test_a_membership_that_another_server_makes_meanwhile_is_not_made_twice(
    database: DatabaseAddress,
) -> None:
    """Whether somebody is a member is looked up once the log is this server's, and not before."""
    with trio.fail_after(60):
        async with server(database, shared=True) as storage:
            ada, room = await ada_and_a_room(storage)
            other = await run_in_asyncio(lambda: asyncpg.connect(**database, timeout=10))
            outcomes: list[Saved] = []

            async def join() -> None:
                outcomes.extend(
                    await storage.messages.save([Draft(room, ada, "ada", "", 1.0, MessageKind.JOIN)])
                )

            try:
                await run_in_asyncio(other.execute, "BEGIN")
                await run_in_asyncio(other.fetchrow, saving_queries.LOCK, [room])
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(join)
                    while not await storage._database.read(lambda c: c.fetchval(_WAITING)):  # noqa: ASYNC110 - it happens there
                        await trio.sleep(0.01)
                    await run_in_asyncio(
                        other.execute, f"INSERT INTO memberships (room_id, user_id) VALUES ({room}, {ada})"
                    )
                    await run_in_asyncio(other.execute, "COMMIT")
            finally:
                other.terminate()
            assert outcomes == [ALREADY_IN]
            assert await storage.messages.newest_id() == 0


@pytest.mark.parametrize(
    ("meanwhile", "speaker", "follows"),
    [
        ("assignee_id = 3", "olga", []),
        ("is_closed = true, settled_seq = last_seq", "ada", [(False, None)]),
        ("is_closed = true, assignee_id = 3", "olga", [(False, "otto")]),
    ],
    ids=["claimed", "closed", "claimed and closed"],
)
async def test_concurrent_support_changes_of_another_server_are_seen(
    database: DatabaseAddress, meanwhile: str, speaker: str, follows: list[tuple[bool, str | None]]
) -> None:
    """How a conversation is, is looked up once the log is this server's, and not before."""
    with trio.fail_after(60):
        async with server(database, shared=True) as storage:
            people = {}
            for name in ("ada", "olga", "otto"):
                added = await storage.users.add(
                    NewPerson(name=name, password_hash=b"x", is_operator=name != "ada")
                )
                assert not isinstance(added, Taken)
                people[name] = added.id
            room = await storage.rooms.support_room(people["ada"])
            assert room is not None
            said = SupportOf(Peer(people["ada"], "ada"))
            draft = Draft(room.id, people[speaker], speaker, "hi", 1.0, people=said)
            await storage.messages.save([Draft(room.id, people["ada"], "ada", "help", 1.0, people=said)])
            other = await run_in_asyncio(lambda: asyncpg.connect(**database, timeout=10))
            saved: list[Saved] = []

            async def say() -> None:
                saved.extend(await storage.messages.save([draft]))

            try:
                await run_in_asyncio(other.execute, "BEGIN")
                await run_in_asyncio(other.fetchrow, saving_queries.LOCK, [room.id])
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(say)
                    while not await storage._database.read(lambda c: c.fetchval(_WAITING)):  # noqa: ASYNC110 - it happens there
                        await trio.sleep(0.01)
                    await run_in_asyncio(other.execute, f"UPDATE rooms SET {meanwhile} WHERE id = {room.id}")
                    await run_in_asyncio(other.execute, "COMMIT")
            finally:
                other.terminate()
            changes = [each for each in saved if isinstance(each, SupportChanged)]
            assert [(each.is_closed, each.assignee and each.assignee.name) for each in changes] == follows


async def test_the_deletion_of_a_room_stays_in_the_log_for_an_hour(database: DatabaseAddress) -> None:
    with trio.fail_after(60):
        async with server(database, shared=False) as storage:
            _, room = await ada_and_a_room(storage)
            (deleted,) = await storage.messages.save([RoomDeletion(room, None, 1.0)])
            assert deleted is not None
            while await storage.rooms.remove_deleted(10):
                pass
            assert await storage.messages.read_log(0, 9, 999) == [deleted]
            for minutes, left in ((59, [deleted]), (1, [])):
                await storage._database.write(
                    lambda c: c.execute(
                        f"UPDATE changes SET kept_until = kept_until - interval '{minutes} minutes'"  # noqa: B023
                    )
                )
                while await storage.rooms.remove_deleted(10):
                    pass
                assert await storage.messages.read_log(0, 9, 999) == left
