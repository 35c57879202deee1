"""Bridges in PostgreSQL."""

from collections.abc import Sequence

from chat.domain.accounts.bridges import BridgeToRead, Kept, Read
from chat.storage.postgres.database import Database

_TO_READ = """
SELECT outgoing_id AS id, url, token, gateway, bot_id AS hook_id, bridges.claim,
    greatest(extract(epoch FROM bridges.claimed_until - clock_timestamp()), 0)::float8 AS wait
FROM bridges JOIN outgoing_hooks ON id = outgoing_id WHERE off_reason IS NULL ORDER BY outgoing_id"""
_CLAIM = """
UPDATE bridges SET claim = CASE WHEN claim = $2 THEN claim ELSE claim + 1 END,
    claimed_until = CASE WHEN $3 > 0 THEN clock_timestamp() + $3 * interval '1 s' END
WHERE outgoing_id = $1
    AND (claim = $2 OR ($3 > 0 AND coalesce(claimed_until, '-infinity') <= clock_timestamp()))
RETURNING claim"""
_KEEP = """
INSERT INTO bridge_messages (outgoing_id, key, text)
SELECT outgoing_id, key, text FROM unnest($1::bigint[], $2::text[], $3::text[]) WITH ORDINALITY
    AS new(outgoing_id, key, text, place)
WHERE EXISTS (SELECT FROM bridges WHERE bridges.outgoing_id = new.outgoing_id) ORDER BY place
ON CONFLICT (key) DO NOTHING"""
_KEPT = """
SELECT key, text, hooks.person_id AS hook_id, token_digest AS hook_token, hooks.room_id
FROM bridge_messages JOIN outgoing_hooks ON outgoing_hooks.id = outgoing_id JOIN hooks ON hooks.person_id = bot_id
WHERE outgoing_id = $1 ORDER BY bridge_messages.id LIMIT $2"""
_POSTED = "DELETE FROM bridge_messages WHERE key = ANY ($1::text[])"


class PostgresBridges:
    """The port `Bridges`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def to_read(self) -> Sequence[BridgeToRead]:
        return [BridgeToRead(**row) for row in await self._database.read(lambda c: c.fetch(_TO_READ))]

    async def claim(self, bridge_id: int, claim: int | None, lease: float) -> int | None:
        found: int | None = await self._database.write_statement(
            lambda c: c.fetchval(_CLAIM, bridge_id, claim, lease)
        )
        return found

    async def keep(self, messages: Sequence[Read]) -> None:
        columns = (
            [each.bridge_id for each in messages],
            [each.key for each in messages],
            [each.text for each in messages],
        )
        await self._database.write_statement(lambda c: c.execute(_KEEP, *columns))

    async def kept(self, bridge_id: int, limit: int) -> Sequence[Kept]:
        return [Kept(**row) for row in await self._database.read(lambda c: c.fetch(_KEPT, bridge_id, limit))]

    async def posted(self, keys: Sequence[str]) -> None:
        await self._database.write_statement(lambda c: c.execute(_POSTED, list(keys)))
