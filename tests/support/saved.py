"""Reads the database at the end: the only witness that a crash can't deceive."""

import asyncio
from collections.abc import Coroutine, Iterable
from itertools import groupby, pairwise, zip_longest
from operator import itemgetter
from typing import Any, TypeVar

import asyncpg

from tests.support.people import Line

# One statement sees one snapshot: people may write meanwhile.
_LINES = """
SELECT rooms.id, rooms.last_seq, m.seq, u.name, m.text
FROM rooms LEFT JOIN (messages m JOIN users u ON u.id = m.sender_id) ON m.room_id = rooms.id
ORDER BY rooms.id, m.seq"""

_WRITE_BESIDE = """
WITH log AS (UPDATE lanes SET last_id = last_id + $1 RETURNING last_id - $1 AS base),
room AS (
    UPDATE rooms SET last_seq = last_seq + $1, last_pos = last_pos + $1 FROM log WHERE rooms.id = $2
    RETURNING last_seq - $1 AS seq, last_pos - $1 AS pos, base
)
INSERT INTO messages (id, room_id, seq, pos, sender_id, kind, text, created_at)
SELECT base + n, $2, seq + n, pos + n, (SELECT id FROM users WHERE name = $3), $4,
    CASE $4 WHEN 'join' THEN '' ELSE $5 || ' ' || $6::bigint + n - 1 END, now()
FROM room, generate_series(1, $1) AS n"""

LOBBY = 1

BURST = 1_000_000
"""Each burst on the same data counts from a multiple of this."""

T = TypeVar("T")


def saved_lines(address: dict[str, Any]) -> list[Line]:
    """Every line of the lobby, in order; in every room `seq` must count 1, 2, 3 … up to `last_seq`."""

    lobby: list[Line] = []
    for (room_id, last_seq), rows in groupby(fetch_sql(address, _LINES), key=itemgetter("id", "last_seq")):
        lines = [row for row in rows if row["seq"] is not None]
        assert [row["seq"] for row in lines] == list(range(1, last_seq + 1)), f"gaps in room {room_id}"
        if room_id == LOBBY:
            lobby = [Line(row["name"], row["text"]) for row in lines]
    return lobby


def delete_person(address: dict[str, Any], name: str) -> None:
    """Delete a person without messages, without the triggers that notify the server: it keeps them cached."""
    silent = {**address, "server_settings": {"session_replication_role": "replica"}}
    assert execute_sql(silent, "DELETE FROM users WHERE name = $1", name) == "DELETE 1"


def execute_sql(address: dict[str, Any], statement: str, *values: object) -> str:
    """Run one statement and return its command tag."""

    async def execute() -> str:
        connection = await asyncpg.connect(**address, timeout=10)
        try:
            done: str = await connection.execute(statement, *values)
            return done
        finally:
            await connection.close(timeout=10)

    return _run(execute())


def write_beside(
    address: dict[str, Any],
    count: int,
    *,
    room: int = LOBBY,
    sender: str = "ada",
    kind: str = "message",
    text: str = "beside",
    first: int = 1,
) -> None:
    """Write messages beside the server, which learns of them when it writes next: `beside 1`, `beside 2` …"""
    execute_sql(address, _WRITE_BESIDE, count, room, sender, kind, text, first)


def fetch_sql(address: dict[str, Any], query: str, *values: object) -> list[Any]:
    """Run one query and return its rows."""

    async def fetch() -> list[Any]:
        connection = await asyncpg.connect(**address, timeout=10)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close(timeout=10)

    return _run(fetch())


def assert_told_once_in_order(received: list[Line], saved: list[Line]) -> int:
    """Check that the lines one listener received are in the history once, in the same order, without gaps.

    Returns how many were saved after the last that was heard. No line may have been said twice.
    """
    assert len(set(saved)) == len(saved), "a line was saved twice"
    assert received[0] in saved, f"heard and not saved: {received[0]}"
    begin = saved.index(received[0])
    got = saved[begin : begin + len(received)]
    # Not the two lists: of thousands of lines only the first that differs is worth reading.
    assert next((pair for pair in zip_longest(received, got) if pair[0] != pair[1]), None) is None
    return len(saved) - begin - len(received)


def numbers_of(name: str, lines: Iterable[Line]) -> list[int]:
    """The numbers that this person counted in a burst, in the order of the lines."""
    return [
        int(line.text.split()[1]) for line in lines if line.name == name and line.text.startswith(f"{name} ")
    ]


def assert_only_ends_are_missing(saved: list[Line], names: Iterable[str]) -> None:
    """Check that each sender's burst was saved from its beginning up to some place, without gaps."""
    for name in names:
        for before, number in pairwise([-1, *numbers_of(name, saved)]):
            assert number in (before + 1, burst_after(before)), f"{name} skipped from {before} to {number}"


def burst_after(number: int) -> int:
    """Where the next burst begins to count."""
    return (number // BURST + 1) * BURST


def _run(work: Coroutine[Any, Any, T]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(30):
            return await work

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:  # plain asyncio, no Trio under it
        return runner.run(bounded())
