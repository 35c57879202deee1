"""A database of an older version, with data in it, is used by this version as if it had always been its own."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import trio

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.administration.audit import Named
from chat.domain.entities import (
    LOBBY_ID,
    Draft,
    Message,
    MessageKind,
    Peer,
    Person,
    RoomKind,
    SupportOf,
    Visit,
)
from chat.domain.messages.changes import (
    Addition,
    Edit,
    Removed,
    RoleChange,
    RoleChanged,
    RoomChange,
    RoomChanged,
    SupportChange,
    SupportChanged,
)
from chat.domain.messages.outcomes import KeyUsed, Repeated
from chat.domain.messages.sync_types import ChangeRange, QueuePlace, RoomSnapshot, TextVersion
from chat.domain.ports import NewPerson, NewSession, Storage, Taken
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_history import HistoryQuery
from chat.features.folders.folders import FOLDERS, NONE, with_new
from chat.features.registry import FEATURES
from chat.features.search.index import INDEX, Search
from chat.features.search.query import Query, parse_query
from chat.features.starting_rooms.port import STARTING_ROOMS
from chat.features.threads.use_cases import THREADS
from chat.storage.postgres import names
from chat.storage.postgres.asyncio_bridge import open_asyncio, run_in_asyncio
from chat.storage.postgres.database import DatabaseAddress, open_database
from chat.storage.postgres.migration_files import Migration, known_migrations
from chat.storage.postgres.migrations import migrate
from chat.storage.postgres.storage import open_postgres_storage, open_shared_postgres_storage
from chat.storage.postgres.users import PostgresUsers
from tests.support.databases import execute, fetch
from tests.support.endings import delete_room
from tests.support.replays import replay, snapshots

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


_WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = '{}'::regclass)"


@pytest.mark.parametrize(("has", "wants"), [("users", "rooms"), ("rooms", "users")])
async def test_a_migration_never_fails_the_commit_of_a_server_that_locks_in_another_order(
    database: DatabaseAddress, has: str, wants: str
) -> None:
    known = known_migrations()
    text = f"ALTER TABLE {wants} ADD motto text; ALTER TABLE {has} ADD motto text"
    crossing = Migration(known[-1].version + 1, "crossing", text)
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known)
            server = await run_in_asyncio(partial(asyncpg.connect, **database, timeout=10))
            try:
                # The migration would wait longer until PostgreSQL looked for a deadlock, so the server would fail.
                begin = f"BEGIN; SET LOCAL deadlock_timeout = '500ms'; LOCK TABLE {has} IN ROW EXCLUSIVE MODE"
                await run_in_asyncio(server.execute, begin)
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(
                        partial(migrate, database, connect_timeout=10, migrations=[*known, crossing])
                    )
                    while not await run_in_asyncio(server.fetchval, _WAITS.format(has)):
                        pass
                    await run_in_asyncio(server.execute, f"LOCK TABLE {wants} IN ROW SHARE MODE; COMMIT")
            finally:
                server.terminate()
    assert await fetch(database, "SELECT max(version) FROM schema_migrations") == crossing.version


async def test_data_of_the_older_version_are_read_and_continued(database: DatabaseAddress) -> None:
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations()[:1])
        await execute(database, _DATA_OF_0001)
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            users, rooms, messages = storage.users, storage.rooms, storage.messages
            assert [person.name for person in await users.everyone()] == ["Ada", "Ben", "Cem"]
            garden = await rooms.by_id(GARDEN)
            assert garden is not None
            assert (garden.kind, garden.name, garden.is_private) == (RoomKind.ROOM, "Garden", True)
            assert await rooms.of_member(BEN) == [GARDEN]
            assert texts(await messages.timeline(GARDEN, 9, PLENTY, after=0)) == ["g1", ""]
            assert texts(await messages.timeline(DIRECT, 9, PLENTY)) == ["d1", "d2", "d3", "d4", "d5"]
            assert texts(await messages.undelivered(ADA, 0, EVER, 9, PLENTY)) == ["d2", "o1"]
            assert texts(await messages.undelivered(BEN, 0, EVER, 9, PLENTY)) == ["d3", "d4", "d5"]
            overview = await messages.conversations(9, PLENTY)
            assert [(c.person_id, c.last.text, c.unread) for c in overview] == [
                (BEN, "b4", 2),
                (CEM, "c1", 1),
            ]

            queue = await storage.timelines.support_queue(QueuePlace(0, 0, 0), 9, is_closed=False)
            assert [place.room_id for place in queue] == [CEMS_DESK, BENS_DESK], "who waits the longest first"
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

            assert await delete_room(storage, GARDEN)
            while await rooms.remove_deleted(1):
                pass
            assert texts(await messages.timeline(DIRECT, 1, PLENTY)) == ["d6"]

            (closed,) = await messages.save([SupportChange(BENS_DESK, ADA, 2000.0, is_closed=True)])
            assert isinstance(closed, SupportChanged)
            people = SupportOf(Peer(BEN, "Ben"))
            _, opened = await messages.save([Draft(BENS_DESK, BEN, "Ben", "b6", 2001.0, people=people)])
            assert opened == SupportChanged(22, BENS_DESK, 8, BEN, False, None, 2001.0, 2001.0, people)


async def test_messages_older_than_marks_are_read_unless_undelivered(
    database: DatabaseAddress,
) -> None:
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations()[:1])
        await execute(database, _DATA_OF_0001)
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:

            async def snapshots_of(person: int) -> dict[int, RoomSnapshot]:
                return {room.id: room for room in await snapshots(storage, person, EVER)}

            adas, bens = await snapshots_of(ADA), await snapshots_of(BEN)
            assert {room.id: room.unread for room in adas.values()} == {1: 0, GARDEN: 0, DIRECT: 1, OWN: 0}
            assert {room.id: room.unread for room in bens.values()} == {
                1: 0,
                GARDEN: 0,
                DIRECT: 3,
                EMPTY: 0,
                BENS_DESK: 0,
            }
            assert (adas[GARDEN].role, adas[GARDEN].members) == (RoomRole.OWNER, 2)
            assert (bens[GARDEN].role, bens[GARDEN].members) == (RoomRole.MEMBER, 2)
            await storage.messages.save(
                [Addition(Draft(GARDEN, CEM, "Cem", "", 2000.0, MessageKind.JOIN), ADA)]
            )
            await say(storage, ADA, GARDEN, "g4")
            await say(storage, ADA, BENS_DESK, "b5")
            bens = await snapshots_of(BEN)
            assert (bens[GARDEN].unread, bens[GARDEN].members, bens[BENS_DESK].unread) == (1, 3, 1)
            assert (await snapshots_of(CEM))[GARDEN].unread == 1

            # As an older server does on this schema.
            await execute(database, f"DELETE FROM memberships WHERE room_id = {GARDEN} AND user_id = {BEN}")
            await execute(database, f"INSERT INTO memberships (room_id, user_id) VALUES ({GARDEN}, {BEN})")
            assert (await snapshots_of(BEN))[GARDEN].unread == 0


DUMPS = Path(__file__).parent / "dumps"


@pytest.mark.parametrize("version", sorted(path.stem for path in DUMPS.glob("*.sql")))
async def test_changes_of_an_older_version_are_published_by_this_one(
    database: DatabaseAddress, version: str
) -> None:
    snapshots_of = json.loads((DUMPS / f"{version}.json").read_text(encoding="utf-8"))
    with trio.fail_after(30):
        await execute(database, (DUMPS / f"{version}.sql").read_text(encoding="utf-8"))
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            assert await _told(storage, snapshots_of) == snapshots_of
            last_id, last_seqs = (
                snapshots_of["newest_id"],
                {int(room): seq for room, seq in snapshots_of["last_seqs"].items()},
            )
            drafts = [Draft(room, ADA, "Ada", f"to {room}", 2e9) for room in last_seqs for _ in range(2)]
            saved = await storage.messages.save(drafts)
            numbers = {(m.room_id, m.seq): (m.id, m.pos) for m in saved if isinstance(m, Message)}
            assert [number for number, _ in numbers.values()] == list(
                range(last_id + 1, last_id + 1 + len(drafts))
            )
            for room, seq in last_seqs.items():
                assert [numbers[room, seq + n][1] for n in (1, 2)] == [seq + 1, seq + 2]
            in_log = await storage.messages.read_log(last_id, 99, PLENTY)
            assert [message.id for message in in_log] == [number for number, _ in numbers.values()]
            page = await storage.messages.timeline(LOBBY_ID, 10**6, PLENTY, after=0)
            assert [message.pos for message in page] == [message.seq for message in page]
            (keyed,) = (m for m in snapshots_of["pages"][str(CELLAR_OF_DUMP)] if m[5] == "cellar 5")
            again = Draft(CELLAR_OF_DUMP, BEN, "Ben", "cellar 5", 1.0, key="key-5")
            other = Draft(CELLAR_OF_DUMP, BEN, "Ben", "cellar 6", 1.0, key="key-5")
            repeated, used = await storage.messages.save([again, other])
            assert isinstance(repeated, Repeated)
            assert isinstance(used, KeyUsed)
            assert repeated.message.id == used.message.id == keyed[0]


CELLAR_OF_DUMP = 3


async def _told(storage: Storage, like: dict[str, Any]) -> dict[str, Any]:
    """Return what this version tells of what an older one was asked, as that is kept."""
    users, rooms, messages = storage.users, storage.rooms, storage.messages
    found = {room: await rooms.by_id(int(room)) for room in like["pages"]}
    return {
        "people": [
            [
                p.id,
                p.name,
                p.email,
                p.display_name,
                p.is_operator,
                p.is_admin,
                p.is_disabled,
                p.token_generation,
            ]
            for p in await users.everyone()
        ],
        "pages": {
            room: [_plain(m) for m in await messages.timeline(int(room), 10**6, PLENTY, after=0)]
            for room in found
        },
        "last_seqs": {room: known.last_seq for room, known in found.items() if known is not None},
        "members": {person: await rooms.of_member(int(person)) for person in like["members"]},
        "missed": {
            person: [_plain(m) for m in await messages.undelivered(int(person), 0, EVER, 1000, PLENTY)]
            for person in like["missed"]
        },
        "overview": [
            [c.person_id, c.person_name, _plain(c.last), c.unread]
            for c in await messages.conversations(99, PLENTY)
        ],
        "newest_id": await messages.newest_id(),
    }


def _plain(m: Message) -> list[Any]:
    return [m.id, m.room_id, m.seq, m.sender_id, m.sender_name, m.text, m.created_at, m.kind.value]


_PEOPLE_OF_0003 = """
INSERT INTO users (name, name_key, password_hash) VALUES
    ('ada', 'ada', 'x'), ('\u0430d\u0430', '\u0430d\u0430', 'y'), ('ａｄａ', 'ａｄａ', 'z'), ('ben', 'ben', 'x'),
    ('\u0422om', '\u0442om', 'x'), ('gone', 'gone', ''), ('g\u043ene', 'g\u043ene', 'x');
UPDATE users SET deleted_at = now() WHERE name = 'gone'"""
"""Each Cyrillic letter looks like the Latin one."""


async def test_older_look_alike_names_are_kept_reported_and_taken(
    database: DatabaseAddress,
) -> None:
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations()[:3])
        await execute(database, _PEOPLE_OF_0003)
        for _ in range(2):  # at the second start there is nothing to do
            async with open_shared_postgres_storage(database, query_timeout=10) as opened:
                report = [
                    (each.person.id, each.older_id, each.older_name, each.older_is_deleted)
                    for each in await opened.users.look_alikes()
                ]
                assert report == [(2, 1, "ada", False), (3, 1, "ada", False), (7, 6, "gone", True)]
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            for name, password_hash in (("ada", b"x"), ("\u0430d\u0430", b"y"), ("ａｄａ", b"z")):
                known = await storage.users.by_name(name)
                assert known is not None
                assert (known.person.name, known.password_hash) == (name, password_hash)
            for name in ("\u0251da", "Tom", "\uff47one"):
                assert await storage.users.add(NewPerson(name=name, password_hash=b"x")) == Taken("look")
                assert await storage.users.rename(4, name) == Taken("look")

            await storage.users.rename(1, "adele")
            assert [each.older_id for each in await storage.users.look_alikes()] == [2, 6], "the next oldest"
            assert await storage.users.rename(4, "ada") == Taken("look"), "two still have it"
            await storage.users.rename(2, "bella")
            await storage.users.rename(3, "chloe")
            assert [each.older_id for each in await storage.users.look_alikes()] == [6]
            renamed = await storage.users.rename(4, "ada")
            assert not isinstance(renamed, Taken), "nobody has it any more"
            assert await storage.users.add(NewPerson(name="ａｄａ", password_hash=b"x")) == Taken("look")


async def test_the_looks_of_many_older_names_are_noted_a_part_at_a_time(
    database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "_AT_ONCE", 10)
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations()[:3])
        people = "'user' || n, 'user' || n, 'x' FROM generate_series(1, 95) AS n"
        await execute(database, f"INSERT INTO users (name, name_key, password_hash) SELECT {people}")
        async with open_shared_postgres_storage(database, query_timeout=10) as opened:
            for name in ("ｕｓｅｒ95", "userl"):
                assert await opened.users.add(NewPerson(name=name, password_hash=b"x")) == Taken("look")
            assert await opened.users.look_alikes() == []


async def test_servers_that_start_at_once_note_older_names_without_a_quarrel(
    database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "_AT_ONCE", 1)  # so they meet more often
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations())
        await execute(database, _PEOPLE_OF_0003)
        async with open_asyncio(), trio.open_nursery() as nursery:
            for _ in range(8):
                nursery.start_soon(_open_users, database)


async def _open_users(database: DatabaseAddress) -> None:
    async with open_database(database, pool_size=1, query_timeout=10) as opened:
        await names.index_older_names(opened)
        assert len(await PostgresUsers(opened).look_alikes()) == 3


async def test_a_server_of_this_version_works_on_the_next_schema_that_serves_it(
    database: DatabaseAddress,
) -> None:
    known = known_migrations()
    newest = known[-1].version
    coming = Migration(newest + 1, "coming", f"-- Serves: {newest}\nALTER TABLE rooms ADD colour text")
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=[*known, coming])
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert ada is not None
            assert not isinstance(ada, Taken)
            await say(storage, ada.id, LOBBY_ID, "hello")
            assert texts(await storage.messages.timeline(LOBBY_ID, 9, PLENTY)) == ["hello"]


_PEOPLE_OF_0008 = """
INSERT INTO users (name, name_key, password_hash, is_admin) VALUES
    ('Ada', 'ada', 'x', true), ('Ben', 'ben', 'x', false)"""


async def test_people_of_before_sessions_have_none_and_begin_some(database: DatabaseAddress) -> None:
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations()[:8])
        await execute(database, _PEOPLE_OF_0008)
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            ada = await storage.users.by_id(ADA)
            assert ada is not None
            assert (ada.share_reads, ada.changed_at) == (True, ada.created_at)
            assert await storage.sessions.of_person(ADA) == []
            begun = await storage.sessions.begin(NewSession(person_id=ADA, generation=0, lasts=60))
            assert begun is not None
            assert not await storage.set_up.is_needed()
            # What a server of schema 8 does to revoke somebody's tokens, and to rename them.
            await execute(
                database, "UPDATE users SET token_generation = token_generation + 1 WHERE name_key = 'ben'"
            )
            await execute(
                database, "UPDATE users SET name = 'Adele', name_key = 'adele' WHERE name_key = 'ada'"
            )
            assert await storage.sessions.living([begun.id]) == {begun.id: ADA}
            renamed = await storage.users.by_id(ADA)
            assert renamed is not None
            assert renamed.changed_at > renamed.created_at
            await execute(
                database, "UPDATE users SET token_generation = token_generation + 1 WHERE name_key = 'adele'"
            )
            assert await storage.sessions.living([begun.id]) == {}


_DATA_OF_0010 = f"""
INSERT INTO users (name, name_key, password_hash) VALUES ('Ada', 'ada', 'x'), ('Ben', 'ben', 'x'), ('Cem', 'cem', 'x');
INSERT INTO rooms (kind, name, name_key, creator_id, last_pos) VALUES ('room', 'Garden', 'garden', {ADA}, 1);
INSERT INTO memberships (room_id, user_id) VALUES ({GARDEN}, {ADA}), ({GARDEN}, {BEN});
INSERT INTO bans (room_id, user_id) VALUES ({GARDEN}, {CEM});
INSERT INTO changes (id, room_id, pos, kind, person_id, actor_id, created_at)
    VALUES (1, {GARDEN}, 1, 'removed', {CEM}, {ADA}, to_timestamp(1000));
UPDATE lanes SET last_id = 1;
INSERT INTO invites (digest, uses_left, expires_at) VALUES ('code', 1, to_timestamp(4000000000))"""


async def test_rooms_of_before_they_could_change_do_and_invites_are_good(database: DatabaseAddress) -> None:
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations()[:10])
        await execute(database, _DATA_OF_0010)
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            removed = Removed(1, GARDEN, 1, CEM, ADA, 1000.0)
            assert await storage.messages.read_log(0, 9, PLENTY) == [removed]
            assert [each.person.id for each in await storage.rooms.banned(GARDEN, 0, 9)] == [CEM]
            saved = await storage.messages.save(
                [
                    RoomChange(room_id=GARDEN, actor_id=ADA, created_at=2000.0, topic="roses"),
                    RoleChange(GARDEN, BEN, RoomRole.OWNER, ADA, 2000.0),
                    RoleChange(GARDEN, ADA, RoomRole.MEMBER, BEN, 2000.0),
                ]
            )
            assert [type(each) for each in saved] == [RoomChanged, RoleChanged, RoleChanged]
            assert await replay(storage, BEN, [ChangeRange(GARDEN, 0, 9)], PLENTY) == [removed, *saved]
            invited = NewPerson(name="Dan", password_hash=b"x", invite=b"code")
            assert isinstance(await storage.users.add(invited), Person)
            found = await storage.users.find_invite(b"code")
            assert found is not None
            assert (found.registers, found.room_id, found.is_over) == (True, None, True)
            assert await storage.users.invites(b"", 9, maker_id=ADA) == [], "nobody is known to have made it"


_A_MESSAGE_OF_0010 = f"""
INSERT INTO users (name, name_key, password_hash) VALUES ('Ada', 'ada', 'x'), ('Ben', 'ben', 'x');
INSERT INTO messages (id, room_id, seq, pos, changed_pos, sender_id, kind, text, created_at, edited_at) VALUES
    (1, {LOBBY_ID}, 1, 1, 2, {ADA}, 'message', '@ben green tea', to_timestamp(1000), to_timestamp(1001));
INSERT INTO changes (id, room_id, pos, seq, kind, actor_id, created_at) VALUES
    (2, {LOBBY_ID}, 2, 1, 'edited', {ADA}, to_timestamp(1001));
UPDATE rooms SET last_seq = 1, last_pos = 2, last_sender_id = {ADA} WHERE id = {LOBBY_ID};
UPDATE lanes SET last_id = 2"""


async def test_messages_older_than_mentions_are_found_answered_and_deleted(
    database: DatabaseAddress,
) -> None:
    tea = parse_query("tea")
    assert isinstance(tea, Query)
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations()[:10])
        await execute(database, _A_MESSAGE_OF_0010)
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            timelines = storage.timelines

            async def mentions() -> list[str]:
                return [each.text for each in await timelines.mentions(BEN, EVER, 9, PLENTY)]

            assert await mentions() == []
            assert await timelines.texts(LOBBY_ID, 1, 9, PLENTY) == [TextVersion("@ben green tea", 1001.0)]
            await storage.feature_ports[INDEX].index(PLENTY)
            search = Search(person_id=BEN, query=tea, limit=9, most_bytes=PLENTY)
            assert [each.text for each in await storage.feature_ports[INDEX].find(search)] == [
                "@ben green tea"
            ]
            await storage.messages.save(
                [
                    Draft(LOBBY_ID, BEN, "Ben", "yes", 1002.0, reply=1),
                    Edit(LOBBY_ID, 1, ADA, "@ben black tea", 1003.0),
                ]
            )
            assert await mentions() == ["@ben black tea"]
            # What a server of schema 10 does to delete it.
            await execute(database, "UPDATE messages SET text = '', deleted_at = now() WHERE seq = 1")
            assert await mentions() == []
            kept = "SELECT (SELECT count(*) FROM edits) + (SELECT count(*) FROM mentions)"
            assert await fetch(database, kept) == 0


async def test_messages_are_found_by_the_names_of_files_that_they_had_before(
    database: DatabaseAddress,
) -> None:
    rose = parse_query("rose")
    assert isinstance(rose, Query)
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations()[:20])
        await execute(database, _A_MESSAGE_OF_0010)
        file = '[[1,"rose.png","image/png",3,40,30]]'
        await execute(database, f"UPDATE messages SET files = '{file}' WHERE seq = 1")
        await execute(
            database, "INSERT INTO words_written (id, last_id) VALUES (1, (SELECT last_id FROM lanes))"
        )
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            search = Search(person_id=BEN, query=rose, limit=9, most_bytes=PLENTY)
            assert await storage.feature_ports[INDEX].find(search) == []
            await storage.feature_ports[INDEX].index(PLENTY)
            assert [each.text for each in await storage.feature_ports[INDEX].find(search)] == [
                "@ben green tea"
            ]


async def test_older_accounts_are_no_moderators_and_an_older_server_continues(
    database: DatabaseAddress,
) -> None:
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations()[:10])
        await execute(database, _PEOPLE_OF_0008)
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            people = await storage.users.everyone()
            assert [(each.is_admin, each.is_moderator) for each in people] == [(True, False), (False, False)]
            assert await storage.settings.changed_settings() == {}
            # What a server of schema 10 does: it adds people, gives roles and deletes, and the audit has none of it.
            await execute(
                database, "INSERT INTO users (name, name_key, password_hash) VALUES ('Cem', 'cem', 'x')"
            )
            await execute(
                database, "UPDATE users SET is_operator = name_key = 'ada', is_admin = name_key = 'ben'"
            )
            assert await storage.audit.acts(None, 9) == []
            change = AccountChange(is_moderator=True)
            moderator = await storage.users.administer(CEM, change, BEN)
            assert isinstance(moderator, Person)
            assert moderator.changed_at > moderator.created_at
            (act,) = await storage.audit.acts(None, 9)
            assert (act.by, act.person) == (Named(BEN, "Ben"), Named(CEM, "Cem"))


async def test_older_accounts_are_no_visitors_and_an_older_server_continues(
    database: DatabaseAddress,
) -> None:
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations()[:16])
        await execute(database, _PEOPLE_OF_0008)
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            # What a server of schema 16 does meanwhile.
            await execute(
                database, "INSERT INTO users (name, name_key, password_hash) VALUES ('Cem', 'cem', 'x')"
            )
            assert [each.is_visitor for each in await storage.users.everyone()] == [False] * 3
            visitor = await storage.users.add(NewPerson(name="v", password_hash=b"", visit=Visit()))
            assert isinstance(visitor, Person)
            (lobby,) = await snapshots(storage, CEM, EVER, [LOBBY_ID])
            assert lobby.members == 3
            assert await storage.timelines.rooms_of([visitor.id]) == {visitor.id: {}}


async def test_members_added_by_an_older_server_are_published_too(database: DatabaseAddress) -> None:
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations()[:19])
        await execute(database, _PEOPLE_OF_0008)
        send, snapshots_of = trio.open_memory_channel[int | None](100)
        async with (
            open_postgres_storage(
                database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
            ) as storage,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(storage.watch, send.send_nowait, lambda _id: None, lambda _id: None)
            assert await snapshots_of.receive() is None
            # What a server of schema 19 does meanwhile.
            await execute(
                database, "INSERT INTO users (name, name_key, password_hash) VALUES ('Cem', 'cem', 'x')"
            )
            assert await snapshots_of.receive() == CEM
            assert await storage.users.count() == 3
            nursery.cancel_scope.cancel()


async def test_nobody_blocked_anybody_before_there_were_blocks_and_an_older_server_goes_on(
    database: DatabaseAddress,
) -> None:
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations()[:14])
        await execute(database, _PEOPLE_OF_0008)
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            contacts = storage.contacts
            assert await contacts.blocked_ids(ADA) == set()
            assert await contacts.changed_since(ADA, 0.0, 9) == [], "nobody has changed since then"
            assert await contacts.block(ADA, BEN)
            assert await contacts.blocked_ids(ADA) == {BEN}
            # What a server of schema 14 does: it adds and deletes people, blocked ones too.
            await execute(
                database,
                "INSERT INTO users (name, name_key, password_hash) VALUES ('Cem', 'cem', 'x');"
                f"DELETE FROM users WHERE id = {BEN}",
            )
            assert await contacts.blocked_ids(ADA) == set()
            assert await contacts.block(CEM, ADA)


async def test_words_and_people_of_before_are_found_after_the_upgrade(database: DatabaseAddress) -> None:
    known = known_migrations()
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known[:28])
        for statement in (
            "INSERT INTO users (name, name_key, password_hash) VALUES ('Ada', 'ada', 'x')",
            "INSERT INTO message_words (id, room_id, words) VALUES (70000, 1, 'tea')",
            "INSERT INTO words_written (id, last_id) VALUES (1, 70000)",
        ):
            await execute(database, statement)
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known)
        assert await fetch(database, "SELECT bucketed_from FROM words_written") == 70_001
        # What a server of schema 28 writes.
        await execute(database, "INSERT INTO message_words (id, room_id, words) VALUES (70001, 1, 'tea')")
        assert await fetch(database, "SELECT words FROM message_words WHERE id = 70001") == "'tea' '~1'"
        found = "SELECT name FROM users WHERE name_parts(name_key) @> '{da}' AND NOT is_visitor"
        assert await fetch(database, found) == "Ada"


async def test_what_messages_of_before_and_of_an_older_server_have_is_found(
    database: DatabaseAddress,
) -> None:
    known = known_migrations()
    from_id = "SELECT marked_from FROM words_written"
    rose = '[[1,"red rose.png","image/png",1,1,1]]'

    async def say(message_id: int, text: str, files: str | None = None) -> None:
        """Say something, and index it as a server of schema 70 does."""
        attached = "NULL" if files is None else f"'{files}'"
        await execute(
            database,
            "INSERT INTO messages (id, room_id, seq, pos, sender_id, kind, text, created_at, files) VALUES"
            f" ({message_id}, 1, {message_id}, {message_id}, 1, 'message', '{text}', now(), {attached});"
            f"UPDATE lanes SET last_id = {message_id};"
            f"INSERT INTO message_words (id, room_id, words) VALUES ({message_id}, 1, '''#1'' tea');"
            f"INSERT INTO words_written (id, last_id) VALUES (1, {message_id})"
            f" ON CONFLICT (id) DO UPDATE SET last_id = {message_id}",
        )

    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known[:70])
        await execute(
            database, "INSERT INTO users (name, name_key, password_hash) VALUES ('Ada', 'ada', 'x')"
        )
        await say(1, "tea", rose)
        await say(2, "see HTTPS://x")
        await say(3, "http://")
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            index = storage.feature_ports[INDEX]

            async def found(has: str, q: str = "", *, in_names: bool = False) -> list[int]:
                query = parse_query(q, may_be_empty=True)
                assert isinstance(query, Query)
                asked = Search(
                    person_id=1, query=query, has=(has,), in_names=in_names, limit=9, most_bytes=PLENTY
                )
                return [message.seq for message in await index.find(asked)]

            assert (await fetch(database, from_id), await found("file")) == (4, [])
            assert (await index.index(PLENTY)).is_marked
            assert [await found(has) for has in ("file", "image", "link", "video")] == [[1], [1], [2], []]
            assert await found("image", "rose", in_names=True) == [1]
            assert await found("image", "tea", in_names=True) == []
            # What a server of schema 70 does meanwhile.
            await say(4, "tea", rose)
            await say(5, "tea")
            assert (await fetch(database, from_id), await found("file")) == (5, [1])
            assert (await index.index(PLENTY)).is_marked
            assert await found("file") == [4, 1]


async def test_an_older_server_adds_people_beside_starting_rooms_and_folders(
    database: DatabaseAddress,
) -> None:
    known = known_migrations()
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known[:77])
        await execute(
            database,
            "INSERT INTO users (name, name_key, password_hash) VALUES ('Ada', 'ada', 'x');"
            f"INSERT INTO rooms (id, kind, name, name_key) VALUES ({GARDEN}, 'room', 'garden', 'garden')",
        )
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            starting, folders = storage.feature_ports[STARTING_ROOMS], storage.feature_ports[FOLDERS]
            assert await starting.switch(GARDEN, ADA, is_on=True) == [GARDEN]
            await folders.change(ADA, partial(with_new, name="work"))
            # What a server of schema 77 does.
            await execute(
                database, "INSERT INTO users (name, name_key, password_hash) VALUES ('Ben', 'ben', 'x')"
            )
            assert await fetch(database, "SELECT key FROM due WHERE kind = 'starting_rooms'") == str(BEN)
            await execute(database, f"UPDATE rooms SET is_private = true WHERE id = {GARDEN}")
            assert await starting.all() == []
            await execute(
                database, f"UPDATE users SET deleted_at = now(), password_hash = '' WHERE id = {ADA}"
            )
            assert await folders.read(ADA) == NONE


async def test_replies_of_before_and_of_an_older_server_are_in_threads(database: DatabaseAddress) -> None:
    known = known_migrations()
    reply = """
        INSERT INTO messages (id, room_id, seq, pos, sender_id, kind, text, created_at, reply_seq, mentions)
        SELECT {0}, 1, {0}, {0}, {1}, 'message', 'm{0}', to_timestamp({0}), {2}, {3};
        UPDATE rooms SET last_seq = {0}, last_pos = {0} WHERE id = 1; UPDATE lanes SET last_id = {0}"""

    async def say(seq: int, sender: int, answered: object, mentions: str = "NULL") -> None:
        for statement in reply.format(seq, sender, answered, mentions).split(";"):
            await execute(database, statement)

    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(
                database, connect_timeout=10, migrations=[each for each in known if each.version < 54]
            )
        people = "('Ada', 'ada', 'x'), ('Ben', 'ben', 'x'), ('Cem', 'cem', 'x')"
        await execute(database, f"INSERT INTO users (name, name_key, password_hash) VALUES {people}")
        for seq, sender, answered in ((1, ADA, "NULL"), (2, BEN, 1), (3, ADA, "NULL"), (4, BEN, 2)):
            await say(seq, sender, answered)
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            threads = storage.feature_ports[THREADS]

            async def replies(reader: int, seq: int) -> tuple[str, bool]:
                page = await threads.read(reader, LOBBY_ID, seq, HistoryQuery(), PLENTY)
                assert page is not None
                return " ".join(each.text for each in page.replies), page.thread.is_followed

            # What a server of schema 53 does meanwhile: it answers a reply that has no root yet, and mentions Cem.
            await say(5, BEN, 4, f"'{{{CEM}}}'")
            assert await replies(CEM, 5) == ("m5", True)
            assert [await threads.fill(2), await threads.fill(2), await threads.fill(2)] == [
                True,
                False,
                False,
            ]
            for reader, seq in ((ADA, 1), (BEN, 4), (CEM, 5)):
                assert await replies(reader, seq) == ("m2 m4 m5", True)
            assert await replies(ADA, 3) == ("", False)
            assert [each.replies for each in await threads.of_room(ADA, LOBBY_ID, 0, 99, 9)] == [3]
            await execute(database, "UPDATE messages SET text = '', deleted_at = now() WHERE id = 4")
            assert await replies(ADA, 1) == ("m2 m5", True)
            await execute(
                database, f"UPDATE users SET deleted_at = now(), password_hash = '' WHERE id = {CEM}"
            )
            assert await fetch(database, f"SELECT count(*) FROM thread_follows WHERE person_id = {CEM}") == 0
