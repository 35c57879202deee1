"""Verified visitors in PostgreSQL: a column of `visits`, and the secrets."""

from chat.domain.administration.audit import Act, What
from chat.domain.entities import Person, Visit
from chat.domain.ports import NewPerson
from chat.features.verified_visitors.port import VisitorSecret
from chat.features.verified_visitors.tokens import Identity
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.users import add_person

_SECRETS = """
SELECT secret, extract(epoch FROM made_at)::float8 AS made_at, extract(epoch FROM ends_at)::float8 AS ends_at
FROM visitor_secrets WHERE ends_at IS NULL OR ends_at > clock_timestamp() ORDER BY id DESC"""
_LOCK = "LOCK TABLE visitor_secrets IN SHARE ROW EXCLUSIVE MODE"
_FORGET = "DELETE FROM visitor_secrets WHERE ends_at IS NOT NULL OR $1"
_END = "UPDATE visitor_secrets SET ends_at = clock_timestamp() + make_interval(secs => $1)"
_ADD = "INSERT INTO visitor_secrets (secret) VALUES ($1)"
_REMOVE = "DELETE FROM visitor_secrets RETURNING id"

# Two devices that come at once with a new id are one visitor.
_LOCK_ID = "SELECT pg_advisory_xact_lock(hashtextextended('visitor ' || $1, 0))"
_FIND = "SELECT user_id FROM visits WHERE site_id = $1"
_ADOPT = "UPDATE visits SET site_id = $2 WHERE user_id = $1 AND site_id IS NULL RETURNING user_id"
_RENAME = """
UPDATE users SET display_name = $2, changed_at = clock_timestamp()
WHERE id = $1 AND display_name IS DISTINCT FROM $2"""
_UPDATE = "UPDATE visits SET email = $2, page = coalesce($3, page) WHERE user_id = $1"


class PostgresVerifiedVisitors:
    """The port `VerifiedVisitors`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def secrets(self) -> list[VisitorSecret]:
        rows = await self._database.read(lambda c: c.fetch(_SECRETS))
        return [VisitorSecret(**row) for row in rows]

    async def replace_secret(self, secret: str, overlap: float, by_id: int | None) -> None:
        async def replace(connection: Connection) -> None:
            await connection.execute(_LOCK)
            await connection.execute(_FORGET, not overlap)
            await connection.execute(_END, overlap)
            await connection.execute(_ADD, secret)
            await note(connection, [Act(by_id=by_id, what=What.VISITOR_SECRET_MADE)])

        await self._database.write(replace)

    async def remove_secrets(self, by_id: int | None) -> None:
        async def remove(connection: Connection) -> None:
            if await connection.fetch(_REMOVE):
                await note(connection, [Act(by_id=by_id, what=What.VISITOR_SECRET_REMOVED)])

        await self._database.write(remove)

    async def identify(
        self, identity: Identity, page: str | None, name: str, visitor_id: int | None
    ) -> int | None:
        async def identify(connection: Connection) -> int | None:
            await connection.execute(_LOCK_ID, identity.site_id)
            found: int | None = await connection.fetchval(_FIND, identity.site_id)
            if found is None and visitor_id is not None:
                found = await connection.fetchval(_ADOPT, visitor_id, identity.site_id)
            if found is not None:
                await connection.execute(_RENAME, found, identity.name)
                await connection.execute(_UPDATE, found, identity.email, page)
                return found
            visit = Visit(email=identity.email, page=page)
            new = NewPerson(name=name, display_name=identity.name, password_hash=b"", visit=visit)
            added = await add_person(connection, new)
            if not isinstance(added, Person):
                return None
            await connection.execute(_ADOPT, added.id, identity.site_id)
            return added.id

        return await self._database.write(identify)
