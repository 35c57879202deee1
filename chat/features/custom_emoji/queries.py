"""The emoji of the server in PostgreSQL. Their images are rows of `files` and `pictures`, as those of people."""

from collections.abc import Sequence

from chat.domain.refusals import Refusal
from chat.features.custom_emoji.use_cases import MOST_EMOJI, TAKEN, TOO_MANY_EMOJI, CustomEmoji, NewEmoji
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

# Two that add at one time do so one after the other, so that there are never too many.
_LOCK = "LOCK TABLE custom_emoji IN SHARE ROW EXCLUSIVE MODE"
_STATE = "SELECT count(*) AS count, coalesce(bool_or(name = $1), false) AS is_taken FROM custom_emoji"
_ADD = "INSERT INTO custom_emoji (name, digest, maker_id) VALUES ($1, $2, $3) RETURNING id"
_KEEP = """
WITH kept AS (
    INSERT INTO files (room_id, owner_id, seq, name, type, size, width, height, digest)
    VALUES (0, 0, 0, 'emoji', $2, $3, $4, $5, $6) RETURNING id, digest
)
INSERT INTO pictures (kind, target_id, digest, file_id) SELECT 'emoji', $1, digest, id FROM kept"""
_REMOVE = """
WITH gone AS (DELETE FROM custom_emoji WHERE name = $1 AND maker_id = coalesce($2, maker_id) RETURNING id)
DELETE FROM pictures USING gone WHERE kind = 'emoji' AND target_id = gone.id RETURNING true"""
_ALL = "SELECT name, encode(digest, 'hex') AS picture, maker_id FROM custom_emoji ORDER BY name COLLATE \"C\""
_HAS = "SELECT EXISTS (SELECT FROM custom_emoji WHERE name = $1)"


class PostgresCustomEmoji:
    """The port `CustomEmojis`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, emoji: NewEmoji) -> Refusal | None:
        async def add(connection: Connection) -> Refusal | None:
            await connection.execute(_LOCK)
            state = await connection.fetchrow(_STATE, emoji.name)
            assert state is not None
            if state["is_taken"]:
                return TAKEN
            if state["count"] >= MOST_EMOJI:
                return TOO_MANY_EMOJI
            id_ = await connection.fetchval(_ADD, emoji.name, emoji.digest, emoji.maker_id)
            size = emoji.type, emoji.size, emoji.width, emoji.height
            await connection.execute(_KEEP, id_, *size, emoji.digest)
            return None

        return await self._database.write(add)

    async def remove(self, name: str, maker_id: int | None) -> bool:
        return bool(
            await self._database.write_statement(
                lambda connection: connection.fetchval(_REMOVE, name, maker_id)
            )
        )

    async def all(self) -> Sequence[CustomEmoji]:
        rows = await self._database.read(lambda connection: connection.fetch(_ALL))
        return [CustomEmoji(**row) for row in rows]

    async def has(self, name: str) -> bool:
        return bool(await self._database.read(lambda connection: connection.fetchval(_HAS, name)))
