"""What administrators do to accounts, by a command beside the server or over HTTP; open sockets feel all of it."""

from collections.abc import Awaitable

import structlog

from chat.domain.accounts import Accounts
from chat.domain.entities import Person
from chat.domain.ports import LookAlike, Users
from chat.domain.refusals import NO_PERSON, Refusal

_HIGHEST_ID = 2**63 - 1

logger = structlog.get_logger(__name__)


class Administration:
    """`who` is a person's id or name; `by` is the admin who does it, None for a command of whoever runs the server.

    Every method may raise StorageDown; those that change may raise OutcomeUnknown. Cancelling one: the person was
    changed completely, or not at all. Each change is logged, and counted.
    """

    def __init__(self, users: Users, accounts: Accounts) -> None:
        self._users = users
        self._accounts = accounts

    async def people(self) -> list[Person]:
        """Return everybody, the oldest account first."""
        return await self._users.everyone()

    async def look_alikes(self) -> list[LookAlike]:
        """Return the people whose names look like that of an older account."""
        return await self._users.look_alikes()

    async def person(self, who: int | str) -> Person | Refusal:
        """Return the person with this id or name."""
        if isinstance(who, int):
            return (await self._users.by_id(who) if who <= _HIGHEST_ID else None) or NO_PERSON
        known = await self._users.by_name(who)
        return NO_PERSON if known is None else known.person

    async def log_out(self, who: int | str, by: Person | None = None) -> Person | Refusal:
        """Make all tokens of a person invalid that were issued so far."""
        person = await self.person(who)
        if isinstance(person, Refusal):
            return person
        return await self._done("logged out", by, self._users.raise_token_generation(person.id))

    async def set_roles(
        self, who: int | str, *, operator: bool, admin: bool, by: Person | None = None
    ) -> Person | Refusal:
        """Give a person these roles and no others."""
        person = await self.person(who)
        if isinstance(person, Refusal):
            return person
        changed = self._users.set_roles(person.id, operator=operator, admin=admin)
        return await self._done("roles changed", by, changed)

    async def set_password(self, who: int | str, password: str, by: Person | None = None) -> Person | Refusal:
        """Give a person another password, and make all tokens invalid that were issued so far."""
        person = await self.person(who)
        if isinstance(person, Refusal):
            return person
        password_hash = await self._accounts.hash(password, None)
        if isinstance(password_hash, Refusal):
            return password_hash
        return await self._done("password set", by, self._users.set_password(person.id, password_hash))

    async def rename(self, who: int | str, name: str, by: Person | None = None) -> Person | Refusal:
        """Give a person another name; it must be free."""
        person = await self.person(who)
        if isinstance(person, Refusal):
            return person
        renamed = await self._accounts.rename(person, name)
        if isinstance(renamed, Person):
            self._note("renamed", renamed, by)
        return renamed

    async def set_disabled(
        self, who: int | str, *, disabled: bool, by: Person | None = None
    ) -> Person | Refusal:
        """Let a person come in or not; who is disabled loses all tokens."""
        person = await self.person(who)
        if isinstance(person, Refusal):
            return person
        what = "disabled" if disabled else "enabled"
        return await self._done(what, by, self._users.set_disabled(person.id, disabled=disabled))

    async def delete(self, who: int | str, by: Person | None = None) -> Person | Refusal:
        """Delete a person, and return who they were.

        What they said stays under their name, which nobody else can take.
        """
        person = await self.person(who)
        if isinstance(person, Refusal):
            return person
        if not await self._users.delete(person.id):
            return NO_PERSON
        self._note("deleted", person, by)
        return person

    async def _done(self, what: str, by: Person | None, change: Awaitable[Person | None]) -> Person | Refusal:
        person = await change
        if person is None:
            return NO_PERSON
        self._note(what, person, by)
        return person

    def _note(self, what: str, person: Person, by: Person | None) -> None:
        self._accounts.happened(what)
        logger.info(
            f"person {what}", person=person.id, name=person.name, by="a command" if by is None else by.name
        )
