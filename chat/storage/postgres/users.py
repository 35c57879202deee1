"""People in PostgreSQL."""

from collections.abc import Sequence

import asyncpg
import msgspec
from msgspec import structs

from chat.domain.accounts.account_changes import (
    LAST_ADMIN,
    AccountChange,
    Role,
    acts_of,
    addition,
    is_acting_admin,
    may_change,
)
from chat.domain.accounts.account_removal import How
from chat.domain.administration.audit import reset_act, use_act
from chat.domain.entities import Credentials, Person
from chat.domain.ports import (
    Invite,
    IssuedInvite,
    LookAlike,
    NewInvite,
    NewPerson,
    ProfileChange,
    Taken,
    is_own_display,
    is_own_name,
)
from chat.domain.refusals import NOT_ADMIN, Refusal
from chat.domain.text.rules import same_name_key
from chat.domain.text.skeletons import name_skeletons
from chat.storage.postgres import invites
from chat.storage.postgres import user_queries as queries
from chat.storage.postgres.account_removals import remove_account
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.name_parts import find_by_part
from chat.storage.postgres.session import Connection


class PostgresUsers:
    """The port `Users`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: NewPerson) -> Person | Taken | None:
        return await self._database.write(lambda connection: add_person_with_invite(connection, new))

    async def invite(self, new: NewInvite) -> None:
        await self._database.write(lambda connection: invites.make_invite(connection, new))

    async def is_invite(self, digest: bytes) -> bool:
        return await self._database.read(lambda connection: invites.is_to_register(connection, digest))

    async def find_invite(self, digest: bytes) -> Invite | None:
        return await self._database.read(lambda connection: invites.find_invite(connection, digest))

    async def invites(
        self, after: bytes, limit: int, *, maker_id: int | None = None, room_id: int | None = None
    ) -> list[IssuedInvite]:
        return await self._database.read(
            lambda connection: invites.list_invites(
                connection, after, limit, maker_id=maker_id, room_id=room_id
            )
        )

    async def withdraw_invite(self, digest: bytes, by_id: int | None = None) -> bool:
        return await self._database.write(
            lambda connection: invites.withdraw_invite(connection, digest, by_id)
        )

    async def by_id(self, person_id: int) -> Person | None:
        return _person_or_none(await self._one(queries.BY_ID, person_id))

    async def by_ids(self, person_ids: Sequence[int]) -> dict[int, Person]:
        rows = await self._database.read(lambda c: c.fetch(queries.BY_IDS, person_ids))
        return {row["id"]: _person(row) for row in rows}

    async def by_name(self, name: str) -> Credentials | None:
        return _credentials(await self._one(queries.BY_NAME, same_name_key(name)))

    async def by_email(self, email: str) -> Credentials | None:
        return _credentials(await self._one(queries.BY_EMAIL, same_name_key(email)))

    async def everyone(self) -> list[Person]:
        return [_person(row) for row in await self._database.read(lambda c: c.fetch(queries.EVERYONE))]

    async def count(self) -> int:
        return int(await self._database.read(lambda c: c.fetchval(queries.COUNT)))

    async def operators(self) -> list[int]:
        return [row["id"] for row in await self._database.read(lambda c: c.fetch(queries.OPERATORS))]

    async def page(self, part: str, after_id: int, limit: int, role: Role | None = None) -> list[Person]:
        async def page(connection: Connection) -> list[asyncpg.Record]:
            return await find_page(connection, part, after_id, limit, role)

        return [_person(row) for row in await self._database.read(page)]

    async def look_alikes(self) -> list[LookAlike]:
        rows = await self._database.read(lambda c: c.fetch(queries.LOOK_ALIKES))
        return [
            LookAlike(_person(row), row["older_id"], row["older_name"], row["older_is_deleted"])
            for row in rows
        ]

    async def rename(self, person_id: int, name: str) -> Person | Taken | None:
        async def rename(connection: Connection) -> Person | Taken | None:
            await connection.execute(queries.LOCK_NAMES)
            return await _rename(connection, person_id, name)

        return await self._database.write(rename)

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
            if isinstance(change.display_name, str) or change.name is not msgspec.UNSET:
                await connection.execute(queries.LOCK_NAMES)
            if await _is_anothers_display(connection, person_id, change):
                return Taken("display")
            if change.name is not msgspec.UNSET:
                renamed = await _rename(connection, person_id, change.name)
                if not isinstance(renamed, Person):
                    return renamed
            try:
                changed = _person_or_none(await connection.fetchrow(queries.SET_PROFILE, person_id, *values))
            except asyncpg.UniqueViolationError as error:
                return _taken(error)  # the transaction is rolled back, the other name with it
            if changed is not None and change.display_name is not msgspec.UNSET:
                await _note_display(connection, changed)
            return changed

        return await self._database.write(change_profile)

    async def administer(
        self, person_id: int, change: AccountChange, by_id: int | None
    ) -> Person | Taken | Refusal | None:
        async def administer(connection: Connection) -> Person | Taken | Refusal | None:
            if change.name is not msgspec.UNSET:
                await connection.execute(queries.LOCK_NAMES)
            if change.may_end_an_admin:
                await connection.execute(queries.LOCK_ADMINS)
            if change.is_disabled is True:
                await connection.execute(queries.LOCK_BOT, person_id)
            before = _person_or_none(await connection.fetchrow(queries.LOCK, person_id))
            if before is None:
                return None
            if by_id is not None:
                by = _person_or_none(await connection.fetchrow(queries.BY_ID, by_id))
                if not may_change(by, before, change):
                    return NOT_ADMIN
            is_bound = (by_id is not None or change.by_provider) and change.may_end_an_admin
            if is_bound and await _is_last_admin(connection, before):
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
            after = _person(await connection.fetchrow(queries.ADMINISTER, person_id, *values))
            if after.is_admin and not before.is_admin:
                await connection.execute(queries.USE_UP_SET_UP)
            await note(connection, acts_of(before, change, after, by_id))
            return after

        return await self._database.write(administer)

    async def set_password(
        self,
        person_id: int,
        password_hash: bytes,
        *,
        instead_of: bytes | None = None,
        by_link: bool = False,
    ) -> Person | None:
        async def set_password(connection: Connection) -> Person | None:
            return await replace_password(
                connection, person_id, password_hash, instead_of=instead_of, by_link=by_link
            )

        return await self._database.write(set_password)

    async def delete(
        self, person_id: int, by_id: int | None = None, how: How = How.LEAVE, *, is_own: bool = False
    ) -> bool | Refusal:
        async def delete(connection: Connection) -> bool | Refusal:
            if how is not How.LEAVE:
                await connection.execute(queries.LOCK_NAMES)
            await connection.execute(queries.LOCK_ADMINS)
            before = _person_or_none(await connection.fetchrow(queries.LOCK, person_id))
            if (
                by_id is not None
                and not is_own
                and not await connection.fetchval(queries.IS_ACTING_ADMIN, by_id)
            ):
                return NOT_ADMIN if before is not None else False
            if before is not None and by_id is not None and await _is_last_admin(connection, before):
                return LAST_ADMIN
            return await remove_account(connection, person_id, how, by_id)

        return await self._database.write(delete)

    async def nameless(self, person_ids: Sequence[int]) -> list[Person]:
        rows = await self._database.read(lambda c: c.fetch(queries.NAMELESS, person_ids))
        return [_person(row) for row in rows]

    async def _one(self, query: str, value: object) -> asyncpg.Record | None:
        return await self._database.read(lambda c: c.fetchrow(query, value))


async def replace_password(
    connection: Connection,
    person_id: int,
    password_hash: bytes,
    *,
    instead_of: bytes | None = None,
    by_link: bool = False,
) -> Person | None:
    """Do what `Users.set_password` does, in the caller's transaction; asyncio-flavoured."""
    before = None if instead_of is None else instead_of.decode("ascii")
    row = await connection.fetchrow(queries.SET_PASSWORD, person_id, password_hash.decode("ascii"), before)
    if row is not None and by_link:
        await note(connection, [reset_act(person_id)])
    return _person_or_none(row)


async def _is_last_admin(connection: Connection, person: Person) -> bool:
    return is_acting_admin(person) and not await connection.fetchval(queries.OTHER_ADMINS, person.id)


async def add_person_with_invite(connection: Connection, new: NewPerson) -> Person | Taken | None:
    """Do what `Users.add` does, in the caller's transaction; asyncio-flavoured. "name" and "email" roll it back."""
    used = None if new.invite is None else await invites.use_invite(connection, new.invite, None)
    if new.invite is not None and used is None:
        return None
    added = await add_person(connection, new)
    if added == Taken("look") and new.invite is not None:
        await invites.give_invite_back(connection, new.invite)
    if isinstance(added, Person) and (new.by_command or new.added_by is not None):
        await note(connection, [addition(added, new.added_by)])
    if isinstance(added, Person) and (used is not None or new.by_command or new.added_by is not None):
        await connection.execute(queries.VOUCH, added.id)
    if isinstance(added, Person) and used is not None:
        await note(connection, [use_act(added.id, used.maker_id)])
    return added


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
    await connection.execute(queries.LOCK_NAMES)
    try:
        added = _person_or_none(await connection.fetchrow(queries.ADD, *values))
    except asyncpg.UniqueViolationError as error:
        return _taken(error)
    if added is not None and added.is_admin:
        await connection.execute(queries.USE_UP_SET_UP)
    if added is not None and new.visit is None and new.display_name is not None:
        await _note_display(connection, added)
    if added is not None and new.visit is not None:
        await connection.execute(queries.ADD_VISIT, added.id, new.visit.email, new.visit.page)
    return added or Taken("look")


async def _is_anothers_display(connection: Connection, person_id: int, change: ProfileChange) -> bool:
    """Whether a display name looks like a name or a display name of somebody else; one's own are one's own."""
    if not isinstance(change.display_name, str):
        return False
    person = _person_or_none(await connection.fetchrow(queries.BY_ID, person_id))
    if person is None or is_own_display(person, change):
        return False
    looks = name_skeletons(change.display_name)
    return bool(await connection.fetchval(queries.IS_ANOTHERS, person_id, looks))


async def _note_display(connection: Connection, person: Person) -> None:
    """Store the skeletons of a person's display name; not for visitors."""
    looks = () if person.display_name is None else name_skeletons(person.display_name)
    await connection.execute(queries.SET_DISPLAY_LOOKS, person.id, looks)


async def find_page(
    connection: Connection, part: str, after_id: int, limit: int, role: Role | None = None
) -> list[asyncpg.Record]:
    """Return the rows of `Users.page`; asyncio-flavoured."""
    key = same_name_key(part)
    if role is not None:
        return await connection.fetch(queries.PAGES_OF_ROLES[role], key, after_id, limit)
    if not key:
        return await connection.fetch(queries.PAGE, after_id, limit)
    return await find_by_part(
        connection, queries.PAGE_NEAR, queries.PAGE_BY_PARTS, key, after_id, limit=limit
    )


async def _rename(connection: Connection, person_id: int, name: str) -> Person | Taken | None:
    """Give somebody another name; the caller has locked the names."""
    person = _person_or_none(await connection.fetchrow(queries.BY_ID, person_id))
    if person is None:
        return None
    key, looks = same_name_key(name), name_skeletons(name)
    if not is_own_name(person, name) and await connection.fetchval(
        queries.IS_DISPLAYED_BY_ANOTHER, person_id, looks, key
    ):
        return Taken("look")
    values = person_id, name, key, looks
    try:
        row = await connection.fetchrow(queries.RENAME, *values)
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
    person = Person(**{name: row[name] for name in Person.__struct_fields__ if name != "session_id"})
    return person if person.scopes is None else structs.replace(person, scopes=tuple(person.scopes))


def _person_or_none(row: asyncpg.Record | None) -> Person | None:
    return None if row is None else _person(row)


def _credentials(row: asyncpg.Record | None) -> Credentials | None:
    return None if row is None else Credentials(_person(row), row["password_hash"].encode("ascii"))
