"""Positions of clients in PostgreSQL: a row for each client."""

from collections.abc import Mapping

from chat.domain.messages.client_positions import MOST_CLIENTS, Client
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_READ = "SELECT log_id FROM client_positions WHERE person_id = $1 AND client = $2"

# In one order, so that two servers never wait for each other. Who is being deleted is waited for, and then has none.
_WRITE = """
WITH there AS (SELECT id FROM users WHERE id = ANY($1::bigint[]) AND deleted_at IS NULL ORDER BY id FOR SHARE)
INSERT INTO client_positions (person_id, client, log_id)
SELECT given.* FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS given (person_id, client, log_id)
JOIN there ON there.id = given.person_id
ORDER BY person_id, client
ON CONFLICT (person_id, client) DO UPDATE
    SET log_id = greatest(client_positions.log_id, EXCLUDED.log_id), used_at = now()
RETURNING person_id, xmax = 0 AS is_new"""

_FORGET = """
DELETE FROM client_positions WHERE (person_id, client) IN (
    SELECT person_id, client FROM (
        SELECT person_id, client, row_number() OVER (PARTITION BY person_id ORDER BY used_at DESC, client) AS place
        FROM client_positions WHERE person_id = ANY($1::bigint[])
    ) AS placed
    WHERE place > $2
)"""


class PostgresPositions:
    """The port `PositionStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, client: Client) -> int | None:
        found: int | None = await self._database.read(lambda c: c.fetchval(_READ, *client))
        return found

    async def write(self, positions: Mapping[Client, int]) -> None:
        people, clients = [each for each, _ in positions], [each for _, each in positions]

        async def write(connection: Connection) -> None:
            rows = await connection.fetch(_WRITE, people, clients, list(positions.values()))
            if with_new := sorted({row["person_id"] for row in rows if row["is_new"]}):
                await connection.execute(_FORGET, with_new, MOST_CLIENTS)

        await self._database.write(write)
