"""Administration of accounts, by commands or over HTTP. Every change takes effect on open sockets."""

from collections.abc import Collection, Sequence

import msgspec
import structlog
from msgspec import UNSET, UnsetType, structs

from chat.domain.accounts.account_changes import AccountChange, Role
from chat.domain.accounts.account_removal import How
from chat.domain.accounts.accounts import Accounts
from chat.domain.administration.audit import Act, AuditEntry, What
from chat.domain.entities import Person
from chat.domain.ports import Audit, LookAlike, Sessions, Taken, Users
from chat.domain.refusals import LOOK_TAKEN, NAME_TAKEN, NO_PERSON, Code, Refusal
from chat.domain.text.rules import clean_name

VISITOR = Refusal(
    Code.INVALID, "visitors have no name to log in with, no password and no roles", reason="visitor_account"
)
OWN_PASSWORD = Refusal(
    Code.FORBIDDEN, "this is your own account: change your password in your settings", reason="own_password"
)

_HIGHEST_ID = 2**63 - 1

_DELETED = {
    How.LEAVE: "person deleted",
    How.ANONYMISE: "person anonymised",
    How.ERASE: "person erased",
}
"""What the log says of each."""

logger = structlog.get_logger(__name__)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A change of an account, as entered, or `by_provider`: by the identity provider; UNSET fields stay."""

    name: str | UnsetType = UNSET
    operator: bool | UnsetType = UNSET
    moderator: bool | UnsetType = UNSET
    admin: bool | UnsetType = UNSET
    password: str | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    by_provider: bool = False


class Account(msgspec.Struct, frozen=True):
    """A person, and the number of their sessions."""

    person: Person
    sessions: int


class Administration:
    """`who` is a person's id or name; `by` is the acting admin, None for a command of the server's operator.

    Every method may raise StorageDown; those that change may raise OutcomeUnknown. Cancelling one: the person was
    changed completely, or not at all. Each change is recorded in the audit by the same commit, logged, and counted.
    Only a command may remove the last admin who can log in, not the identity provider.
    """

    def __init__(self, users: Users, sessions: Sessions, audit: Audit, accounts: Accounts) -> None:
        self._users = users
        self._sessions = sessions
        self._audit = audit
        self._accounts = accounts

    async def people(self) -> list[Person]:
        """Return everybody, oldest account first."""
        return await self._users.everyone()

    async def page(self, part: str, after_id: int, limit: int, role: Role | None = None) -> list[Account]:
        """Return accounts with `part` in their names or email addresses and ids above `after_id`, by id.

        `role` filters them.
        """
        return await self._with_sessions(await self._users.page(part, after_id, limit, role))

    async def acts(
        self, before_id: int | None, limit: int, *, person_id: int | None = None, kinds: Collection[str] = ()
    ) -> list[AuditEntry]:
        """Return administrators' acts with ids below `before_id`, newest first.

        `person_id` selects acts by or to that person, `kinds` acts of these kinds.
        """
        return await self._audit.acts(before_id, limit, person_id=person_id, kinds=kinds)

    async def add(self, name: str, password: str, roles: Collection[Role], by: Person) -> Person | Refusal:
        """Add a person with an initial password and these roles. Cancelling: they were added, or not."""
        added = await self._accounts.add(
            name,
            password,
            operator="operator" in roles,
            moderator="moderator" in roles,
            admin="admin" in roles,
            by=by,
        )
        if isinstance(added, Person):
            self._note("added", added, by)
        return added

    async def reset_link(self, who: int | str, by: Person) -> tuple[str, int] | Refusal:
        """Return a code with which a person sets a new password, and when it expires (Unix seconds).

        Cancelling: it may be in the audit, but nobody has the code.
        """
        person = await self.person(who)
        if isinstance(person, Refusal):
            return person
        if person.is_visitor:
            return VISITOR
        await self._audit.record([Act(by_id=by.id, what=What.RESET_MADE, person_id=person.id)])
        self._note("given a reset link", person, by)
        return self._accounts.reset_code(person, by)

    async def look_alikes(self) -> list[LookAlike]:
        """Return the people whose names look like older accounts'."""
        return await self._users.look_alikes()

    async def person(self, who: int | str) -> Person | Refusal:
        """Return the person with this id or name."""
        if isinstance(who, int):
            return (await self._users.by_id(who) if who <= _HIGHEST_ID else None) or NO_PERSON
        known = await self._users.by_name(who)
        return NO_PERSON if known is None else known.person

    async def account(self, who: int | str) -> Account | Refusal:
        """Return the person with this id or name, and the number of their sessions."""
        person = await self.person(who)
        return person if isinstance(person, Refusal) else (await self._with_sessions([person]))[0]

    async def log_out(self, who: int | str, by: Person | None = None) -> Person | Refusal:
        """Invalidate all tokens of a person issued so far."""
        return await self._administer(who, AccountChange(ends_sessions=True), by)

    async def change(self, who: int | str, wanted: Wanted, by: Person | None = None) -> Person | Refusal:
        """Apply all of a change to an account, or nothing.

        A new password, and disabling, invalidate all tokens issued so far. OWN_PASSWORD: a session alone must not
        change the password that proves who has it.
        """
        if by is not None and who in (by.id, by.name) and wanted.password is not UNSET:
            return OWN_PASSWORD
        name = UNSET if wanted.name is UNSET else clean_name(wanted.name, is_given=True)
        if isinstance(name, Refusal):
            return name
        password_hash = UNSET if wanted.password is UNSET else await self._hash(who, wanted.password)
        if isinstance(password_hash, Refusal):
            return password_hash
        change = AccountChange(
            name=name,
            is_operator=wanted.operator,
            is_moderator=wanted.moderator,
            is_admin=wanted.admin,
            password_hash=password_hash,
            is_disabled=wanted.disabled,
            by_provider=wanted.by_provider,
        )
        return await self._administer(who, change, by)

    async def delete(
        self, who: int | str, by: Person | None = None, how: How = How.LEAVE
    ) -> Person | Refusal:
        """Delete a person and return them as they were. With `how` their name and messages go too."""
        person = await self.person(who)
        if isinstance(person, Refusal):
            return person
        return await self._delete(person, by, how, is_own=False)

    async def delete_again(self, person_id: int, how: How, by: Person | None = None) -> Refusal | None:
        """Delete the name or messages of somebody who has left already. NO_PERSON: nothing more is to be removed."""
        is_id = 0 < person_id <= _HIGHEST_ID
        match is_id and await self._users.delete(person_id, None if by is None else by.id, how):
            case Refusal() as refusal:
                return refusal
            case False:
                return NO_PERSON
        self._accounts.changed(person_id)
        logger.info(_DELETED[how], person=person_id, by="a command" if by is None else by.name)
        return None

    async def leave(self, person: Person, how: How) -> Refusal | None:
        """Delete the account of the person who wants that."""
        deleted = await self._delete(person, person, how, is_own=True)
        return deleted if isinstance(deleted, Refusal) else None

    async def _delete(self, person: Person, by: Person | None, how: How, *, is_own: bool) -> Person | Refusal:
        match await self._users.delete(person.id, None if by is None else by.id, how, is_own=is_own):
            case Refusal() as refusal:
                return refusal
            case False:
                return NO_PERSON
        # No await between the commit and this, which notifies the person's sockets.
        self._accounts.changed(person.id)
        self._accounts.happened(_DELETED[how].removeprefix("person "))
        # The log outlives the account: it has a name only where the name stays.
        name = {"name": person.name} if how is How.LEAVE else {}
        by_whom = "a command" if by is None else "themselves" if is_own else by.name
        logger.info(_DELETED[how], person=person.id, by=by_whom, **name)
        return person

    async def _hash(self, who: int | str, password: str) -> bytes | Refusal:
        nobody = await self.person(who)  # read before the costly hash
        return nobody if isinstance(nobody, Refusal) else await self._accounts.hash(password, None)

    async def _administer(self, who: int | str, change: AccountChange, by: Person | None) -> Person | Refusal:
        person = await self.person(who)
        if isinstance(person, Refusal):
            return person
        if person.is_visitor and change.makes_member:
            return VISITOR
        # Without a session a visitor would return as somebody else, or never if enabled again.
        if person.is_visitor:
            change = structs.replace(change, keeps_sessions=True)
        match await self._users.administer(person.id, change, None if by is None else by.id):
            case Taken("look"):
                return LOOK_TAKEN
            case Taken():
                return NAME_TAKEN
            case None:
                return NO_PERSON
            case Refusal() as refusal:
                return refusal
            case changed:
                # No await between the commit and this, which notifies the person's sockets.
                self._accounts.changed(changed.id)
                for what in _changed(change):
                    self._note(
                        what, changed, by, "the identity provider" if change.by_provider else "a command"
                    )
                return changed

    async def _with_sessions(self, people: Sequence[Person]) -> list[Account]:
        counts = await self._sessions.counts([person.id for person in people])
        return [Account(person, counts.get(person.id, 0)) for person in people]

    def _note(self, what: str, person: Person, by: Person | None, else_by: str = "a command") -> None:
        self._accounts.happened(what)
        logger.info(
            f"person {what}", person=person.id, name=person.name, by=else_by if by is None else by.name
        )


def _changed(change: AccountChange) -> list[str]:
    """Return the names of what was done, for the log and the metrics."""
    roles = change.is_operator, change.is_moderator, change.is_admin
    done = {
        "renamed": change.name is not UNSET,
        "roles changed": any(role is not UNSET for role in roles),
        "password set": change.password_hash is not UNSET,
        "disabled": change.is_disabled is True,
        "enabled": change.is_disabled is False,
        "logged out": change.ends_sessions,
    }
    return [what for what, is_done in done.items() if is_done]
