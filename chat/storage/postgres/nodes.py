"""Servers with a lease, in PostgreSQL. All times are by its clock."""

import asyncpg

from chat.domain.nodes import LEASE, Node, OtherBus, OtherSecret
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

# One server registers at a time: the holder of this row sees all earlier registrations.
_LOCK = "SELECT last FROM node_numbers FOR UPDATE"
_NEXT_NUMBER = "UPDATE node_numbers SET last = last + 1 RETURNING last"
_FORGET_LAPSED = "DELETE FROM nodes WHERE lease_ends <= clock_timestamp()"
_UNLIKE = """
SELECT bus FROM nodes
WHERE number IS DISTINCT FROM $3::bigint AND (bus <> $1 OR secret_digest <> $2
    AND (secret_digest = $4 AND previous_digest = $2) IS NOT TRUE)
ORDER BY number LIMIT 1"""
_REGISTER = f"""
INSERT INTO nodes (number, address, version, bus, secret_digest, previous_digest, started_at, lease_ends)
VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp(), clock_timestamp() + interval '{LEASE} s')
ON CONFLICT (number) DO UPDATE SET
    address = excluded.address, version = excluded.version, bus = excluded.bus,
    secret_digest = excluded.secret_digest, previous_digest = excluded.previous_digest,
    position = 0, clients = 0, lease_ends = excluded.lease_ends"""
# Servers that remove the same lapsed rows at once skip each other's locks. clock_timestamp() is read at the row: a
# statement that waited does not renew a lease that lapsed meanwhile.
RENEW = f"""
WITH forgotten AS (
    DELETE FROM nodes WHERE number IN (
        SELECT number FROM nodes WHERE lease_ends <= clock_timestamp() AND number <> $1 FOR UPDATE SKIP LOCKED
    )
)
UPDATE nodes SET position = $2, clients = $3, lease_ends = clock_timestamp() + interval '{LEASE} s'
WHERE number = $1 AND lease_ends > clock_timestamp()
RETURNING (SELECT last_id FROM lanes WHERE id = 1)"""
LIVE = """
SELECT number, address, version, bus, extract(epoch FROM started_at)::float8 AS started_at, position, clients,
       extract(epoch FROM lease_ends - now())::float8 AS lease
FROM nodes WHERE lease_ends > now() ORDER BY number"""
_LEAVE = "DELETE FROM nodes WHERE number = $1"


class PostgresNodes:
    """The port `Nodes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def register(
        self,
        *,
        address: str,
        version: str,
        bus: str,
        secret_digest: str,
        previous_digest: str | None = None,
        number: int | None = None,
    ) -> int:
        async def register(connection: Connection) -> int:
            await connection.fetchval(_LOCK)
            await connection.execute(_FORGET_LAPSED)
            theirs = await connection.fetchval(_UNLIKE, bus, secret_digest, number, previous_digest)
            if theirs is not None:
                raise OtherSecret if theirs == bus else OtherBus(bus, theirs)
            own = int(await connection.fetchval(_NEXT_NUMBER)) if number is None else number
            await connection.execute(_REGISTER, own, address, version, bus, secret_digest, previous_digest)
            return own

        return await self._database.write(register)

    async def renew(self, number: int, position: int, clients: int) -> int | None:
        end: int | None = await self._database.write_statement(
            lambda c: c.fetchval(RENEW, number, position, clients)
        )
        return end

    async def live(self) -> list[Node]:
        rows = await self._database.read(lambda c: c.fetch(LIVE))
        return [_node(row) for row in rows]

    async def leave(self, number: int) -> None:
        await self._database.write(lambda c: c.execute(_LEAVE, number))


def _node(row: asyncpg.Record) -> Node:
    return Node(**row)
