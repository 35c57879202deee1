"""People and rooms, made in the server's own database; passwords are no part of any scenario.

Each function opens one connection and closes it. A deadline stands on everything.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias, TypeVar

import asyncpg

from bench.missed import miss_messages
from bench.plans import Member, members_needed
from bench.scenarios import Scenario
from chat.domain.accounts.tokens import Tokens
from chat.domain.entities import Person

_DEADLINE = 60.0
"""Seconds."""

_PEOPLE = """
INSERT INTO users (name, name_key, password_hash)
SELECT name, name, '' FROM unnest($1::text[]) AS new(name)
RETURNING id, name, extract(epoch FROM created_at)::float8 AS created_at"""

_ROOMS = """
INSERT INTO rooms (kind, name, name_key, is_private)
SELECT 'room', name, name, true FROM unnest($1::text[]) AS new(name)
RETURNING id"""

_DIRECT_ROOMS = """
INSERT INTO rooms (kind)
SELECT 'direct' FROM generate_series(1, $1)
RETURNING id"""

_PAIRS = """
INSERT INTO direct_rooms (low_id, high_id, room_id)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])"""

_MEMBERSHIPS = """
INSERT INTO memberships (room_id, user_id)
SELECT * FROM unnest($1::bigint[], $2::bigint[])"""

_IS_BEHIND = """
SELECT coalesce((SELECT last_id FROM words_written WHERE id = 1), 0) < last_id FROM lanes WHERE id = 1"""

T = TypeVar("T")
DatabaseAddress = dict[str, Any]
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


def populate(address: DatabaseAddress, scenario: Scenario, tokens: Tokens) -> list[Member]:
    """Make who a scenario needs, and the rooms that they are in."""
    names = [f"speaker{number:04}" for number in range(members_needed(scenario))]

    async def make(connection: Connection) -> list[Member]:
        rows = sorted(await connection.fetch(_PEOPLE, names), key=lambda row: row["name"])
        people = [Person(**row) for row in rows]
        tokens_of = [tokens.issue(person) for person in people]
        if scenario.dialect in ("native", "irc"):
            known = await _make_shared_rooms(connection, scenario, people)
            return [
                Member(person, token, known=known[place // scenario.members])
                for place, (person, token) in enumerate(zip(people, tokens_of, strict=True))
            ]
        room_of = await _make_rooms(connection, scenario, people)
        return list(map(Member, people, tokens_of, room_of))

    return _on(address, make) if names else []


async def _make_rooms(connection: Connection, scenario: Scenario, people: Sequence[Person]) -> list[int]:
    """Make a room for each group that has one; return each person's."""
    match scenario.dialect:
        case "rooms":
            names = [f"room{number:04}" for number in range(scenario.groups)]
            rooms = [row["id"] for row in await connection.fetch(_ROOMS, names)]
        case "direct":
            rooms = [row["id"] for row in await connection.fetch(_DIRECT_ROOMS, scenario.groups)]
            low, high = ([person.id for person in people[first::2]] for first in (0, 1))
            await connection.execute(_PAIRS, low, high, rooms)
        case _:
            return [0] * len(people)
    room_of = [rooms[place // scenario.members] for place in range(len(people))]
    await connection.execute(_MEMBERSHIPS, room_of, [person.id for person in people])
    return room_of


async def _make_shared_rooms(
    connection: Connection, scenario: Scenario, people: Sequence[Person]
) -> list[tuple[tuple[int, int, int], ...]]:
    """Make each group's own rooms, and what was said in them; return how far each group's members are."""
    names = [f"room{number:06}" for number in range(scenario.groups * scenario.rooms)]
    rooms = sorted(row["id"] for row in await connection.fetch(_ROOMS, names))
    each = [rooms[group * scenario.rooms :][: scenario.rooms] for group in range(scenario.groups)]
    pairs = [
        (room_id, person.id)
        for place, person in enumerate(people)
        for room_id in each[place // scenario.members]
    ]
    if pairs:
        await connection.execute(_MEMBERSHIPS, *map(list, zip(*pairs, strict=True)))
    if not scenario.missed:
        return [()] * scenario.groups
    senders = [person.id for person in people[:: scenario.members]]
    return await miss_messages(connection, scenario, each, senders)


def count_messages(address: DatabaseAddress) -> int:
    """Return how many messages are saved."""

    async def count(connection: Connection) -> int:
        return int(await connection.fetchval("SELECT count(*) FROM messages"))

    return _on(address, count)


def wait_until_indexed(address: DatabaseAddress) -> None:
    """Wait until all that was said can be found: until then the server indexes it beside what is measured."""

    async def is_behind(connection: Connection) -> bool:
        return bool(await connection.fetchval(_IS_BEHIND))

    until = time.monotonic() + _DEADLINE
    while _on(address, is_behind):
        if time.monotonic() > until:
            raise TimeoutError("what was written into the log is not indexed")
        time.sleep(0.1)


def one_commit(address: DatabaseAddress) -> float:
    """Return the seconds that one small commit takes in this database when nothing else is done: the median of 200."""

    async def commit(connection: Connection) -> float:
        await connection.execute("CREATE TABLE one_commit (text text)")
        statement = await connection.prepare("INSERT INTO one_commit VALUES ('a')")
        took = []
        for _ in range(200):
            began = time.perf_counter()
            await statement.fetch()
            took.append(time.perf_counter() - began)
        await connection.execute("DROP TABLE one_commit")
        return statistics.median(took)

    return _on(address, commit)


def _on(address: DatabaseAddress, operation: Callable[[Connection], Awaitable[T]]) -> T:
    async def run() -> T:
        async with asyncio.timeout(_DEADLINE):
            connection = await asyncpg.connect(**address)
            try:
                return await operation(connection)
            finally:
                await connection.close()

    return asyncio.run(run())
