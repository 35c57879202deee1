"""Identities and the provider's sessions, in PostgreSQL."""

from chat.domain.accounts.passwords import has_password
from chat.domain.administration.audit import Act, What
from chat.domain.entities import Person
from chat.domain.ports import NewPerson, Taken
from chat.domain.text.rules import same_name_key
from chat.features.oidc.port import Identity, Linked, Logout, ProviderSession
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.users import add_person_with_invite
from chat.storage.postgres.ways_in import lock_ways_in

_PERSON = "SELECT user_id FROM identities WHERE issuer = $1 AND subject = $2"
# The key also takes ß for ss, which mail servers do not: lower() in the collation C is about ASCII alone.
_WITH_ADDRESS = """
SELECT id FROM users WHERE email_key = $1 AND lower(email COLLATE "C") = lower($2 COLLATE "C")
    AND deleted_at IS NULL AND NOT is_visitor"""
_LINKED = """
SELECT password_hash, subject, EXISTS (SELECT FROM passkeys WHERE user_id = users.id) AS has_passkey,
       coalesce(extract(epoch FROM identities.created_at), 0)::float8 AS at
FROM users LEFT JOIN identities ON user_id = id AND issuer = $2 WHERE id = $1 AND deleted_at IS NULL"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))"
# A log-in and a log-out of the same session at once: the later one sees the earlier one.
_LOCK_LOG_IN = "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 1))"
_LOCK_LOG_OUT = "SELECT pg_advisory_xact_lock(hashtextextended($1, 1))"
_LINK = """
INSERT INTO identities (issuer, subject, user_id)
SELECT $1, $2, id FROM users
WHERE id = $3 AND ($4::integer IS NULL OR token_generation = $4) AND deleted_at IS NULL AND NOT is_visitor FOR SHARE
ON CONFLICT DO NOTHING RETURNING true"""
_LOCK_PERSON = """
SELECT email_key = $2 AND lower(email COLLATE "C") = lower($3 COLLATE "C") AND NOT has_second_factor
FROM users WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE"""
_UNLINK_OTHERS = """
DELETE FROM identities USING users
WHERE user_id = $1 AND users.id = $1 AND (issuer, subject) <> ($2, $3) AND NOT EXISTS (
    SELECT FROM confirmed_addresses AS c WHERE c.user_id = users.id AND c.email_key = users.email_key
)"""
_REPLACE_PASSWORD = """
UPDATE users SET password_hash = $2, token_generation = token_generation + 1
WHERE id = $1 AND deleted_at IS NULL AND NOT EXISTS (
    SELECT FROM confirmed_addresses WHERE user_id = id AND confirmed_addresses.email_key = users.email_key
)"""
_CONFIRM = """
INSERT INTO confirmed_addresses (user_id, email_key) SELECT id, email_key FROM users
WHERE id = $1 AND email_key IS NOT NULL
ON CONFLICT (user_id) DO UPDATE SET email_key = EXCLUDED.email_key, confirmed_at = clock_timestamp()"""
_UNLINK = "DELETE FROM identities WHERE user_id = $1 AND issuer = $2 RETURNING subject"
_END_OF_SUBJECT = """
DELETE FROM sessions USING identity_sessions
WHERE id = session_id AND user_id = $1 AND issuer = $2"""
# An unlinking at the same time waits for this, or this for it, and sees it.
_BEGIN = """
INSERT INTO identity_sessions (session_id, issuer, subject, sid, id_token)
SELECT id, $2, $3, $4, $5 FROM sessions JOIN identities USING (user_id)
WHERE id = $1 AND identities.issuer = $2 AND identities.subject = $3 AND NOT EXISTS (
    SELECT FROM identity_logouts WHERE issuer = $2 AND (subject IS NULL OR subject = $3) AND (sid IS NULL OR sid = $4)
        AND at >= to_timestamp($6)
) FOR KEY SHARE OF sessions FOR SHARE OF identities RETURNING true"""
_ID_TOKEN = "SELECT id_token FROM identity_sessions WHERE session_id = $1"
_NOTE = """
INSERT INTO identity_logouts (issuer, jti, subject, sid) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
RETURNING true"""
_CLEAN = "DELETE FROM identity_logouts WHERE at < clock_timestamp() - interval '1 day'"
_END = """
DELETE FROM sessions USING identity_sessions
WHERE id = session_id AND issuer = $1 AND ($2::text IS NULL OR subject = $2) AND ($3::text IS NULL OR sid = $3)
RETURNING user_id"""


class PostgresIdentities:
    """The port `Identities`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def person_of(self, identity: Identity) -> int | None:
        async def read(connection: Connection) -> int | None:
            return await _person_of(connection, identity)

        return await self._database.read(read)

    async def with_address(self, email: str) -> int | None:
        async def read(connection: Connection) -> int | None:
            found: int | None = await connection.fetchval(_WITH_ADDRESS, same_name_key(email), email)
            return found

        return await self._database.read(read)

    async def linked(self, person_id: int, issuer: str) -> Linked | None:
        row = await self._database.read(lambda c: c.fetchrow(_LINKED, person_id, issuer))
        if row is None:
            return None
        identity = None if row["subject"] is None else Identity(issuer, row["subject"])
        has_one = has_password(row["password_hash"].encode())
        return Linked(identity, row["at"], has_one, row["has_passkey"])

    async def add(self, identity: Identity, new: NewPerson) -> Person | Taken | int | None:
        async def add(connection: Connection) -> Person | Taken | int | None:
            await connection.execute(_LOCK, identity.issuer, identity.subject)
            if (known := await _person_of(connection, identity)) is not None:
                return known
            added = await add_person_with_invite(connection, new)
            if isinstance(added, Person):
                await connection.fetchval(_LINK, identity.issuer, identity.subject, added.id, None)
                await connection.execute(_CONFIRM, added.id)
            return added

        return await self._database.write(add)

    async def link(self, identity: Identity, person: Person) -> int | None:
        async def link(connection: Connection) -> int | None:
            return await _link(connection, identity, person.id, person.token_generation)

        return await self._database.write(link)

    async def adopt(self, identity: Identity, person_id: int, email: str, password_hash: bytes) -> int | None:
        async def adopt(connection: Connection) -> int | None:
            if not await connection.fetchval(_LOCK_PERSON, person_id, same_name_key(email), email):
                return 0
            if await _person_of(connection, identity) is None:
                await connection.execute(_UNLINK_OTHERS, person_id, identity.issuer, identity.subject)
            owner = await _link(connection, identity, person_id, None)
            if owner == person_id:
                await connection.execute(_REPLACE_PASSWORD, person_id, password_hash.decode())
                await connection.execute(_CONFIRM, person_id)
            return owner

        return await self._database.write(adopt)

    async def unlink(self, person_id: int, issuer: str, *, passkeys_log_in: bool) -> bool:
        async def unlink(connection: Connection) -> bool:
            ways = await lock_ways_in(connection, person_id, issuer)
            if ways is None or not ways.is_linked:
                return True
            if not ways.has_password and not (passkeys_log_in and ways.passkeys):
                return False
            if await connection.fetchval(_UNLINK, person_id, issuer) is not None:
                await connection.execute(_END_OF_SUBJECT, person_id, issuer)
                act = Act(by_id=person_id, what=What.IDENTITY_UNLINKED, person_id=person_id)
                await note(connection, [act])
            return True

        return await self._database.write(unlink)

    async def begin(self, session_id: int, session: ProviderSession) -> bool:
        who = session.identity

        async def begin(connection: Connection) -> bool:
            await connection.execute(_LOCK_LOG_IN, who.issuer)
            values = who.issuer, who.subject, session.sid, session.id_token, session.issued_at
            return bool(await connection.fetchval(_BEGIN, session_id, *values))

        return await self._database.write(begin)

    async def id_token(self, session_id: int) -> str | None:
        async def read(connection: Connection) -> str | None:
            found: str | None = await connection.fetchval(_ID_TOKEN, session_id)
            return found

        return await self._database.read(read)

    async def end(self, logout: Logout) -> list[int] | None:
        async def end(connection: Connection) -> list[int] | None:
            await connection.execute(_CLEAN)
            await connection.execute(_LOCK_LOG_OUT, logout.issuer)
            about = logout.subject, logout.sid
            if not await connection.fetchval(_NOTE, logout.issuer, logout.jti, *about):
                return None
            rows = await connection.fetch(_END, logout.issuer, *about)
            return sorted({row["user_id"] for row in rows})

        return await self._database.write(end)


async def _person_of(connection: Connection, identity: Identity) -> int | None:
    found: int | None = await connection.fetchval(_PERSON, identity.issuer, identity.subject)
    return found


async def _link(
    connection: Connection, identity: Identity, person_id: int, generation: int | None
) -> int | None:
    if await connection.fetchval(_LINK, identity.issuer, identity.subject, person_id, generation):
        await note(connection, [Act(by_id=person_id, what=What.IDENTITY_LINKED, person_id=person_id)])
    return await _person_of(connection, identity)
