"""People in PostgreSQL."""

from collections.abc import Sequence

import asyncpg
import msgspec

from chat.domain.account_changes import LAST_ADMIN, AccountChange, Role, acts_of, addition, is_acting_admin
from chat.domain.audit import Act, What
from chat.domain.entities import Credentials, Person
from chat.domain.ports import Invite, IssuedInvite, LookAlike, NewInvite, NewPerson, ProfileChange, Taken
from chat.domain.refusals import Refusal
from chat.domain.rules import same_name_key
from chat.domain.skeletons import name_skeletons
from chat.storage.postgres import invites
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_COLUMNS = """id, name, email, display_name, is_operator, is_moderator, is_admin, token_generation,
    disabled_at IS NOT NULL AS is_disabled, is_visitor, share_reads,
    extract(epoch FROM created_at)::float8 AS created_at,
    extract(epoch FROM coalesce(changed_at, created_at))::float8 AS changed_at"""

# What looks alike is looked for, which is enough for names that share a skeleton from before that rule; that of two
# at once one gets it, the unique key says. Whose name is the very same, the key of `users` tells.
_ADD = f"""
WITH alike AS (
    SELECT FROM name_skeletons JOIN users ON users.id = user_id WHERE skeleton = ANY($9::text[]) AND name_key <> $2
), added AS (
    INSERT INTO users (name, name_key, display_name, email, email_key, password_hash, is_operator, is_admin,
        is_moderator, is_visitor)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $10, $11 WHERE NOT EXISTS (SELECT FROM alike)
    RETURNING {_COLUMNS}
), looks AS (
    INSERT INTO name_skeletons (skeleton, user_id) SELECT skeleton, id FROM added, unnest($9::text[]) AS skeleton
)
SELECT * FROM added"""
_BY_ID = f"SELECT {_COLUMNS} FROM users WHERE id = $1 AND deleted_at IS NULL"
_BY_IDS = f"SELECT {_COLUMNS} FROM users WHERE id = ANY($1) AND deleted_at IS NULL"
_BY_NAME = f"SELECT {_COLUMNS}, password_hash FROM users WHERE name_key = $1 AND deleted_at IS NULL"
_BY_EMAIL = f"SELECT {_COLUMNS}, password_hash FROM users WHERE email_key = $1 AND deleted_at IS NULL"
_EVERYONE = f"SELECT {_COLUMNS} FROM users WHERE deleted_at IS NULL AND NOT is_visitor ORDER BY id"
_OPERATORS = """
SELECT id FROM users WHERE is_operator AND deleted_at IS NULL AND disabled_at IS NULL ORDER BY id"""
_THEM = "WHERE id = $1 AND deleted_at IS NULL"
_RENAME = f"""
WITH alike AS (
    SELECT FROM name_skeletons JOIN users ON users.id = user_id
    WHERE skeleton = ANY($4::text[]) AND name_key <> $3 AND user_id <> $1
        AND EXISTS (SELECT FROM users {_THEM})
), renamed AS (
    UPDATE users SET name = $2, name_key = $3 {_THEM} AND NOT EXISTS (SELECT FROM alike) RETURNING {_COLUMNS}
), looked AS (
    DELETE FROM name_skeletons USING renamed WHERE user_id = renamed.id AND skeleton <> ALL($4::text[])
), looks AS (
    INSERT INTO name_skeletons (skeleton, user_id)
    SELECT each.skeleton, id FROM renamed, unnest($4::text[]) AS each (skeleton)
    WHERE NOT EXISTS (SELECT FROM name_skeletons AS own WHERE own.user_id = id AND own.skeleton = each.skeleton)
)
SELECT EXISTS (SELECT FROM alike) AS is_alike, renamed.* FROM (SELECT) AS one LEFT JOIN renamed ON true"""
_LOOK_ALIKES = f"""
SELECT DISTINCT ON (younger.id) younger.*, older.id AS older_id, older.name AS older_name,
    older.deleted_at IS NOT NULL AS older_is_deleted
FROM name_skeletons AS look
JOIN name_skeletons AS older_look ON older_look.skeleton = look.skeleton AND older_look.user_id < look.user_id
JOIN users AS older ON older.id = older_look.user_id
JOIN (SELECT {_COLUMNS} FROM users WHERE deleted_at IS NULL) AS younger ON younger.id = look.user_id
WHERE look.skeleton IN (SELECT skeleton FROM name_skeletons WHERE shared <> 0)
ORDER BY younger.id, older.id"""
_SET_PROFILE = f"""
UPDATE users SET display_name = CASE WHEN $2 THEN $3 ELSE display_name END, email = CASE WHEN $4 THEN $5 ELSE email END,
    email_key = CASE WHEN $4 THEN $6 ELSE email_key END, share_reads = coalesce($7, share_reads)
{_THEM} RETURNING {_COLUMNS}"""
_SET_PASSWORD = f"""
UPDATE users SET password_hash = $2, token_generation = token_generation + 1
{_THEM} AND password_hash = coalesce($3, password_hash) RETURNING {_COLUMNS}"""
# Whoever may end an admin locks all of them first, in one order: of two that do so at once the second sees what became
# of the first. Rows are locked so that whatever refers to them goes on.
_LOCK_ADMINS = "SELECT FROM users WHERE is_admin AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE"
_OTHER_ADMINS = """
SELECT EXISTS (SELECT FROM users WHERE is_admin AND disabled_at IS NULL AND deleted_at IS NULL AND id <> $1)"""
_LOCK = f"{_BY_ID} FOR NO KEY UPDATE"
_ADMINISTER = f"""
UPDATE users SET is_operator = coalesce($2, is_operator), is_moderator = coalesce($3, is_moderator),
    is_admin = coalesce($4, is_admin), password_hash = coalesce($6, password_hash),
    disabled_at = CASE WHEN $5 THEN coalesce(disabled_at, now()) WHEN NOT $5 THEN NULL ELSE disabled_at END,
    token_generation = token_generation + $7::int
{_THEM} RETURNING {_COLUMNS}"""
_PAGE = f"""
SELECT {_COLUMNS} FROM users
WHERE id > $2 AND deleted_at IS NULL AND NOT is_visitor
  AND (position($1 IN name_key) > 0 OR position($1 IN email_key) > 0)
  AND CASE $4::text WHEN 'operator' THEN is_operator WHEN 'moderator' THEN is_moderator WHEN 'admin' THEN is_admin
      ELSE true END
ORDER BY id LIMIT $3"""
_ADD_VISIT = "INSERT INTO visits (user_id, email, page) VALUES ($1, $2, $3)"
_DELETE = f"""
WITH visit AS (DELETE FROM visits WHERE user_id = $1)
UPDATE users SET deleted_at = now(), email = NULL, email_key = NULL, password_hash = '' {_THEM}"""


class PostgresUsers:
    """The port `Users`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewPerson) -> Person | Taken | None:
        async def add(connection: Connection) -> Person | Taken | None:
            if new.invite is not None and not await invites.use_invite(connection, new.invite):
                return None
            added = await add_person(connection, new)
            if added == Taken("look") and new.invite is not None:
                await invites.give_invite_back(connection, new.invite)
            if isinstance(added, Person) and new.by_command:
                await note(connection, [addition(added, None)])
            return added

        return await self._database.write(add)

    async def invite(self, new: NewInvite) -> None:
        await self._database.write(lambda connection: invites.make_invite(connection, new))

    async def is_invite(self, digest: bytes) -> bool:
        return await self._database.read(lambda connection: invites.is_to_register(connection, digest))

    async def find_invite(self, digest: bytes) -> Invite | None:
        return await self._database.read(lambda connection: invites.find_invite(connection, digest))

    async def invites_of(self, maker_id: int, after: bytes, limit: int) -> list[IssuedInvite]:
        return await self._database.read(lambda c: invites.invites_of(c, maker_id, after, limit))

    async def withdraw_invite(self, digest: bytes) -> bool:
        return await self._database.write(lambda connection: invites.withdraw_invite(connection, digest))

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

    async def operators(self) -> list[int]:
        return [row["id"] for row in await self._database.read(lambda c: c.fetch(_OPERATORS))]

    async def page(self, part: str, after_id: int, limit: int, role: Role | None = None) -> list[Person]:
        rows = await self._database.read(lambda c: c.fetch(_PAGE, same_name_key(part), after_id, limit, role))
        return [_person(row) for row in rows]

    async def look_alikes(self) -> list[LookAlike]:
        rows = await self._database.read(lambda c: c.fetch(_LOOK_ALIKES))
        return [
            LookAlike(_person(row), row["older_id"], row["older_name"], row["older_is_deleted"])
            for row in rows
        ]

    async def rename(self, person_id: int, name: str) -> Person | Taken | None:
        return await self._database.write(lambda c: _rename(c, person_id, name))

    async def change_profile(self, person_id: int, change: ProfileChange) -> Person | Taken | None:
        email = None if change.email is msgspec.UNSET else change.email
        values = (
            change.display_name is not msgspec.UNSET,
            None if change.display_name is msgspec.UNSET else change.display_name,
            change.email is not msgspec.UNSET,
            email,
            email and same_name_key(email),
            None if change.share_reads is msgspec.UNSET else change.share_reads,
        )

        async def change_profile(connection: Connection) -> Person | Taken | None:
            if change.name is not msgspec.UNSET:
                renamed = await _rename(connection, person_id, change.name)
                if not isinstance(renamed, Person):
                    return renamed
            try:
                return _person_or_none(await connection.fetchrow(_SET_PROFILE, person_id, *values))
            except asyncpg.UniqueViolationError as error:
                return _taken(error)  # the transaction is rolled back, the other name with it

        return await self._database.write(change_profile)

    async def administer(
        self, person_id: int, change: AccountChange, by_id: int | None
    ) -> Person | Taken | Refusal | None:
        async def administer(connection: Connection) -> Person | Taken | Refusal | None:
            if change.may_end_an_admin:
                await connection.execute(_LOCK_ADMINS)
            before = _person_or_none(await connection.fetchrow(_LOCK, person_id))
            if before is None:
                return None
            if by_id is not None and change.may_end_an_admin and await _is_last_admin(connection, before):
                return LAST_ADMIN
            if change.name is not msgspec.UNSET:
                renamed = await _rename(connection, person_id, change.name)
                if not isinstance(renamed, Person):
                    return renamed  # nothing else was changed yet
            values = (
                *map(
                    _or_null, (change.is_operator, change.is_moderator, change.is_admin, change.is_disabled)
                ),
                None if change.password_hash is msgspec.UNSET else change.password_hash.decode("ascii"),
                change.ends_tokens,
            )
            after = _person(await connection.fetchrow(_ADMINISTER, person_id, *values))
            await note(connection, acts_of(before, change, after, by_id))
            return after

        return await self._database.write(administer)

    async def set_password(
        self, person_id: int, password_hash: bytes, *, instead_of: bytes | None = None
    ) -> Person | None:
        values = (password_hash.decode("ascii"), None if instead_of is None else instead_of.decode("ascii"))
        return _person_or_none(
            await self._database.write(lambda c: c.fetchrow(_SET_PASSWORD, person_id, *values))
        )

    async def delete(self, person_id: int, by_id: int | None = None) -> bool | Refusal:
        async def delete(connection: Connection) -> bool | Refusal:
            await connection.execute(_LOCK_ADMINS)
            before = _person_or_none(await connection.fetchrow(_LOCK, person_id))
            if before is None:
                return False
            if by_id is not None and await _is_last_admin(connection, before):
                return LAST_ADMIN
            await connection.execute(_DELETE, person_id)
            await note(connection, [Act(by_id=by_id, what=What.PERSON_DELETED, person_id=person_id)])
            return True

        return await self._database.write(delete)

    async def _one(self, query: str, value: object) -> asyncpg.Record | None:
        return await self._database.read(lambda c: c.fetchrow(query, value))


async def _is_last_admin(connection: Connection, person: Person) -> bool:
    return is_acting_admin(person) and not await connection.fetchval(_OTHER_ADMINS, person.id)


async def add_person(connection: Connection, new: NewPerson) -> Person | Taken:
    """Add a person, in the caller's transaction; asyncio-flavoured. "name" and "email" roll it back."""
    values = (
        new.name,
        same_name_key(new.name),
        new.display_name,
        new.email,
        new.email and same_name_key(new.email),
        new.password_hash.decode("ascii"),
        new.is_operator,
        new.is_admin,
        name_skeletons(new.name),
        new.is_moderator,
        new.visit is not None,
    )
    try:
        added = _person_or_none(await connection.fetchrow(_ADD, *values))
    except asyncpg.UniqueViolationError as error:
        return _taken(error)
    if added is not None and new.visit is not None:
        await connection.execute(_ADD_VISIT, added.id, new.visit.email, new.visit.page)
    return added or Taken("look")


async def _rename(connection: Connection, person_id: int, name: str) -> Person | Taken | None:
    values = person_id, name, same_name_key(name), name_skeletons(name)
    try:
        row = await connection.fetchrow(_RENAME, *values)
    except asyncpg.UniqueViolationError as error:
        return _taken(error)
    assert row is not None
    if row["id"] is not None:
        return _person(row)
    return Taken("look") if row["is_alike"] else None


def _or_null(value: bool | msgspec.UnsetType) -> bool | None:
    return None if value is msgspec.UNSET else value


def _taken(error: asyncpg.UniqueViolationError) -> Taken:
    key = str(error.constraint_name)
    return Taken("email" if "email" in key else "look" if "skeleton" in key else "name")


def _person(row: asyncpg.Record | None) -> Person:
    assert row is not None
    return Person(**{name: row[name] for name in Person.__struct_fields__ if name != "session_id"})


def _person_or_none(row: asyncpg.Record | None) -> Person | None:
    return None if row is None else _person(row)


def _credentials(row: asyncpg.Record | None) -> Credentials | None:
    return None if row is None else Credentials(_person(row), row["password_hash"].encode("ascii"))
