"""People whom imports brought, in PostgreSQL."""

from chat.domain.administration.audit import Act, What
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

# Who logs in leaves one of these: a password set ends earlier tokens, a provider links an identity, a mailed link
# confirms the address.
_WAITING = """
FROM imported_people AS each JOIN users ON users.id = person_id
WHERE is_new AND invited_at IS NULL AND email IS NOT NULL AND deleted_at IS NULL AND disabled_at IS NULL
    AND NOT is_visitor AND token_generation = 0
    AND NOT EXISTS (SELECT FROM sessions WHERE sessions.user_id = users.id)
    AND NOT EXISTS (SELECT FROM identities WHERE identities.user_id = users.id)
    AND NOT EXISTS (SELECT FROM confirmed_addresses WHERE confirmed_addresses.user_id = users.id)"""
_COUNT = f"SELECT count(*) {_WAITING}"
_INVITE = f"""
WITH next AS (
    SELECT import_id, key, person_id, email {_WAITING} ORDER BY person_id LIMIT 1 FOR UPDATE OF each SKIP LOCKED
)
UPDATE imported_people AS each SET invited_at = clock_timestamp() FROM next
WHERE each.import_id = next.import_id AND each.key = next.key RETURNING next.person_id, next.email"""


class PostgresImportedPeople:
    """The port `ImportedPeople`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self) -> int:
        count: int = await self._database.read(lambda c: c.fetchval(_COUNT))
        return count

    async def invite_next(self, by_id: int) -> str | None:
        async def invite(connection: Connection) -> str | None:
            row = await connection.fetchrow(_INVITE)
            if row is None:
                return None
            await note(connection, [Act(by_id=by_id, what=What.RESET_MADE, person_id=row["person_id"])])
            email: str = row["email"]
            return email

        return await self._database.write(invite)
