"""Due items in PostgreSQL. A claim moves `at` to the end of its lease: there is one index, and nothing to free."""

from collections.abc import Sequence

from chat.due.port import DueItem
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_ADD = """
INSERT INTO due (kind, key, at) VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
ON CONFLICT (kind, key) DO UPDATE SET at = EXCLUDED.at, tries = 0"""
_NEXT = """
SELECT extract(epoch FROM min(earliest.at) - clock_timestamp())::float8 AS wait,
       EXISTS (SELECT FROM due WHERE set_at > clock_timestamp() + interval '1 s') AS is_set_back
FROM unnest($1::text[]) AS kinds(kind),
    LATERAL (SELECT at FROM due WHERE due.kind = kinds.kind ORDER BY at LIMIT 1) AS earliest"""
# Each waits as long from now on as it was to wait then. A trigger sets `set_at`, so of several servers one does it.
_SET_BACK = """
UPDATE due SET at = at - (set_at - clock_timestamp()) WHERE set_at > clock_timestamp() + interval '1 s'"""
_CLAIM = """
WITH claimed AS (
    UPDATE due SET at = clock_timestamp() + make_interval(secs => $3), tries = tries + 1
    WHERE id IN (
        SELECT picked.id FROM unnest($1::text[]) AS kinds(kind), LATERAL (
            SELECT id, at FROM due WHERE due.kind = kinds.kind AND at <= clock_timestamp()
            ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED) AS picked
        ORDER BY picked.at LIMIT $2)
    RETURNING id, kind, key, tries
)
SELECT * FROM claimed ORDER BY id"""
_DONE = "DELETE FROM due WHERE id = $1 AND tries = $2"
_AGAIN = "UPDATE due SET at = clock_timestamp() + make_interval(secs => $3) WHERE id = $1 AND tries = $2"

# A claim goes on: only its end may come earlier.
_NO_LATER = """
INSERT INTO due (kind, key, at) VALUES ($1, $2, to_timestamp($3))
ON CONFLICT (kind, key) DO UPDATE SET at = EXCLUDED.at WHERE due.at > EXCLUDED.at"""
# Counting a try ends whatever claim there is: its holder changes nothing more.
_SETTLE = """
UPDATE due SET at = to_timestamp($3), tries = tries + 1 WHERE kind = $1 AND key = $2 RETURNING true"""
_SETTLE_NONE = "DELETE FROM due WHERE kind = $1 AND key = $2"


async def add_due(connection: Connection, kind: str, key: str, after: float) -> None:
    """As `Due.add`, in the caller's transaction; asyncio-flavoured."""
    await connection.execute(_ADD, kind, key, after)


async def due_no_later(connection: Connection, kind: str, key: str, at: float) -> None:
    """Make an item due at a time (Unix seconds), or earlier, in the caller's transaction; asyncio-flavoured."""
    await connection.execute(_NO_LATER, kind, key, at)


async def settle_due(connection: Connection, kind: str, key: str, at: float | None) -> None:
    """Make an item due at a time (Unix seconds; None: never), in the caller's transaction; asyncio-flavoured.

    For handlers that derive the time from a table which they have locked. What the runner does with the claim after it
    has no effect.
    """
    if at is None:
        await connection.execute(_SETTLE_NONE, kind, key)
    elif not await connection.fetchval(_SETTLE, kind, key, at):
        await due_no_later(connection, kind, key, at)


class PostgresDue:
    """The port `Due`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, kind: str, key: str, after: float) -> None:
        await self._database.write(lambda connection: add_due(connection, kind, key, after))

    async def next_in(self, kinds: Sequence[str]) -> float | None:
        async def read(connection: Connection) -> tuple[float | None, bool]:
            row = await connection.fetchrow(_NEXT, list(kinds))
            assert row is not None
            return row["wait"], row["is_set_back"]

        wait, is_set_back = await self._database.read(read)
        if is_set_back:
            await self._database.write_statement(lambda connection: connection.execute(_SET_BACK))
            wait, _ = await self._database.read(read)
        return wait

    async def claim(self, kinds: Sequence[str], most: int, lease: float) -> Sequence[DueItem]:
        async def claim(connection: Connection) -> list[DueItem]:
            return [DueItem(**row) for row in await connection.fetch(_CLAIM, list(kinds), most, lease)]

        return await self._database.write(claim)

    async def done(self, item: DueItem) -> None:
        await self._database.write(lambda connection: connection.execute(_DONE, item.id, item.tries))

    async def again(self, item: DueItem, after: float) -> None:
        await self._database.write(lambda connection: connection.execute(_AGAIN, item.id, item.tries, after))
