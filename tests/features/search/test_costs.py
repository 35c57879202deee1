"""A search reads few messages, for any query: by the index, or by a scan if that is shorter."""

import os
from collections.abc import AsyncGenerator

import pytest
import trio

from chat.domain.entities import LOBBY_ID
from chat.features.registry import FEATURES
from chat.features.search import queries as search
from chat.features.search import statements
from chat.features.search.index import Search
from chat.features.search.query import Query, parse_query
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import Database, open_database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.storage import open_postgres_storage
from tests.support.databases import execute
from tests.support.server import ServerProcess

LENGTH = 40_000
BURST = 6000
"""The newest messages, all of one person in the lobby."""
ADA, BEN, CEM, DORA = 1, 2, 3, 4
GARDEN, CELLAR = 2, 3
EVER = 2**62
MOST = statements.NEWEST + statements._PLACES * statements._AT_EACH
"""Messages that may be read to find out which way is the shorter one."""

# Ada is in the lobby and in the garden, where one message of a hundred is said. Cem says one of a thousand, Ben every
# other one, and Dora the rest.
_ROOM = f"CASE WHEN n <= {LENGTH - BURST} THEN CASE WHEN n % 100 = 0 THEN {GARDEN} WHEN n % 3 = 0 THEN {CELLAR} END END"
_SENDER = f"CASE WHEN n <= {LENGTH - BURST} THEN CASE WHEN n % 1000 = 0 THEN {CEM} WHEN n % 2 = 1 THEN {DORA} END END"
_FILL = (
    "INSERT INTO users (name, name_key, password_hash) "
    "SELECT name, name, 'x' FROM unnest(ARRAY['ada', 'ben', 'cem', 'dora']) AS name",
    "INSERT INTO rooms (id, kind, name, name_key, creator_id, is_private) VALUES "
    f"({GARDEN}, 'room', 'garden', 'garden', {BEN}, true), ({CELLAR}, 'room', 'cellar', 'cellar', {BEN}, true)",
    f"INSERT INTO memberships (room_id, user_id) VALUES ({GARDEN}, {ADA})",
    f"""
    INSERT INTO message_words (id, room_id, words)
    SELECT n, room, array_to_tsvector(array_remove(ARRAY[
        '#' || room, '@' || sender, 'often', CASE WHEN n % 2 = 0 THEN 'half' END,
        CASE WHEN n % 30 = 0 THEN 'some' END, CASE WHEN n % 4000 = 7 THEN 'rare' END,
        CASE WHEN n % 4000 = 11 THEN '=file' END, CASE WHEN n % 4000 = 11 THEN '=.rose' END
    ], NULL))
    FROM (
        SELECT n, coalesce({_ROOM}, {LOBBY_ID}) AS room, coalesce({_SENDER}, {BEN}) AS sender
        FROM generate_series(1, {LENGTH}) AS n
    ) AS said""",
    "VACUUM ANALYZE",
)

_READ = """
SELECT sum(seq_tup_read + idx_tup_fetch)::int FROM pg_stat_xact_user_tables WHERE relname LIKE 'message_words_from%'"""


@pytest.fixture
async def filled(server: ServerProcess) -> AsyncGenerator[Database]:
    name = f"search_{os.urandom(6).hex()}"
    address = {**server.address, "database": name}
    with trio.fail_after(60):
        await execute(server.address, f"CREATE DATABASE {name}")
        try:
            async with open_postgres_storage(
                address, pool_size=1, query_timeout=10, commit_timeout=10, features=FEATURES
            ):
                pass
            for statement in _FILL:
                await execute(address, statement)
            async with open_asyncio(), open_database(address, pool_size=1, query_timeout=10) as database:
                yield database
        finally:
            await execute(server.address, f"DROP DATABASE {name} WITH (FORCE)")


async def found(
    database: Database,
    q: str,
    *,
    sender: int | None = None,
    room: int | None = None,
    best: bool = False,
    has: tuple[str, ...] = (),
) -> tuple[list[int], int]:
    """Return the ids that are found, and how many messages were read for them."""
    query = parse_query(q, may_be_empty=True)
    assert isinstance(query, Query)
    asked = Search(
        person_id=ADA,
        query=query,
        room_id=room,
        sender_id=sender,
        before_id=EVER,
        is_best=best,
        has=has,
        in_names=bool(has),
        limit=20,
        most_bytes=1,
    )

    async def find(connection: Connection) -> tuple[list[int], int]:
        async with connection.transaction():
            before = await connection.fetchval(_READ)
            ids = await search._ids(connection, asked)
            return ids, await connection.fetchval(_READ) - before

    return await database.read(find)


def said(every: int, *, rest: int = 0, room: int | None = None, sender: int | None = None) -> list[int]:
    """The ids of what Ada may find, the newest first."""
    ids = []
    for n in range(LENGTH, 0, -1):
        is_late = n > LENGTH - BURST
        where = LOBBY_ID if is_late else GARDEN if n % 100 == 0 else CELLAR if n % 3 == 0 else LOBBY_ID
        whose = BEN if is_late else CEM if n % 1000 == 0 else DORA if n % 2 == 1 else BEN
        if n % every == rest and where != CELLAR and room in (None, where) and sender in (None, whose):
            ids.append(n)
    return ids


async def test_a_search_reads_few_of_the_messages(filled: Database) -> None:
    ids, read = await found(filled, "often")
    assert (ids, read) == (said(1)[:20], statements.NEWEST)
    for (ids, read), right, most in (
        # By the index, of whichever part is in the fewest.
        (await found(filled, "rare"), said(4000, rest=7), 10),
        (await found(filled, "often rare half"), [], 10),
        (await found(filled, "", has=("file",)), said(4000, rest=11), 10),
        (await found(filled, "ro", has=("file",)), said(4000, rest=11), 10),
        (await found(filled, "rare", sender=DORA), said(4000, rest=7, sender=DORA), 10),
        (await found(filled, "often", sender=CEM), said(1, sender=CEM)[:20], LENGTH // 1000),
        (await found(filled, "often", room=GARDEN), said(1, room=GARDEN)[:20], LENGTH // 100),
        # One by one, also where the newest have nothing of it.
        (await found(filled, "some", best=True), said(30)[:200], LENGTH // 4),
        (await found(filled, "often", sender=DORA), said(1, sender=DORA)[:20], BURST),
        (await found(filled, "often some", sender=BEN), said(30, sender=BEN)[:20], BURST),
    ):
        assert ids == right
        assert read <= MOST + most, (read, most, right[:3])


def test_it_is_known_which_way_is_shorter() -> None:
    """As many are looked at one by one as cost what the index would, if half of them should do."""
    million, bucket = 1_000_000, 1 << statements.BUCKET_BITS
    assert search.Sample(2000, 200, 0, million).more_to_scan(20) == 0, "nothing says that they are there"
    assert search.Sample(2000, 2, 1, million).more_to_scan(20) == 0
    assert search.Sample(2000, 20, 4, million).more_to_scan(20) == 0, "a bucket of the index is less"
    assert search.Sample(2000, 200, 4, million).more_to_scan(20) == 8 * bucket // 10
    assert search.Sample(2000, 20, 4, million, is_bucketed=False).more_to_scan(20) == 80_000
    assert search.Sample(2000, 20, 1, million, is_bucketed=False).more_to_scan(21) == 0
    assert search.Sample(2000, 200, 4, 30_000).more_to_scan(20) == 24_000
    assert search.Sample(2000, 200, 1, million).more_to_scan(20) == 0
    assert search.Sample(2000, 2000, 4, million).more_to_scan(20) == search._MOST_MORE


def test_a_window_has_so_many_buckets_that_it_should_have_some_matches() -> None:
    bucket = 1 << statements.BUCKET_BITS
    assert search.Sample(2000, 0, 0, 1).width == 30
    assert search.Sample(2000, 10, 0, 1).width == 2
    assert search.Sample(2000, 2000, 0, 1).width == 1
    windows = [*search._windows(5, 100 * bucket, 2, 0)]
    assert [(begin, end) for begin, end, _ in windows] == [
        (98 * bucket, 100 * bucket),
        (90 * bucket, 98 * bucket),
        (58 * bucket, 90 * bucket),
        (5, 58 * bucket),
    ]
    assert windows[0][2] == "'~98' | '~99'"
    assert [*search._windows(0, bucket + 5, 1, bucket)] == [(bucket, bucket + 5, "'~1'"), (0, bucket, "")]
    assert [*search._windows(7, 7, 1, 0)] == []
