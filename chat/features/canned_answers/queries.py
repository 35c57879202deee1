"""Canned answers in PostgreSQL."""

from chat.domain.refusals import Refusal
from chat.features.canned_answers.port import (
    MOST,
    NO_ANSWER,
    SHORTCUT_TAKEN,
    TOO_MANY_ANSWERS,
    CannedAnswer,
)
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

# Of several writers of the same list one at a time looks and writes. The person's row also says that they are there.
_LOCK_OWN = "SELECT true FROM users WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE"
_LOCK_SHARED = f"SELECT true FROM pg_advisory_xact_lock({0x63616E6E})"  # "cann"

_COLUMNS = "id, owner_id, shortcut, text"
_PAGE = f"""
(SELECT {_COLUMNS} FROM canned_answers WHERE owner_id IS NULL AND id > $2 ORDER BY id LIMIT $3)
UNION ALL (SELECT {_COLUMNS} FROM canned_answers WHERE owner_id = $1 AND id > $2 ORDER BY id LIMIT $3)
ORDER BY id LIMIT $3"""
_FIND = f"SELECT {_COLUMNS} FROM canned_answers WHERE id = $1"
_IS_TAKEN = """
SELECT true FROM canned_answers WHERE coalesce(owner_id, 0) = coalesce($1, 0) AND shortcut = $2 AND id <> $3"""
_COUNT = "SELECT count(*) FROM canned_answers WHERE owner_id IS NOT DISTINCT FROM $1"
_ADD = f"INSERT INTO canned_answers (owner_id, shortcut, text) VALUES ($1, $2, $3) RETURNING {_COLUMNS}"
_CHANGE = "UPDATE canned_answers SET shortcut = $2, text = $3 WHERE id = $1 RETURNING true"
_REMOVE = "DELETE FROM canned_answers WHERE id = $1"


class PostgresCannedAnswers:
    """The port `CannedAnswers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, owner_id: int | None, after: int, limit: int) -> list[CannedAnswer]:
        rows = await self._database.read(lambda c: c.fetch(_PAGE, owner_id, after, limit))
        return [CannedAnswer(**row) for row in rows]

    async def find(self, answer_id: int) -> CannedAnswer | None:
        row = await self._database.read(lambda c: c.fetchrow(_FIND, answer_id))
        return None if row is None else CannedAnswer(**row)

    async def add(self, owner_id: int | None, shortcut: str, text: str) -> CannedAnswer | Refusal:
        async def add(connection: Connection) -> CannedAnswer | Refusal:
            if not await _lock(connection, owner_id):
                return NO_ANSWER
            if await connection.fetchval(_IS_TAKEN, owner_id, shortcut, 0):
                return SHORTCUT_TAKEN
            if await connection.fetchval(_COUNT, owner_id) >= MOST:
                return TOO_MANY_ANSWERS
            row = await connection.fetchrow(_ADD, owner_id, shortcut, text)
            assert row is not None
            return CannedAnswer(**row)

        return await self._database.write(add)

    async def change(self, answer: CannedAnswer) -> Refusal | None:
        async def change(connection: Connection) -> Refusal | None:
            await _lock(connection, answer.owner_id)
            if await connection.fetchval(_IS_TAKEN, answer.owner_id, answer.shortcut, answer.id):
                return SHORTCUT_TAKEN
            is_there = await connection.fetchval(_CHANGE, answer.id, answer.shortcut, answer.text)
            return None if is_there else NO_ANSWER

        return await self._database.write(change)

    async def remove(self, answer_id: int) -> None:
        await self._database.write_statement(lambda c: c.execute(_REMOVE, answer_id))


async def _lock(connection: Connection, owner_id: int | None) -> bool:
    if owner_id is None:
        return bool(await connection.fetchval(_LOCK_SHARED))
    return bool(await connection.fetchval(_LOCK_OWN, owner_id))
