"""Second factors in PostgreSQL."""

from collections.abc import Sequence

from chat.domain.administration.audit import Act, What
from chat.features.second_factor.port import Secret
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

# The person's row is locked before anything is written: of several servers one at a time changes a second factor.
LOCK = "SELECT true FROM users WHERE id = $1 AND deleted_at IS NULL AND NOT is_visitor FOR NO KEY UPDATE"
_BEGIN = """
INSERT INTO totp_secrets (user_id, secret) VALUES ($1, $2)
ON CONFLICT (user_id) DO UPDATE SET secret = $2, last_step = 0, created_at = clock_timestamp()
WHERE totp_secrets.confirmed_at IS NULL RETURNING true"""
_SECRET = "SELECT secret, confirmed_at IS NOT NULL FROM totp_secrets WHERE user_id = $1"
_CONFIRM = """
UPDATE totp_secrets SET confirmed_at = clock_timestamp(), last_step = $3
WHERE user_id = $1 AND secret = $2 AND confirmed_at IS NULL RETURNING true"""
MARK = "UPDATE users SET has_second_factor = $2 WHERE id = $1"
_USE_STEP = """
UPDATE totp_secrets SET last_step = $3
WHERE user_id = $1 AND secret = $2 AND confirmed_at IS NOT NULL AND last_step < $3 RETURNING true"""
_USE_RECOVERY = "DELETE FROM recovery_codes WHERE user_id = $1 AND digest = $2 RETURNING true"
_COUNT = "SELECT count(*) FROM recovery_codes WHERE user_id = $1"
FORGET_CODES = "DELETE FROM recovery_codes WHERE user_id = $1"
_ADD_CODES = "INSERT INTO recovery_codes (user_id, digest) SELECT $1, * FROM unnest($2::bytea[])"
HAS_FACTOR = "SELECT true FROM users WHERE id = $1 AND has_second_factor FOR NO KEY UPDATE"
_REMOVE_APP = "DELETE FROM totp_secrets WHERE user_id = $1 AND confirmed_at IS NOT NULL RETURNING true"
_HAS_PASSKEY = "SELECT true FROM passkeys WHERE user_id = $1"
_REMOVE_PASSKEYS = "DELETE FROM passkeys WHERE user_id = $1"


class PostgresSecondFactors:
    """The port `SecondFactors`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, person_id: int, secret: bytes) -> bool:
        async def begin(connection: Connection) -> bool:
            if not await connection.fetchval(LOCK, person_id):
                return False
            return bool(await connection.fetchval(_BEGIN, person_id, secret))

        return await self._database.write(begin)

    async def secret(self, person_id: int) -> Secret | None:
        row = await self._database.read(lambda c: c.fetchrow(_SECRET, person_id))
        return None if row is None else Secret(*row)

    async def confirm(self, person_id: int, secret: bytes, step: int, digests: Sequence[bytes]) -> bool:
        async def confirm(connection: Connection) -> bool:
            await connection.fetchval(LOCK, person_id)
            if not await connection.fetchval(_CONFIRM, person_id, secret, step):
                return False
            await replace_codes(connection, person_id, digests)
            await connection.execute(MARK, person_id, True)
            await note(
                connection, [Act(by_id=person_id, what=What.SECOND_FACTOR_SET_UP, person_id=person_id)]
            )
            return True

        return await self._database.write(confirm)

    async def use_step(self, person_id: int, secret: bytes, step: int) -> bool:
        used = await self._database.write(lambda c: c.fetchval(_USE_STEP, person_id, secret, step))
        return bool(used)

    async def use_recovery_code(self, person_id: int, digest: bytes) -> bool:
        return bool(await self._database.write(lambda c: c.fetchval(_USE_RECOVERY, person_id, digest)))

    async def count_recovery_codes(self, person_id: int) -> int:
        return int(await self._database.read(lambda c: c.fetchval(_COUNT, person_id)))

    async def replace_recovery_codes(self, person_id: int, digests: Sequence[bytes]) -> bool:
        async def replace(connection: Connection) -> bool:
            if not await connection.fetchval(HAS_FACTOR, person_id):
                return False
            await replace_codes(connection, person_id, digests)
            return True

        return await self._database.write(replace)

    async def remove_app(self, person_id: int) -> bool:
        async def remove_app(connection: Connection) -> bool:
            await connection.fetchval(LOCK, person_id)
            if not await connection.fetchval(_REMOVE_APP, person_id):
                return False
            if not await connection.fetchval(_HAS_PASSKEY, person_id):
                await _forget(connection, person_id)
            act = Act(by_id=person_id, what=What.SECOND_FACTOR_REMOVED, person_id=person_id)
            await note(connection, [act])
            return True

        return await self._database.write(remove_app)

    async def remove(self, person_id: int, by_id: int | None) -> bool:
        async def remove(connection: Connection) -> bool:
            await connection.fetchval(LOCK, person_id)
            if not await connection.fetchval(HAS_FACTOR, person_id):
                return False
            await connection.execute(_REMOVE_APP, person_id)
            await connection.execute(_REMOVE_PASSKEYS, person_id)
            await _forget(connection, person_id)
            await note(connection, [Act(by_id=by_id, what=What.SECOND_FACTOR_REMOVED, person_id=person_id)])
            return True

        return await self._database.write(remove)


async def _forget(connection: Connection, person_id: int) -> None:
    await connection.execute(FORGET_CODES, person_id)
    await connection.execute(MARK, person_id, False)


async def replace_codes(connection: Connection, person_id: int, digests: Sequence[bytes]) -> None:
    """Give a person these recovery codes, in the caller's transaction; asyncio-flavoured."""
    await connection.execute(FORGET_CODES, person_id)
    await connection.execute(_ADD_CODES, person_id, list(digests))
