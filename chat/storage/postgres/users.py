"""People in PostgreSQL."""

from collections.abc import Sequence

import asyncpg

from chat.model.entities import Credentials, Person
from chat.model.rules import same_name_key
from chat.storage.ports import NewPerson, Taken
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_COLUMNS = """id, name, email, display_name, is_operator, is_admin, token_generation,
    disabled_at IS NOT NULL AS is_disabled, extract(epoch FROM created_at)::float8 AS created_at"""

_ADD = f"""
INSERT INTO users (name, name_key, display_name, email, email_key, password_hash, is_operator, is_admin)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING {_COLUMNS}"""
_BY_ID = f"SELECT {_COLUMNS} FROM users WHERE id = $1 AND deleted_at IS NULL"
_BY_IDS = f"SELECT {_COLUMNS} FROM users WHERE id = ANY($1) AND deleted_at IS NULL"
_BY_NAME = f"SELECT {_COLUMNS}, password_hash FROM users WHERE name_key = $1 AND deleted_at IS NULL"
_BY_EMAIL = f"SELECT {_COLUMNS}, password_hash FROM users WHERE email_key = $1 AND deleted_at IS NULL"
_EVERYONE = f"SELECT {_COLUMNS} FROM users WHERE deleted_at IS NULL ORDER BY id"
_THEM = "WHERE id = $1 AND deleted_at IS NULL"
_RENAME = f"UPDATE users SET name = $2, name_key = $3 {_THEM} RETURNING {_COLUMNS}"
_RAISE = f"UPDATE users SET token_generation = token_generation + 1 {_THEM} RETURNING {_COLUMNS}"
_SET_ROLES = f"UPDATE users SET is_operator = $2, is_admin = $3 {_THEM} RETURNING {_COLUMNS}"
_SET_PASSWORD = f"""
UPDATE users SET password_hash = $2, token_generation = token_generation + 1
{_THEM} AND password_hash = coalesce($3, password_hash) RETURNING {_COLUMNS}"""
_SET_DISABLED = f"""
UPDATE users SET disabled_at = CASE WHEN $2 THEN coalesce(disabled_at, now()) END,
    token_generation = token_generation + $2::int
{_THEM} RETURNING {_COLUMNS}"""
_DELETE = f"""
UPDATE users SET deleted_at = now(), email = NULL, email_key = NULL, password_hash = '' {_THEM} RETURNING true"""


class PostgresUsers:
    """The port `Users`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewPerson) -> Person | Taken:
        values = (
            new.name,
            same_name_key(new.name),
            new.display_name,
            new.email,
            new.email and same_name_key(new.email),
            new.password_hash.decode("ascii"),
            new.is_operator,
            new.is_admin,
        )

        async def add(connection: Connection) -> Person | Taken:
            try:
                return _person(await connection.fetchrow(_ADD, *values))
            except asyncpg.UniqueViolationError as error:
                return Taken("email" if "email" in str(error.constraint_name) else "name")

        return await self._database.write(add)

    async def by_id(self, person_id: int) -> Person | None:
        return _person_or_none(await self._one(_BY_ID, person_id))

    async def by_ids(self, person_ids: Sequence[int]) -> dict[int, Person]:
        rows = await self._database.read(lambda c: c.fetch(_BY_IDS, person_ids))
        return {row["id"]: _person(row) for row in rows}

    async def by_name(self, name: str) -> Credentials | None:
        return _credentials(await self._one(_BY_NAME, same_name_key(name)))

    async def by_email(self, email: str) -> Credentials | None:
        return _credentials(await self._one(_BY_EMAIL, same_name_key(email)))

    async def everyone(self) -> list[Person]:
        return [_person(row) for row in await self._database.read(lambda c: c.fetch(_EVERYONE))]

    async def rename(self, person_id: int, name: str) -> Person | Taken | None:
        async def rename(connection: Connection) -> Person | Taken | None:
            try:
                return _person_or_none(
                    await connection.fetchrow(_RENAME, person_id, name, same_name_key(name))
                )
            except asyncpg.UniqueViolationError:
                return Taken("name")

        return await self._database.write(rename)

    async def raise_token_generation(self, person_id: int) -> Person | None:
        return _person_or_none(await self._database.write(lambda c: c.fetchrow(_RAISE, person_id)))

    async def set_roles(self, person_id: int, *, operator: bool, admin: bool) -> Person | None:
        return _person_or_none(
            await self._database.write(lambda c: c.fetchrow(_SET_ROLES, person_id, operator, admin))
        )

    async def set_password(
        self, person_id: int, password_hash: bytes, *, instead_of: bytes | None = None
    ) -> Person | None:
        values = (password_hash.decode("ascii"), None if instead_of is None else instead_of.decode("ascii"))
        return _person_or_none(
            await self._database.write(lambda c: c.fetchrow(_SET_PASSWORD, person_id, *values))
        )

    async def set_disabled(self, person_id: int, *, disabled: bool) -> Person | None:
        return _person_or_none(
            await self._database.write(lambda c: c.fetchrow(_SET_DISABLED, person_id, disabled))
        )

    async def delete(self, person_id: int) -> bool:
        return await self._database.write(lambda c: c.fetchval(_DELETE, person_id)) is not None

    async def _one(self, query: str, value: object) -> asyncpg.Record | None:
        return await self._database.read(lambda c: c.fetchrow(query, value))


def _person(row: asyncpg.Record | None) -> Person:
    assert row is not None
    return Person(**{name: row[name] for name in Person.__struct_fields__})


def _person_or_none(row: asyncpg.Record | None) -> Person | None:
    return None if row is None else _person(row)


def _credentials(row: asyncpg.Record | None) -> Credentials | None:
    return None if row is None else Credentials(_person(row), row["password_hash"].encode("ascii"))
