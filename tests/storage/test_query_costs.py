"""No query on messages reads many more rows than it returns, wherever in a long room it looks."""

import json
import os
from collections.abc import AsyncGenerator, Generator, Iterator
from typing import Any, NamedTuple

import pytest
import trio

from chat.domain.entities import LOBBY_ID
from chat.domain.messages.reading import MOST_UNREAD
from chat.storage.postgres import (
    change_queries,
    history_queries,
    member_queries,
    references,
    replay_queries,
    support_queries,
    timeline_queries,
)
from chat.storage.postgres import message_queries as queries
from chat.storage.postgres import rooms as room_queries
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import Database, DatabaseAddress, open_database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.storage import open_postgres_storage
from tests.support.databases import execute
from tests.support.server import ServerProcess

LENGTH = 20_000
"""Messages in each long room."""
EVER = 2**63 - 1
PLENTY = 1 << 20
SLACK = 2 * (LENGTH.bit_length() + 1)
"""Rows that looking for a place may cost: two binary searches."""

ADA, BEN, CEM = 1, 2, 3
GARDEN, CELLAR, WITH_BEN, WITH_CEM, DESK = 2, 3, 4, 5, 6
CHANGES = 5000
"""Reactions in the garden, behind everything that was said."""
WRITERS = 1000
"""People with a support conversation of one message."""

_FILL = f"""
INSERT INTO users (name, name_key, password_hash)
SELECT 'p' || n, 'p' || n, 'x' FROM generate_series(1, {WRITERS + 10}) AS n;

INSERT INTO rooms (id, kind, name, name_key, creator_id) VALUES
    ({GARDEN}, 'room', 'garden', 'garden', {ADA}), ({CELLAR}, 'room', 'cellar', 'cellar', {ADA}),
    ({WITH_BEN}, 'direct', NULL, NULL, NULL), ({WITH_CEM}, 'direct', NULL, NULL, NULL),
    ({DESK}, 'support', NULL, NULL, {BEN});
INSERT INTO direct_rooms VALUES ({ADA}, {BEN}, {WITH_BEN}), ({ADA}, {CEM}, {WITH_CEM});
INSERT INTO memberships (room_id, user_id, delivered_seq) VALUES
    ({WITH_BEN}, {ADA}, {LENGTH // 2}), ({WITH_BEN}, {BEN}, 0), ({WITH_CEM}, {ADA}, 0), ({WITH_CEM}, {CEM}, 0);

-- All rooms grow together, so that the ids of each are strewn among the others'. Ben talks and Ada answers; to Cem
-- only Ada talks; at the desk nobody answers.
INSERT INTO messages (id, room_id, seq, pos, sender_id, kind, text, created_at)
SELECT row_number() OVER (ORDER BY n, room), room, n, n,
       CASE WHEN room = {WITH_CEM} OR (room = {WITH_BEN} AND n % 2 = 0) THEN {ADA} ELSE {BEN} END,
       'message', 'x', to_timestamp(1000000 + n)
FROM generate_series(1, {LENGTH}) AS n, unnest(ARRAY[{GARDEN}, {CELLAR}, {WITH_BEN}, {WITH_CEM}, {DESK}]) AS room;
INSERT INTO mentions (room_id, person_id, seq, id, sender_id)
SELECT room_id, person_id, seq, id, sender_id FROM messages CROSS JOIN (VALUES (0), ({ADA})) AS whom(person_id)
WHERE room_id = {WITH_BEN} AND sender_id = {BEN};
INSERT INTO edits (room_id, seq, pos, text, created_at)
SELECT {GARDEN}, 1 + n % 50, n, 'x', now() FROM generate_series(1, {LENGTH}) AS n;
UPDATE rooms SET last_seq = {LENGTH}, last_sender_id = {BEN} WHERE id IN ({GARDEN}, {CELLAR}, {DESK});
UPDATE rooms SET last_seq = {LENGTH}, last_sender_id = {ADA} WHERE id IN ({WITH_BEN}, {WITH_CEM});
UPDATE rooms SET last_other_seq = {LENGTH - 1} WHERE id = {WITH_BEN};
UPDATE rooms SET spoken_after_id = (SELECT max(id) - 1 FROM messages) WHERE id = {DESK};

INSERT INTO rooms (id, kind, creator_id, last_seq, last_sender_id, spoken_after_id)
SELECT 1000 + n, 'support', 10 + n, 1, 10 + n, 10000000 + n FROM generate_series(1, {WRITERS}) AS n;
INSERT INTO messages (id, room_id, seq, pos, sender_id, kind, text, created_at)
SELECT {LENGTH} * 5 + n, 1000 + n, 1, 1, 10 + n, 'message', 'x', now() FROM generate_series(1, {WRITERS}) AS n;
INSERT INTO changes (id, room_id, pos, seq, kind, actor_id, emoji, is_on, created_at)
SELECT {LENGTH} * 5 + {WRITERS} + n, {GARDEN}, {LENGTH} + n, n, 'reacted', {ADA}, '👍', true, now()
FROM generate_series(1, {CHANGES}) AS n;
INSERT INTO reactions (room_id, seq, emoji, person_id)
SELECT {GARDEN}, n, '👍', {ADA} FROM generate_series(1, {CHANGES}) AS n;
INSERT INTO files (room_id, owner_id, seq, name, type, size, digest)
SELECT {GARDEN}, {BEN}, n, 'x', CASE WHEN n % 5000 = 7 THEN 'image/png' ELSE 'text/plain' END, 1, 'x'
FROM generate_series(1, {LENGTH}) AS n;
UPDATE rooms SET last_pos = last_seq + CASE id WHEN {GARDEN} THEN {CHANGES} ELSE 0 END;
UPDATE lanes SET last_id = (SELECT max(id) FROM changes);
ANALYZE"""


@pytest.fixture(scope="module")
def filled(server: ServerProcess) -> Generator[DatabaseAddress]:
    """A database with long rooms, for all tests of this file: they only read."""
    name = f"costs_{os.urandom(6).hex()}"
    address = {**server.address, "database": name}

    async def make() -> None:
        await execute(server.address, f"CREATE DATABASE {name}")
        async with open_postgres_storage(address, pool_size=1, query_timeout=10, commit_timeout=10):
            pass
        await execute(address, _FILL)

    trio.run(make)
    yield address
    trio.run(execute, server.address, f"DROP DATABASE {name} WITH (FORCE)")


_FETCHED = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = $1"


_PLANNED_ANEW = "SELECT custom_plans FROM pg_prepared_statements WHERE statement = $1"


class Cost(NamedTuple):
    """What a query returned, and how many rows of a table, mostly `messages`, PostgreSQL looked at for it."""

    returned: int
    planned: int
    """As EXPLAIN ANALYZE counts them, without what functions read."""
    fetched: int
    """As the transaction's statistics count them, with it."""


class Reader:
    """Runs statements as the storage does, and says what they cost."""

    def __init__(self, database: Database, plan: str) -> None:
        self._database = database
        self._plan = plan

    async def value(self, query: str, *values: object) -> Any:
        return await self._database.read(lambda c: c.fetchval(query, *values))

    async def cost(self, query: str, *values: object, table: str = "messages") -> Cost:
        async def run(connection: Connection) -> Cost:
            await connection.execute(f"SET plan_cache_mode = {self._plan}")
            explained = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *values)
            async with connection.transaction():
                before = await connection.fetchval(_FETCHED, table)
                rows = await connection.fetch(query, *values)
                fetched = await connection.fetchval(_FETCHED, table) - before
            (plan,) = json.loads(explained)
            return Cost(len(rows), round(sum(_read(plan["Plan"], table))), fetched)

        return await self._database.read(run)

    async def scans(self, query: str, *values: object) -> set[str]:
        """Return how the tables are read."""

        async def explain(connection: Connection) -> str:
            await connection.execute(f"SET plan_cache_mode = {self._plan}")
            return str(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {query}", *values))

        (plan,) = json.loads(await self._database.read(explain))
        return {node["Node Type"] for node in _nodes(plan["Plan"]) if "Relation Name" in node}


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _read(node: dict[str, Any], table: str) -> Iterator[float]:
    if node.get("Relation Name") == table:
        removed = sum(count for name, count in node.items() if name.startswith("Rows Removed by"))
        yield (node["Actual Rows"] + removed) * node["Actual Loops"]
    for child in node.get("Plans", ()):
        yield from _read(child, table)


@pytest.fixture(params=["force_custom_plan", "force_generic_plan"])
async def reader(filled: DatabaseAddress, request: pytest.FixtureRequest) -> AsyncGenerator[Reader]:
    """Plans made for the values, and those that PostgreSQL makes once for all values."""
    with trio.fail_after(60):
        async with open_asyncio(), open_database(filled, pool_size=1, query_timeout=30) as database:
            yield Reader(database, request.param)


async def id_at(reader: Reader, room: int, seq: int) -> int:
    found = await reader.value("SELECT id FROM messages WHERE room_id = $1 AND seq = $2", room, seq)
    assert isinstance(found, int)
    return found


def assert_fair(cost: Cost, returned: int) -> None:
    assert cost.returned == returned
    assert cost.planned <= 2 * returned + SLACK, cost
    assert cost.fetched <= 2 * returned + SLACK, cost


@pytest.mark.parametrize("after", [0, LENGTH // 2, LENGTH - 100])
async def test_a_page_costs_the_same_anywhere_in_a_room(reader: Reader, after: int) -> None:
    assert_fair(await reader.cost(queries.TIMELINE_FROM, GARDEN, EVER, EVER, 100, PLENTY, after), 100)
    assert_fair(await reader.cost(queries.TIMELINE_FROM, GARDEN, after + 100, EVER, 200, PLENTY, after), 100)


async def test_a_page_over_a_whole_room_reads_no_more_than_could_fit(reader: Reader) -> None:
    # Three bytes each.
    assert_fair(await reader.cost(queries.TIMELINE_FROM, GARDEN, EVER, EVER, LENGTH, 300, 10), 100)
    assert_fair(await reader.cost(queries.TIMELINE_TO, GARDEN, EVER, EVER, LENGTH, 300), 100)


@pytest.mark.parametrize("seq", [1, 100, LENGTH // 2, LENGTH - 1, LENGTH])
async def test_going_back_costs_the_same_anywhere_in_a_room(reader: Reader, seq: int) -> None:
    up_to_id = await id_at(reader, GARDEN, seq)
    assert_fair(await reader.cost(queries.TIMELINE_TO, GARDEN, EVER, up_to_id, 100, PLENTY), min(seq, 100))
    assert_fair(await reader.cost(queries.TIMELINE_TO, GARDEN, seq, EVER, 100, PLENTY), min(seq, 100))


async def test_the_newest_messages_of_a_room_are_read_at_once(reader: Reader) -> None:
    assert_fair(await reader.cost(queries.TIMELINE_TO, GARDEN, EVER, EVER, 100, PLENTY), 100)


async def test_missed_messages_are_read_from_the_delivered_position_on(reader: Reader) -> None:
    assert_fair(await reader.cost(queries.UNDELIVERED, ADA, 0, EVER, 100, PLENTY), 100)


async def test_missed_messages_continue_after_the_last_piece(reader: Reader) -> None:
    after = await id_at(reader, WITH_BEN, LENGTH * 3 // 4)
    assert_fair(await reader.cost(queries.UNDELIVERED, ADA, after, EVER, 100, PLENTY), 100)
    up_to = await id_at(reader, WITH_BEN, LENGTH * 3 // 4 + 10)
    assert_fair(await reader.cost(queries.UNDELIVERED, ADA, after, up_to, 100, PLENTY), 5)


async def test_own_messages_are_not_scanned_for_answers(reader: Reader) -> None:
    after = await id_at(reader, WITH_BEN, LENGTH)
    assert_fair(await reader.cost(queries.UNDELIVERED, ADA, after, EVER, 100, PLENTY), 0)


async def test_reading_the_log_costs_the_same_from_any_place(reader: Reader) -> None:
    for after_id in (0, LENGTH, 5 * LENGTH - 9):
        assert_fair(await reader.cost(queries.READ_LOG, after_id, 10, PLENTY), 10)
    for after_id in (5 * LENGTH + WRITERS, 5 * LENGTH + WRITERS + CHANGES - 10):
        assert_fair(await reader.cost(queries.READ_LOG, after_id, 10, PLENTY), 10)
    assert_fair(await reader.cost(queries.READ_LOG, 5 * LENGTH + WRITERS - 5, 10, PLENTY), 10)


async def test_a_change_looks_at_its_message_and_no_other(reader: Reader) -> None:
    seqs = list(range(1, LENGTH, LENGTH // 50))
    rooms, emoji, people = [GARDEN] * len(seqs), ["👍"] * len(seqs), [ADA] * len(seqs)
    assert_fair(await reader.cost(change_queries.TARGETS, rooms, seqs, emoji, people), len(seqs))


async def test_an_overview_reads_one_message_of_each_conversation_in_it(reader: Reader) -> None:
    assert_fair(await reader.cost(queries.CONVERSATIONS, 10, PLENTY), 10)
    assert_fair(await reader.cost(queries.CONVERSATIONS, WRITERS + 1, PLENTY), WRITERS + 1)


async def test_the_queue_reads_one_message_of_each_conversation_that_waits(reader: Reader) -> None:
    start, end = (0, 0, 0), (1, -EVER, 0)
    cost = await reader.cost(support_queries.QUEUE, None, None, *start, 10)
    assert cost.returned == 10
    assert max(cost.planned, cost.fetched) <= WRITERS + 10
    closed = await reader.cost(support_queries.QUEUE, True, None, *end, 10)
    assert max(closed.planned, closed.fetched) == 0
    for query, *values in (
        (support_queries.QUEUE, None, None, *start, 10),
        (support_queries.QUEUE, True, ADA, *end, 10),
        (support_queries.STATES, [DESK], [ADA]),
    ):
        assert await reader.scans(query, *values) <= {"Index Scan", "Index Only Scan"}


async def test_a_sync_reads_every_table_by_an_index(reader: Reader) -> None:
    by_index = {"Index Scan", "Index Only Scan"}
    for query, *values in (
        (timeline_queries.SNAPSHOTS, [ADA], [EVER], [1], [], []),
        (timeline_queries.SNAPSHOTS, [ADA, BEN], [EVER, EVER], [], [1, 2], [GARDEN, GARDEN]),
        (replay_queries.RESUME_CHECKS, [GARDEN], [1], [1], [EVER]),
        (replay_queries.REPLAY, [ADA, BEN], [GARDEN], [0], [1], PLENTY),
        (timeline_queries.ROOMS_OF, [ADA, BEN]),
        (timeline_queries.READS_SINCE, ADA, 0.0),
        (room_queries.ACCESS, GARDEN, ADA),
        (member_queries.MEMBERS, GARDEN, 0, 100),
        (history_queries.HISTORY_FROM, ADA, EVER, GARDEN, 0, EVER, 100, PLENTY),
        (history_queries.HISTORY_TO, ADA, EVER, GARDEN, 0, EVER, 100, PLENTY),
        (history_queries.TEXTS, GARDEN, 1, 100, PLENTY, EVER),
        (history_queries.MENTIONS, ADA, EVER, 100, PLENTY),
        (references.LOOK_UP, [GARDEN], ["p1"], [GARDEN], [ADA], [True], [GARDEN], [1]),
    ):
        assert await reader.scans(query, *values) <= by_index


async def test_snapshots_use_one_plan_for_any_number_of_rooms(filled: DatabaseAddress) -> None:
    rooms = [LOBBY_ID, GARDEN, CELLAR, WITH_BEN, WITH_CEM, DESK]

    async def planned_anew(connection: Connection) -> int:
        for person in (ADA, BEN, CEM, 7, 8):
            for asked in range(1, len(rooms)):
                places = [1] * asked
                await connection.fetch(
                    timeline_queries.SNAPSHOTS, [person], [EVER], [], places, rooms[:asked]
                )
        return int(await connection.fetchval(_PLANNED_ANEW, timeline_queries.SNAPSHOTS))

    with trio.fail_after(60):
        async with open_asyncio(), open_database(filled, pool_size=1, query_timeout=30) as database:
            assert await database.read(planned_anew) == 0


async def test_a_snapshot_reads_only_unread_messages(reader: Reader) -> None:
    """Ben and Ada took turns, so half of what is looked at is Ada's; to Cem only Ada talks."""
    cost = await reader.cost(timeline_queries.SNAPSHOTS, [ADA], [EVER], [1], [], [])
    assert cost.returned == 3
    assert max(cost.planned, cost.fetched) <= 2 * MOST_UNREAD + 10


async def test_only_returned_mentions_and_earlier_texts_are_read(reader: Reader) -> None:
    counted = await reader.cost(timeline_queries.SNAPSHOTS, [ADA], [EVER], [1], [], [], table="mentions")
    assert max(counted.planned, counted.fetched) <= 2 * (MOST_UNREAD + 1)
    for table in ("mentions", "messages"):
        listed = await reader.cost(history_queries.MENTIONS, ADA, EVER, 100, PLENTY, table=table)
        assert listed.returned == 100
        assert max(listed.planned, listed.fetched) <= 2 * 100 + 10
    for limit in (10, 100):
        assert_fair(
            await reader.cost(history_queries.TEXTS, GARDEN, 7, limit, PLENTY, EVER, table="edits"), limit
        )


async def test_an_old_snapshot_costs_little_more(reader: Reader) -> None:
    cut = await id_at(reader, WITH_BEN, 10)
    cost = await reader.cost(timeline_queries.SNAPSHOTS, [ADA], [cut], [1], [], [])
    assert cost.returned == 3
    assert max(cost.planned, cost.fetched) <= 2 * SLACK + 20


async def test_where_clients_stand_costs_a_few_look_ups_each(reader: Reader) -> None:
    known = [*range(1, LENGTH, LENGTH // 50)]
    rooms = [GARDEN, CELLAR] * (len(known) // 2) + [CELLAR] * (len(known) % 2)
    times = [(1_000_000 + pos) * 1000 for pos in known]
    cost = await reader.cost(replay_queries.RESUME_CHECKS, rooms, known, times, [EVER] * len(known))
    assert cost.returned == len(known)
    # Two for where the room is, two for whether the position is right, one for the message to read on from.
    assert max(cost.planned, cost.fetched) <= 5 * len(known)


@pytest.mark.parametrize("after", [0, LENGTH // 2, LENGTH - 50, LENGTH, LENGTH + CHANGES - 100])
async def test_a_replay_costs_as_much_as_it_returns(reader: Reader, after: int) -> None:
    values = [GARDEN, CELLAR], [after, 0], [after + 100, 0]
    assert_fair(await reader.cost(replay_queries.REPLAY, [ADA, BEN], *values, PLENTY), 100)


@pytest.mark.parametrize("seq", [1, 100, LENGTH // 2, LENGTH - 100, LENGTH])
async def test_messages_as_they_are_now_cost_the_same_anywhere_in_a_room(reader: Reader, seq: int) -> None:
    cut = await id_at(reader, GARDEN, seq)
    older, newer = min(seq, 100), min(LENGTH - seq, 100)
    for query, up_to_id, span, got in (
        (history_queries.HISTORY_TO, EVER, (0, seq), older),
        (history_queries.HISTORY_TO, cut, (0, EVER), older),
        (history_queries.HISTORY_FROM, EVER, (seq, EVER), newer or 1),  # a row says where the room is
        (history_queries.HISTORY_FROM, EVER, (max(0, seq - 100), seq), older),
    ):
        assert_fair(await reader.cost(query, ADA, up_to_id, GARDEN, *span, 100, PLENTY), got)
    few = await reader.cost(history_queries.HISTORY_FROM, ADA, EVER, GARDEN, 0, EVER, LENGTH, 30)
    assert_fair(few, 10)  # three bytes each


async def test_the_newest_id_is_read_at_once(reader: Reader) -> None:
    assert_fair(await reader.cost(queries.NEWEST_ID), 1)


async def test_files_of_a_kind_are_read_alone_however_rare_they_are(reader: Reader) -> None:
    for before in (EVER, LENGTH // 2):
        asked = ADA, GARDEN, before, 20, PLENTY
        newest = await reader.cost(history_queries.WITH_FILES, *asked, table="files")
        assert newest.returned == 20
        assert newest.fetched <= 2 * 20
        rare = await reader.cost(history_queries.WITH_FILES_OF_KIND, *asked, "image", table="files")
        assert rare.returned == (4 if before == EVER else 2)
        assert rare.fetched <= 2 * rare.returned + 1
