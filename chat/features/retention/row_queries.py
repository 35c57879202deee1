"""Rows that expire beside messages, in PostgreSQL."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg

from chat.features.retention import row_statements, statements
from chat.features.retention.rows import RowStep
from chat.features.retention.rules import Expired, Kind, Rules, before_of
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import ASYNC_COMMIT, Connection

_FIRST_TEXT = datetime.fromtimestamp(0, UTC), 0, 0, 0
_NOTHING = RowStep(0, None)


class PostgresOldRows:
    """The port `OldRows`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remove_rows(
        self, by: int, kind: Kind, rules: Rules, place: tuple[Any, ...], limit: int
    ) -> RowStep:
        before = before_of(rules, kind)
        match kind:
            case Kind.EARLIER_TEXTS if before is not None:
                arguments = before, *(place or _FIRST_TEXT), limit
                columns = "replaced_at", "room_id", "seq", "pos"
                return await self._remove_page(by, row_statements.TEXTS, arguments, columns)
            case Kind.CHANGES if before is not None:
                return await self._remove_changes(by, rules, before, place or (0,), limit)
            case Kind.KEYS if before is not None:
                return await self._remove_more(by, row_statements.KEYS, before, limit)
            case Kind.DIGESTS:
                return await self._remove_more(by, row_statements.DIGESTS, limit)
            case Kind.READ_MARKS:
                arguments = *(place or (0, 0)), limit
                return await self._remove_page(by, row_statements.MARKS, arguments, ("room_id", "user_id"))
        return _NOTHING

    async def expired_rows(self, rules: Rules) -> list[Expired]:
        before = before_of(rules, Kind.EARLIER_TEXTS)
        if before is None:
            return [Expired(Kind.EARLIER_TEXTS, 0, None)]
        row = await self._database.read(lambda c: c.fetchrow(row_statements.EXPIRED_TEXTS, before))
        assert row is not None
        return [Expired(Kind.EARLIER_TEXTS, row["count"], row["oldest"])]

    async def _remove_page(
        self, by: int, query: str, arguments: Sequence[object], columns: Sequence[str]
    ) -> RowStep:
        """Remove what has expired of one page, whose last row is the next place."""
        row = await self._step(by, lambda c: c.fetchrow(query, *arguments))
        return _NOTHING if row is None else RowStep(row["count"], tuple(row[column] for column in columns))

    async def _remove_more(self, by: int, query: str, *arguments: object) -> RowStep:
        """Remove some rows more; the table of the state has the place."""
        row = await self._step(by, lambda c: c.fetchrow(query, *arguments))
        return _NOTHING if row is None else RowStep(row["count"], () if row["has_more"] else None)

    async def _remove_changes(
        self, by: int, rules: Rules, before: float, place: tuple[Any, ...], limit: int
    ) -> RowStep:
        support = before_of(rules, Kind.CHANGES, is_support=True)
        room = await self._database.read(
            lambda c: c.fetchrow(row_statements.NEXT_CHANGES, before, support, *place)
        )
        if room is None:
            return _NOTHING
        room_id = room["room_id"]

        async def raise_floor(connection: Connection) -> object:
            return await connection.fetchval(row_statements.RAISE_FLOOR, room_id, room["before"], limit)

        async def remove(connection: Connection) -> int:
            if await connection.fetchval(statements.IS_ROOM_HELD, room_id):
                return 0
            found: int = await connection.fetchval(statements.REMOVE_CHANGES, room_id, pos, limit)
            return found

        # The room's row is locked for the first transaction alone: who commits a message waits for it.
        pos = await self._step(by, raise_floor)
        count = None if pos is None else await self._step(by, remove)
        return RowStep(count, (room_id - 1,)) if count else RowStep(0, (room_id,))

    async def _step(self, by: int, operation: Callable[[Connection], Awaitable[Any]]) -> Any:  # noqa: ANN401 - a row, or a value
        """Run it in a transaction, if the removal is claimed by this server; otherwise return None."""

        async def step(connection: Connection) -> asyncpg.Record | None:
            await connection.execute(ASYNC_COMMIT)  # a step that a crash undoes is repeated
            is_mine = await connection.fetchval(statements.IS_MINE, by)
            return await operation(connection) if is_mine else None

        return await self._database.write(step)
