"""Bans of network addresses in PostgreSQL."""

import asyncpg
from msgspec import structs

from chat.domain.limits.address_bans import MOST_BANS, TOO_MANY_BANS, AddressBan, ban_act
from chat.domain.refusals import Refusal
from chat.storage.postgres.audit import named, note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_COLUMNS = """b.id, b.network::text, registering_only, extract(epoch FROM until)::float8 AS until, reason,
    users.id AS by_id, users.name AS by_name, extract(epoch FROM b.created_at)::float8 AS at"""
_LIST = f"""
SELECT {_COLUMNS} FROM address_bans b LEFT JOIN users ON users.id = by_id
WHERE until IS NULL OR until > clock_timestamp() ORDER BY b.id DESC"""
_FORGET = "DELETE FROM address_bans WHERE until <= clock_timestamp() OR network = $1::text::cidr"
_LOCK = "LOCK TABLE address_bans IN SHARE ROW EXCLUSIVE MODE"
_COUNT = "SELECT count(*) FROM address_bans"
_ADD = """
INSERT INTO address_bans (network, registering_only, until, reason, by_id)
VALUES ($1::text::cidr, $2, to_timestamp($3::float8), $4, $5)
RETURNING id, extract(epoch FROM created_at)::float8 AS at"""
_LIFT = """
WITH lifted AS (DELETE FROM address_bans WHERE id = $1 RETURNING *)
SELECT network::text FROM lifted"""


class PostgresAddressBans:
    """The port `AddressBanTable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> "list[AddressBan]":
        rows = await self._database.read(lambda connection: connection.fetch(_LIST))
        return [_ban(row) for row in rows]

    async def add(self, ban: AddressBan, by_id: int | None) -> AddressBan | Refusal:
        async def add(connection: Connection) -> AddressBan | Refusal:
            await connection.execute(_LOCK)
            await connection.execute(_FORGET, ban.network)
            if await connection.fetchval(_COUNT) >= MOST_BANS:
                return TOO_MANY_BANS
            values = ban.network, ban.registering_only, ban.until, ban.reason, by_id
            row = await connection.fetchrow(_ADD, *values)
            assert row is not None
            await note(connection, [ban_act(ban, by_id)])
            return structs.replace(ban, id=row["id"], at=row["at"])

        return await self._database.write(add)

    async def lift(self, ban_id: int, by_id: int | None) -> bool:
        async def lift(connection: Connection) -> bool:
            network = await connection.fetchval(_LIFT, ban_id)
            if network is not None:
                await note(
                    connection, [ban_act(AddressBan(id=ban_id, network=network), by_id, is_lifted=True)]
                )
            return network is not None

        return await self._database.write(lift)


def _ban(row: asyncpg.Record) -> AddressBan:
    return AddressBan(
        id=row["id"],
        network=row["network"],
        registering_only=row["registering_only"],
        until=row["until"],
        reason=row["reason"],
        by=None if row["by_id"] is None else named(row["by_id"], row["by_name"]),
        at=row["at"],
    )
