"""A database of an older version, with data in it, is used by this version as if it had always been its own."""

import trio
from conftest import execute

from chat.model.entities import LOBBY_ID, Draft, Message, RoomKind
from chat.storage.ports import Storage
from chat.storage.postgres.crossing import open_asyncio
from chat.storage.postgres.database import Address
from chat.storage.postgres.migrations import known_migrations, migrate
from chat.storage.postgres.storage import open_postgres_storage

EVER = 2**63 - 1
PLENTY = 1 << 20
ADA, BEN, CEM = 1, 2, 3
GARDEN, DIRECT, EMPTY, BENS_DESK, CEMS_DESK, OWN = 2, 3, 4, 5, 6, 7

_DATA_OF_0001 = f"""
INSERT INTO users (name, name_key, password_hash) VALUES ('Ada', 'ada', 'x'), ('Ben', 'ben', 'x'), ('Cem', 'cem', 'x');
INSERT INTO rooms (kind, name, name_key, creator_id, is_private, last_seq) VALUES
    ('room', 'Garden', 'garden', {ADA}, true, 2), ('direct', NULL, NULL, NULL, false, 5),
    ('direct', NULL, NULL, NULL, false, 0), ('support', NULL, NULL, {BEN}, false, 4),
    ('support', NULL, NULL, {CEM}, false, 1), ('direct', NULL, NULL, NULL, false, 1);
INSERT INTO direct_rooms VALUES ({ADA}, {BEN}, {DIRECT}), ({BEN}, {CEM}, {EMPTY}), ({ADA}, {ADA}, {OWN});
INSERT INTO memberships (room_id, user_id, delivered_seq) VALUES
    ({GARDEN}, {ADA}, 0), ({GARDEN}, {BEN}, 0), ({DIRECT}, {ADA}, 1), ({DIRECT}, {BEN}, 0),
    ({EMPTY}, {BEN}, 0), ({EMPTY}, {CEM}, 0), ({OWN}, {ADA}, 0);
INSERT INTO messages (room_id, seq, sender_id, kind, text, created_at, client_key) VALUES
    ({GARDEN}, 1, {ADA}, 'message', 'g1', to_timestamp(1000), 'k'),
    ({GARDEN}, 2, {BEN}, 'join', '', to_timestamp(1001), NULL),
    ({DIRECT}, 1, {BEN}, 'message', 'd1', to_timestamp(1002), NULL),
    ({CEMS_DESK}, 1, {CEM}, 'message', 'c1', to_timestamp(1003), NULL),
    ({DIRECT}, 2, {BEN}, 'message', 'd2', to_timestamp(1004), NULL),
    ({BENS_DESK}, 1, {BEN}, 'message', 'b1', to_timestamp(1005), NULL),
    ({BENS_DESK}, 2, {ADA}, 'message', 'b2', to_timestamp(1006), NULL),
    ({DIRECT}, 3, {ADA}, 'message', 'd3', to_timestamp(1007), NULL),
    ({BENS_DESK}, 3, {BEN}, 'message', 'b3', to_timestamp(1008), NULL),
    ({DIRECT}, 4, {ADA}, 'message', 'd4', to_timestamp(1009), NULL),
    ({BENS_DESK}, 4, {BEN}, 'message', 'b4', to_timestamp(1010), NULL),
    ({DIRECT}, 5, {ADA}, 'message', 'd5', to_timestamp(1011), NULL),
    ({OWN}, 1, {ADA}, 'message', 'o1', to_timestamp(1012), NULL)"""


def texts(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


async def say(storage: Storage, sender: int, room: int, text: str) -> None:
    (saved,) = await storage.messages.save([Draft(room, sender, "", text, 2000.0)])
    assert saved is not None


async def test_what_was_there_before_is_read_and_gone_on_with(database: Address) -> None:
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations()[:1])
        await execute(database, _DATA_OF_0001)
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10
        ) as storage:
            users, rooms, messages = storage.users, storage.rooms, storage.messages
            assert [person.name for person in await users.everyone()] == ["Ada", "Ben", "Cem"]
            garden = await rooms.by_id(GARDEN)
            assert garden is not None
            assert (garden.kind, garden.name, garden.is_private) == (RoomKind.ROOM, "Garden", True)
            assert await rooms.of_member(BEN) == [GARDEN]
            assert texts(await messages.page(GARDEN, 0, 9, PLENTY)) == ["g1", ""]
            assert texts(await messages.before(DIRECT, EVER, 9, PLENTY)) == ["d5", "d4", "d3", "d2", "d1"]
            assert texts(await messages.undelivered(ADA, 0, EVER, 9, PLENTY)) == ["d2", "o1"]
            assert texts(await messages.undelivered(BEN, 0, EVER, 9, PLENTY)) == ["d3", "d4", "d5"]
            overview = await messages.conversations(9, PLENTY)
            assert [(c.person_id, c.last.text, c.unread) for c in overview] == [
                (BEN, "b4", 2),
                (CEM, "c1", 1),
            ]

            await say(storage, ADA, CEMS_DESK, "c2")
            await say(storage, BEN, BENS_DESK, "b5")
            await say(storage, BEN, DIRECT, "d6")
            await say(storage, CEM, EMPTY, "e1")
            await say(storage, ADA, LOBBY_ID, "l1")
            overview = await messages.conversations(9, PLENTY)
            assert [(c.person_id, c.last.text, c.unread) for c in overview] == [
                (BEN, "b5", 3),
                (CEM, "c2", 0),
            ]
            assert texts(await messages.undelivered(ADA, 0, EVER, 9, PLENTY)) == ["d2", "o1", "d6"]
            assert texts(await messages.undelivered(BEN, 0, EVER, 9, PLENTY)) == ["d3", "d4", "d5", "e1"]
            assert await messages.newest_id() == 18

            assert await rooms.delete(GARDEN)
            while await rooms.remove_deleted(1):
                pass
            assert texts(await messages.before(DIRECT, EVER, 1, PLENTY)) == ["d6"]
