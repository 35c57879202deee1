"""Links to reset a password, in PostgreSQL."""

from chat.domain.entities import Credentials, Person
from chat.domain.text.rules import same_name_key
from chat.features.recovery.port import LASTS, PER_HOUR, Addressee
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.users import replace_password

_LOCK = "SELECT id FROM users WHERE email_key = $1 FOR NO KEY UPDATE"
_BEGIN = f"""
WITH found AS (
    SELECT id, name, email, email_key, token_generation FROM users
    WHERE email_key = $1 AND deleted_at IS NULL AND disabled_at IS NULL AND NOT is_visitor AND (NOT $3 OR EXISTS (
        SELECT FROM confirmed_addresses AS c WHERE c.user_id = users.id AND c.email_key = users.email_key)) AND (
        SELECT count(*) FROM password_resets
        WHERE user_id = users.id AND created_at > clock_timestamp() - interval '1 hour') < {PER_HOUR}
), made AS (
    INSERT INTO password_resets (digest, user_id, email_key, generation, expires_at)
    SELECT $2, id, email_key, token_generation, clock_timestamp() + make_interval(secs => $4) FROM found
)
SELECT id AS person_id, name, email FROM found"""
_CLEAN = "DELETE FROM password_resets WHERE expires_at < clock_timestamp() - interval '1 day'"
_IS_GOOD = """
digest = $1 AND used_at IS NULL AND expires_at > clock_timestamp() AND users.id = user_id
    AND users.email_key = password_resets.email_key AND token_generation = generation AND disabled_at IS NULL"""
_PERSON = f"SELECT user_id FROM password_resets, users WHERE {_IS_GOOD}"
# The person before the link: who changes the address or the identities locks in this order too.
_LOCK_PERSON = "SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE"
# The link was mailed, so its use also confirms the address. Before that anybody may have registered with it: what they
# linked ends. (All parts see confirmed_addresses as it was.)
_USE = f"""
WITH used AS (
    UPDATE password_resets SET used_at = clock_timestamp() FROM users
    WHERE {_IS_GOOD} AND users.id = $2 AND password_hash = $3
    RETURNING password_resets.user_id, password_resets.email_key
), unlinked AS (
    DELETE FROM identities USING used WHERE identities.user_id = used.user_id AND NOT EXISTS (
        SELECT FROM confirmed_addresses AS c WHERE c.user_id = used.user_id AND c.email_key = used.email_key)
)
INSERT INTO confirmed_addresses (user_id, email_key) SELECT user_id, email_key FROM used
ON CONFLICT (user_id) DO UPDATE SET email_key = EXCLUDED.email_key, confirmed_at = clock_timestamp()
RETURNING true"""

_LOG_IN = f"""
UPDATE password_resets SET used_at = clock_timestamp() FROM users
WHERE {_IS_GOOD} AND users.id = $2 AND has_second_factor = $3 RETURNING true"""


class PostgresResets:
    """The port `PasswordResets`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self, email: str, digest: bytes, *, to_log_in: bool = False, lasts: float = LASTS
    ) -> Addressee | None:
        key = same_name_key(email)

        async def begin(connection: Connection) -> Addressee | None:
            await connection.execute(_CLEAN)
            await connection.execute(_LOCK, key)  # so that several at once are counted
            found = await connection.fetchrow(_BEGIN, key, digest, to_log_in, lasts)
            return None if found is None else Addressee(**found)

        return await self._database.write(begin)

    async def person_of(self, digest: bytes) -> int | None:
        async def read(connection: Connection) -> int | None:
            found: int | None = await connection.fetchval(_PERSON, digest)
            return found

        return await self._database.read(read)

    async def use(self, digest: bytes, known: Credentials, password_hash: bytes) -> Person | None:
        person_id, before = known.person.id, known.password_hash.decode("ascii")

        async def use(connection: Connection) -> Person | None:
            await connection.execute(_LOCK_PERSON, person_id)
            if not await connection.fetchval(_USE, digest, person_id, before):
                return None
            return await replace_password(connection, person_id, password_hash, by_link=True)

        return await self._database.write(use)

    async def log_in(self, digest: bytes, person: Person) -> bool:
        values = digest, person.id, person.has_second_factor
        return bool(await self._database.write(lambda c: c.fetchval(_LOG_IN, *values)))
