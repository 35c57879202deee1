"""One contract for members and joinable rooms. Each test runs on memory and on PostgreSQL."""

import trio

from chat.domain.entities import LOBBY_ID, Person, Room
from chat.domain.messages.changes import Removal, RoomDeletion
from chat.domain.ports import NewPerson, Storage
from chat.domain.rooms.membership import PublicRoom, RoomRole
from chat.storage.postgres import member_queries
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.session import Connection
from chat.storage.postgres.storage import open_postgres_storage
from tests.storage.test_timelines import (
    NOW,
    Administrator,
    add,
    direct_room,
    joining,
    make_room,
    support_room,
    write,
)
from tests.storage.test_timelines import change_room as change_room  # a fixture
from tests.support.databases import execute


async def inside(storage: Storage, room: int, after: int = 0, limit: int = 100) -> dict[int, RoomRole]:
    got = await storage.rooms.members(room, after, limit)
    by_id = {each.person.id: each.role for each in got}
    assert len(by_id) == len(got)
    return by_id


async def test_members_are_listed_by_id(storage: Storage, change_room: Administrator) -> None:
    ada, ben, cem, dora = await add(storage, "Ada", "Ben", "Cem", "Dora")
    garden = await make_room(storage, ben)
    await write(storage, *(joining(garden, person) for person in (dora, cem, ada)))
    await change_room(garden, roles={cem: RoomRole.MODERATOR, dora: RoomRole.BANNED})
    assert list((await inside(storage, garden)).items()) == [
        (ada, RoomRole.MEMBER),
        (ben, RoomRole.OWNER),
        (cem, RoomRole.MODERATOR),
    ]
    assert list(await inside(storage, garden, ada, 1)) == [ben]
    await write(storage, Removal(garden, cem, ben, NOW))
    await storage.users.delete(ada)
    assert list(await inside(storage, garden)) == [ben]
    (member,) = await storage.rooms.members(garden, 0, 9)
    assert (member.person.name, member.person.email) == ("Ben", None)
    room = await storage.rooms.by_id(garden)
    assert room is not None
    assert abs(member.joined_at - room.created_at) < 60
    await write(storage, RoomDeletion(garden, ben, NOW))
    assert await inside(storage, garden) == {}
    assert await inside(storage, 99) == {}


async def test_all_are_in_the_lobby_and_operators_in_every_conversation(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    olga, otto = await add(storage, "Olga", "Otto", is_operator=True)
    direct = await direct_room(storage, ada, ben)
    desk, own_desk = await support_room(storage, ben), await support_room(storage, olga)
    assert list(await inside(storage, LOBBY_ID)) == [ada, ben, olga, otto]
    assert list(await inside(storage, LOBBY_ID, ada, 2)) == [ben, olga]
    assert list(await inside(storage, direct)) == [ada, ben]
    assert list(await inside(storage, desk)) == [ben, olga, otto]
    assert list(await inside(storage, desk, ben, 1)) == [olga]
    assert list(await inside(storage, own_desk)) == [olga, otto]
    await storage.users.delete(ben)
    assert list(await inside(storage, LOBBY_ID)) == [ada, olga, otto]
    assert list(await inside(storage, direct)) == [ada]


async def test_joinable_rooms_are_public_rooms_without_the_person(
    storage: Storage, change_room: Administrator
) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    for name in ("roses", "Old Garden", "garden", "a%b"):
        await make_room(storage, ada, name)
    await make_room(storage, ada, "private", is_private=True)
    archived, banned = await make_room(storage, ada, "archived"), await make_room(storage, ada, "banned")
    await change_room(archived, is_archived=True)
    await write(storage, joining(banned, ben))
    await change_room(banned, roles={ben: RoomRole.BANNED})
    topical = await storage.rooms.create("Zoo", ada, is_private=False, topic="animals")
    assert isinstance(topical, Room)
    assert topical.topic == "animals"

    async def joinable(person: int, part: str = "", after: str = "", limit: int = 9) -> list[str]:
        return [room.name for room in await storage.rooms.joinable(person, part, after, limit)]

    assert await joinable(ben) == ["a%b", "garden", "Old Garden", "roses", "Zoo"]
    assert await joinable(ben, "GARD") == ["garden", "Old Garden"]
    assert await joinable(ben, "%") == ["a%b"]
    assert await joinable(ben, "", "GARDEN", 2) == ["Old Garden", "roses"]
    assert await joinable(ben, "", "zoo") == []
    assert await joinable(ada) == []
    (zoo,) = await storage.rooms.joinable(ben, "zoo", "", 9)
    assert zoo == PublicRoom(topical.id, "Zoo", "animals", 1)
    await write(storage, joining(topical.id, ben))
    assert await joinable(ben, "zoo") == []
    await write(storage, Removal(topical.id, ben, ben, NOW))
    assert await joinable(ben, "zoo") == ["Zoo"]
    await write(storage, RoomDeletion(topical.id, ada, NOW))
    assert await joinable(ben, "zoo") == []


async def test_the_list_of_rooms_counts_no_members(database: DatabaseAddress) -> None:
    async def rows_read(connection: Connection) -> int:
        found = await connection.fetch(member_queries.SUMMARIES, "", 0, 10)
        assert {row["name"]: row["members"] for row in found} == {"lobby": 301, "garden": 301}
        return int(
            await connection.fetchval("SELECT pg_stat_get_xact_tuples_returned('memberships_pkey'::regclass)")
        )

    with trio.fail_after(60):
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10
        ) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            room = await storage.rooms.create("garden", ada.id, is_private=False)
            assert isinstance(room, Room)
            await execute(
                database,
                f"""
                INSERT INTO users (name, name_key, password_hash)
                SELECT 'p' || n, 'p' || n, 'x' FROM generate_series(1, 300) AS n;
                INSERT INTO memberships (room_id, user_id)
                SELECT {room.id}, id FROM users WHERE id <> {ada.id}""",
            )
            assert await storage._database.write(rows_read) == 0
