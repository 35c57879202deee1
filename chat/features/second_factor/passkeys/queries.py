"""Passkeys in PostgreSQL."""

from collections.abc import Sequence

import asyncpg

from chat.domain.administration.audit import Act, What
from chat.domain.entities import Person
from chat.features.second_factor.passkeys.port import CODE_LASTS, MOST, Added, NewPasskey, Passkey
from chat.features.second_factor.queries import FORGET_CODES, HAS_FACTOR, LOCK, MARK, replace_codes
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.ways_in import lock_ways_in

_COLUMNS = """
id, user_id AS person_id, credential_id, public_key, sign_count, transports, name,
extract(epoch FROM created_at)::float8 AS created_at, extract(epoch FROM used_at)::float8 AS used_at"""
_OF_PERSON = f"SELECT {_COLUMNS} FROM passkeys WHERE user_id = $1 ORDER BY id"
_BY_CREDENTIAL = f"SELECT {_COLUMNS} FROM passkeys WHERE credential_id = $1"
_CLEAN = "DELETE FROM passkey_uses WHERE ends_at < clock_timestamp() - interval '1 day'"
_USE_NUMBER = """
INSERT INTO passkey_uses (number, ends_at) VALUES ($1, to_timestamp($2)) ON CONFLICT DO NOTHING RETURNING true"""
_IS_CURRENT = "SELECT token_generation = $2 FROM users WHERE id = $1"
_ADD = f"""
INSERT INTO passkeys (user_id, credential_id, public_key, sign_count, transports, name)
SELECT $1, $2, $3, $4, $5, $6 WHERE (SELECT count(*) FROM passkeys WHERE user_id = $1) < {MOST}
ON CONFLICT DO NOTHING RETURNING {_COLUMNS}"""
# The count is compared here too: of two copies that are used at once, one is let in.
_USE = """
UPDATE passkeys SET sign_count = $2, used_at = clock_timestamp()
WHERE id = $1 AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0)) RETURNING true"""
_CLEAN_CODES = "DELETE FROM passkey_codes WHERE ends_at < clock_timestamp()"
_KEEP_CODE = f"""
INSERT INTO passkey_codes (digest, passkey_id, ends_at)
VALUES ($1, $2, clock_timestamp() + interval '{CODE_LASTS} s')"""
_USE_CODE = """
DELETE FROM passkey_codes USING passkeys
WHERE digest = $2 AND passkeys.id = passkey_id AND user_id = $1 AND ends_at > clock_timestamp() RETURNING true"""
_RENAME = "UPDATE passkeys SET name = $3 WHERE id = $2 AND user_id = $1 RETURNING true"
_HAS = "SELECT true FROM passkeys WHERE id = $2 AND user_id = $1"
_REMOVE = "DELETE FROM passkeys WHERE id = $2 AND user_id = $1 RETURNING name"
_HAS_ANOTHER = """
SELECT EXISTS (SELECT FROM passkeys WHERE user_id = $1)
    OR EXISTS (SELECT FROM totp_secrets WHERE user_id = $1 AND confirmed_at IS NOT NULL)"""


class PostgresPasskeys:
    """The port `Passkeys`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_person(self, person_id: int) -> list[Passkey]:
        rows = await self._database.read(lambda c: c.fetch(_OF_PERSON, person_id))
        return [_passkey(row) for row in rows]

    async def by_credential(self, credential_id: bytes) -> Passkey | None:
        row = await self._database.read(lambda c: c.fetchrow(_BY_CREDENTIAL, credential_id))
        return None if row is None else _passkey(row)

    async def add(self, person: Person, new: NewPasskey, recovery: Sequence[bytes]) -> Added | None:
        about = new.credential_id, new.public_key, new.sign_count, list(new.transports), new.name

        async def add(connection: Connection) -> Added | None:
            await connection.execute(_CLEAN)
            if not await connection.fetchval(LOCK, person.id):
                return None
            if not await connection.fetchval(_IS_CURRENT, person.id, person.token_generation):
                return None
            if not await connection.fetchval(_USE_NUMBER, new.number, float(new.ends_at)):
                return None
            is_first = not await connection.fetchval(HAS_FACTOR, person.id)
            row = await connection.fetchrow(_ADD, person.id, *about)
            if row is None:
                return None
            if is_first:
                await replace_codes(connection, person.id, recovery)
                await connection.execute(MARK, person.id, True)
            await note(connection, [_act(person.id, What.PASSKEY_ADDED, new.name)])
            return Added(_passkey(row), is_first)

        return await self._database.write(add)

    async def use(
        self, passkey: Passkey, sign_count: int, number: bytes, ends_at: int, code: bytes | None = None
    ) -> bool:
        async def use(connection: Connection) -> bool:
            await connection.execute(_CLEAN)
            if not await connection.fetchval(_USE_NUMBER, number, float(ends_at)):
                return False
            if not await connection.fetchval(_USE, passkey.id, sign_count):
                return False
            if code is not None:
                await connection.execute(_CLEAN_CODES)
                await connection.execute(_KEEP_CODE, code, passkey.id)
            return True

        return await self._database.write(use)

    async def use_code(self, person_id: int, code: bytes) -> bool:
        return bool(await self._database.write(lambda c: c.fetchval(_USE_CODE, person_id, code)))

    async def rename(self, person_id: int, passkey_id: int, name: str) -> bool:
        return bool(await self._database.write(lambda c: c.fetchval(_RENAME, person_id, passkey_id, name)))

    async def remove(self, person_id: int, passkey_id: int, issuer: str | None) -> bool | None:
        async def remove(connection: Connection) -> bool | None:
            ways = await lock_ways_in(connection, person_id, issuer)
            if ways is None or not await connection.fetchval(_HAS, person_id, passkey_id):
                return None
            if not (ways.has_password or ways.passkeys > 1 or ways.is_linked):
                return False
            name = await connection.fetchval(_REMOVE, person_id, passkey_id)
            if not await connection.fetchval(_HAS_ANOTHER, person_id):
                await connection.execute(FORGET_CODES, person_id)
                await connection.execute(MARK, person_id, False)
            await note(connection, [_act(person_id, What.PASSKEY_REMOVED, name)])
            return True

        return await self._database.write(remove)


def _passkey(row: asyncpg.Record) -> Passkey:
    return Passkey(**{**dict(row), "transports": tuple(row["transports"])})


def _act(person_id: int, what: What, name: str) -> Act:
    return Act(by_id=person_id, what=what, person_id=person_id, detail=name)
