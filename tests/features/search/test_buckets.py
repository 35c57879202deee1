"""A search by buckets finds what a plain scan finds: whatever is asked, and however many messages have their bucket."""

import os
from collections.abc import AsyncGenerator, Sequence
from random import Random
from typing import Any, NamedTuple

import pytest
import trio

from chat.domain.entities import LOBBY_ID
from chat.features.registry import FEATURES
from chat.features.search import queries, statements
from chat.features.search.index import Search
from chat.features.search.query import Query, parse_query
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import Database, DatabaseAddress, open_database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.storage import open_postgres_storage
from tests.support.databases import execute, fetch
from tests.support.server import ServerProcess

COUNT = 3000
APART = 7001
"""Ids between two messages: they are in 320 buckets."""
ADA, GARDEN, CELLAR = 1, 2, 3
WORDS = ("often", "half", "some", "few", "rare")
EVERY = (1, 2, 25, 150, 1000)
"""Each word is in one of so many messages."""

ROOMS = (
    "INSERT INTO users (name, name_key, password_hash) VALUES ('ada', 'ada', 'x');"
    "INSERT INTO rooms (id, kind, name, name_key, is_private) VALUES"
    f" ({GARDEN}, 'room', 'garden', 'garden', true), ({CELLAR}, 'room', 'cellar', 'cellar', true);"
    f"INSERT INTO memberships (room_id, user_id) VALUES ({GARDEN}, {ADA})"
)


class Said(NamedTuple):
    id: int
    room: int
    sender: int
    words: frozenset[str]


def conversation(chance: Random) -> list[Said]:
    return [
        Said(
            nth * APART,
            chance.choice((LOBBY_ID, GARDEN, CELLAR)),
            chance.randint(1, 3),
            frozenset(word for word, every in zip(WORDS, EVERY, strict=True) if chance.random() * every < 1),
        )
        for nth in range(1, COUNT + 1)
    ]


def words(said: Sequence[Said]) -> str:
    """Rows of `message_words`, as SQL."""
    return ", ".join(
        "({}, {}, '''#{}'' ''@{}'' {}')".format(
            each.id, each.room, each.room, each.sender, " ".join(each.words)
        )
        for each in said
    )


class World(NamedTuple):
    database: Database
    address: DatabaseAddress
    said: list[Said]

    async def index(self) -> None:
        """Give one step of older messages their bucket."""
        await queries.PostgresSearchIndex(self.database).index(1)

    async def found(self, search: Search) -> list[int]:
        async def find(connection: Connection) -> list[int]:
            return await queries._ids(connection, search)

        return await self.database.read(find)


@pytest.fixture
async def world(server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[World]:
    """None of its messages has a bucket, as after an upgrade."""
    monkeypatch.setattr(statements, "NEWEST", 20)
    monkeypatch.setattr(queries, "_MOST_AT_ONCE", 40)
    name = f"buckets_{os.urandom(6).hex()}"
    address = {**server.address, "database": name}
    said = conversation(Random(5))
    with trio.fail_after(60):
        await execute(server.address, f"CREATE DATABASE {name}")
        try:
            async with open_postgres_storage(
                address, pool_size=1, query_timeout=10, commit_timeout=10, features=FEATURES
            ):
                pass
            newest = said[-1].id
            for statement in (
                ROOMS,
                "ALTER TABLE message_words DISABLE TRIGGER message_words_bucket",
                f"INSERT INTO message_words (id, room_id, words) VALUES {words(said)}",
                f"INSERT INTO words_written (id, last_id, bucketed_from) VALUES (1, {newest}, {newest + 1})",
                f"UPDATE lanes SET last_id = {newest} WHERE id = 1",
                "ALTER TABLE message_words ENABLE TRIGGER message_words_bucket",
                "VACUUM ANALYZE message_words",
            ):
                await execute(address, statement)
            async with open_asyncio(), open_database(address, pool_size=1, query_timeout=10) as database:
                yield World(database, address, said)
        finally:
            await execute(server.address, f"DROP DATABASE {name} WITH (FORCE)")


def any_search(chance: Random) -> tuple[Search, dict[str, Any]]:
    """A search, and what a message must have for it."""
    wanted = chance.sample(WORDS, chance.choice((1, 1, 2)))
    without = chance.sample([word for word in WORDS[1:] if word not in wanted], chance.choice((0, 0, 1)))
    written = [word[: chance.randint(3, len(word))] if chance.random() < 0.5 else word for word in wanted]
    query = parse_query(" ".join([*written, *(f"-{word}" for word in without)]))
    assert isinstance(query, Query)
    asked = {
        "room_id": chance.choice((None, None, GARDEN, LOBBY_ID)),
        "sender_id": chance.choice((None, None, 2)),
        "before_id": chance.choice((2**62, 2**62, chance.randint(1, COUNT) * APART)),
        "limit": chance.choice((1, 20, 60, 5000)),
    }
    search = Search(person_id=ADA, query=query, most_bytes=1, **asked)
    return search, {**asked, "wanted": wanted, "without": without}


def scanned(said: list[Said], *, wanted: list[str], without: list[str], **asked: Any) -> list[int]:
    """What a plain scan finds."""
    return [
        each.id
        for each in reversed(said)
        if each.id < asked["before_id"]
        and each.room != CELLAR
        and asked["room_id"] in (None, each.room)
        and asked["sender_id"] in (None, each.sender)
        and each.words.issuperset(wanted)
        and not each.words.intersection(without)
    ][: asked["limit"]]


async def test_hits_are_those_of_a_plain_scan_before_while_and_after_messages_get_buckets(
    world: World,
) -> None:
    chance = Random(7)
    lacking = "SELECT count(*) FROM message_words WHERE NOT words @@ ('''~' || (id >> 16) || '''')::tsquery"
    seen = set()
    while True:
        left = await fetch(world.address, lacking)
        seen.add(left)
        for _ in range(60):
            search, asked = any_search(chance)
            assert await world.found(search) == scanned(world.said, **asked), (left, asked)
        if left == 0:
            break
        await world.index()
    assert {COUNT, COUNT - 1000, 0} <= seen
    assert await fetch(world.address, "SELECT bucketed_from FROM words_written") > 0, "it found the oldest"
    await world.index()
    assert await fetch(world.address, "SELECT bucketed_from FROM words_written") == 0


async def test_the_indexer_writes_the_bucket_and_needs_no_trigger(world: World) -> None:
    newest = world.said[-1].id
    added = newest + APART
    for statement in (
        "DROP TRIGGER message_words_bucket ON message_words",
        f"INSERT INTO messages (id, room_id, seq, pos, kind, sender_id, text, created_at)"
        f" VALUES ({added}, 1, {added}, {added}, 'message', {ADA}, 'rare', now())",
        f"UPDATE lanes SET last_id = {added} WHERE id = 1",
    ):
        await execute(world.address, statement)
    await queries.PostgresSearchIndex(world.database).index(100)
    has_bucket = f"SELECT words @@ '''~{added >> 16}'' & rare' FROM message_words WHERE id = {added}"
    assert await fetch(world.address, has_bucket)


async def test_words_that_a_server_of_the_release_before_writes_have_their_bucket(world: World) -> None:
    added = 5 * APART + 1
    write = (
        f"INSERT INTO message_words (id, room_id, words) VALUES ({added}, 1, '''#1'' ''@1'' rare')"
        " ON CONFLICT (id) DO UPDATE SET words = excluded.words"
    )
    for _ in range(2):
        await execute(world.address, write)
        assert await fetch(world.address, f"SELECT words FROM message_words WHERE id = {added}") == (
            f"'#1' '@1' 'rare' '~{added >> 16}'"
        )
