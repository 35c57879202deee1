"""Confirmed addresses in PostgreSQL."""

from chat.features.addresses.port import LASTS, PER_HOUR, Addressee, Confirmation
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_IS_CONFIRMED = """
SELECT EXISTS (SELECT FROM confirmed_addresses AS c JOIN users USING (email_key)
               WHERE c.user_id = $1 AND users.id = $1)"""
_CLEAN = "DELETE FROM address_links WHERE expires_at < clock_timestamp()"
# So that several at once, also of other accounts with this address before, are counted.
_LOCK = f"SELECT pg_advisory_xact_lock({0x61646472}, hashtext(email_key)) FROM users WHERE id = $1"  # "addr"
_BEGIN = f"""
WITH found AS (
    SELECT id, name, email, email_key FROM users
    WHERE id = $1 AND email_key IS NOT NULL AND deleted_at IS NULL AND NOT is_visitor AND greatest(
        (SELECT count(*) FROM address_links
         WHERE user_id = users.id AND created_at > clock_timestamp() - interval '1 hour'),
        (SELECT count(*) FROM address_links
         WHERE email_key = users.email_key AND created_at > clock_timestamp() - interval '1 hour')) < {PER_HOUR}
), made AS (
    INSERT INTO address_links (digest, user_id, email_key, language, expires_at)
    SELECT $2, id, email_key, $3, clock_timestamp() + interval '{LASTS} s' FROM found
)
SELECT name, email FROM found"""
_WHOSE = "SELECT user_id FROM address_links WHERE digest = $1 AND expires_at > clock_timestamp()"
# Before the link: who changes the address locks in this order too.
_LOCK_PERSON = "SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE"
_CONFIRM = """
WITH used AS (
    UPDATE address_links SET used_at = clock_timestamp() FROM users
    WHERE digest = $1 AND user_id = $2 AND used_at IS NULL AND expires_at > clock_timestamp() AND users.id = user_id
        AND users.email_key = address_links.email_key AND users.deleted_at IS NULL
    RETURNING address_links.user_id, address_links.email_key, language
)
INSERT INTO confirmed_addresses (user_id, email_key, language) SELECT user_id, email_key, language FROM used
ON CONFLICT (user_id) DO UPDATE
SET email_key = EXCLUDED.email_key, language = EXCLUDED.language, confirmed_at = clock_timestamp()
RETURNING true"""


class PostgresAddresses:
    """The port `Addresses`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_confirmed(self, person_id: int) -> bool:
        async def read(connection: Connection) -> bool:
            return bool(await connection.fetchval(_IS_CONFIRMED, person_id))

        return await self._database.read(read)

    async def begin(self, person_id: int, digest: bytes, language: str) -> Addressee | None:
        async def begin(connection: Connection) -> Addressee | None:
            await connection.execute(_CLEAN)
            await connection.execute(_LOCK, person_id)
            found = await connection.fetchrow(_BEGIN, person_id, digest, language)
            return None if found is None else Addressee(**found)

        return await self._database.write(begin)

    async def confirm(self, digest: bytes, person_id: int) -> Confirmation:
        async def confirm(connection: Connection) -> Confirmation:
            if await connection.fetchval(_WHOSE, digest) not in (None, person_id):
                return Confirmation.OF_ANOTHER
            await connection.execute(_LOCK_PERSON, person_id)
            is_good = await connection.fetchval(_CONFIRM, digest, person_id)
            return Confirmation.CONFIRMED if is_good else Confirmation.OVER

        return await self._database.write(confirm)
