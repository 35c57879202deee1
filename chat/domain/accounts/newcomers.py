"""New people: self-registered, with an invite if required, or added by an admin or a command."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import msgspec
import trio
from msgspec import structs

from chat.domain.accounts.authentication import Granted
from chat.domain.accounts.handles import handles
from chat.domain.accounts.invites import BAD_INVITE, NEEDS_INVITE, invite_digest
from chat.domain.accounts.logins import PASSWORDS_OFF
from chat.domain.accounts.new_passwords import clean_new_password
from chat.domain.accounts.passwords import BUSY, Passwords
from chat.domain.entities import Person
from chat.domain.failures import StorageDown
from chat.domain.limits.bounds import Registration
from chat.domain.limits.registrations import Registrations
from chat.domain.ports import NewPerson, Taken, Users
from chat.domain.refusals import EMAIL_TAKEN, LOOK_TAKEN, NAME_TAKEN, Code, Refusal
from chat.domain.text.rules import clean_email, clean_name, clean_password

NewPersonT = TypeVar("NewPersonT")

_LOOK_UPS = 2
"""Concurrent registrations that look for taken names; the other database connections stay free for log-ins."""

CLOSED = Refusal(
    Code.FORBIDDEN, "registration is closed: ask an admin for an account", reason="registration_closed"
)


class _Wanted(msgspec.Struct, frozen=True):
    """A person to add, validated. If the name may be shared, a taken one gets a number appended."""

    name: str
    password: bytes
    email: str | None
    shares_name: bool = False
    invite: bytes | None = None  # its code's digest


class _Addition(msgspec.Struct, frozen=True):
    """The roles of a person who is added, and the admin who adds them; None: a command."""

    is_operator: bool
    is_moderator: bool
    is_admin: bool
    by_id: int | None


class Newcomers:
    """Adds people.

    Args:
        grant: issues a token to a person.
        note: logs and counts what happened.
        min_password: characters of a password, at least.
        mode: who may register; it may be set to another.

    Nobody registers with a password while `takes_passwords` is false.

    Every async method may raise StorageDown; those that add may raise OutcomeUnknown. Cancelling one: the person was
    added completely, or not at all.
    """

    def __init__(
        self,
        users: Users,
        passwords: Passwords,
        budgets: Registrations,
        grant: Callable[[Person], Granted],
        note: Callable[..., None],
        *,
        min_password: int,
        mode: Registration,
    ) -> None:
        self._users = users
        self._passwords = passwords
        self._budgets = budgets
        self._grant = grant
        self._note = note
        self._min_password = min_password
        self.mode = mode
        self.takes_passwords = True
        self._lookup_limiter = trio.CapacityLimiter(_LOOK_UPS)

    async def add(
        self,
        name: str,
        password: str,
        email: str | None = None,
        *,
        operator: bool = False,
        moderator: bool = False,
        admin: bool = False,
        by: Person | None = None,
    ) -> Person | Refusal:
        """Add a person, by an admin or (None) a command: no budget is used.

        Or return the refusal of name, address or password.
        """
        wanted = self._clean(name, password, email, is_new=True, is_given=True)
        if isinstance(wanted, Refusal):
            return wanted
        addition = _Addition(operator, moderator, admin, None if by is None else by.id)
        return await self._add(wanted, None, addition)

    async def register(
        self,
        name: str,
        password: str,
        address: str,
        email: str | None = None,
        *,
        invite: str | None = None,
        by_old_rules: bool = True,
    ) -> Granted | Refusal:
        """Add a person and log them in. `address` is the client's, which uses one registration of its budget.

        `invite` is the code of an invite: a valid one is used once and spares the budget. `by_old_rules`: the password
        follows the documents of the older protocols, and an invite counts only if registering needs one.
        """
        wanted = self._clean(name, password, email, is_new=not by_old_rules)
        if isinstance(wanted, Refusal):
            return wanted
        if by_old_rules and self.mode != "invite":
            invite = None
        return await self._register(wanted, address, invite)

    async def sign_up(
        self, email: str, name: str, password: str, address: str, *, invite: str | None = None
    ) -> Granted | Refusal:
        """Add a person whose name may be taken, and log them in. The rest is as in `register`.

        Names are unique in the core, so a taken one gets a number appended; `display_name` is the given name.
        """
        wanted = self._clean(name, password, email)
        if isinstance(wanted, Refusal):
            return wanted
        wanted = structs.replace(wanted, shares_name=True)
        return await self._register(wanted, address, invite if self.mode == "invite" else None)

    async def add_from_provider(
        self,
        names: Iterable[str],
        email: str | None,
        add: Callable[[NewPerson], Awaitable[NewPersonT | Taken | None]],
        *,
        invite: str | None,
    ) -> NewPersonT | Refusal:
        """Add a person whom an identity provider knows, without a password, as far as people may register.

        The first good one of `names` is theirs; a taken one gets a number appended. A taken email address is left out.
        `add` adds them, as `Users.add`. No budget is used: the provider has one.
        """
        if self.mode == "closed":
            return CLOSED
        if self.mode == "invite" and not invite:
            return NEEDS_INVITE
        digest = await self._good(invite) if invite and self.mode == "invite" else None
        if self.mode == "invite" and digest is None:
            return BAD_INVITE
        cleaned = (clean_name(name) for name in names)
        chosen = next((name for name in cleaned if isinstance(name, str)), None)
        address = None if email is None else clean_email(email)
        new = NewPerson(
            name="",
            password_hash=self._passwords.unusable_hash(),
            email=address if isinstance(address, str) else None,
            invite=digest,
        )
        for name in () if chosen is None else handles(chosen):
            added = await add(structs.replace(new, name=name))
            if added == Taken("email"):
                new = structs.replace(new, email=None)
                added = await add(structs.replace(new, name=name))
            if added is None:
                return BAD_INVITE
            if not isinstance(added, Taken):
                return added
        return NAME_TAKEN

    def refusal_of(self, name: str, password: str) -> Refusal | None:
        """Return the refusal of a new name or password, before any expensive work. Sync."""
        wanted = self._clean(name, password, None, is_new=True, is_given=True)
        return wanted if isinstance(wanted, Refusal) else None

    async def first_admin(self, name: str, password: str, address: str) -> NewPerson | Refusal:
        """Return the admin to add, or the refusal of name or password. `address` is the client's."""
        wanted = self._clean(name, password, None, is_new=True, is_given=True)
        if isinstance(wanted, Refusal):
            return wanted
        password_hash = await self._passwords.hash(wanted.password, address)
        if isinstance(password_hash, Refusal):
            return password_hash
        return NewPerson(name=wanted.name, password_hash=password_hash, is_admin=True)

    def _clean(
        self, name: str, password: str, email: str | None, *, is_new: bool = False, is_given: bool = False
    ) -> _Wanted | Refusal:
        clean = clean_name(name, is_given=is_given)
        if isinstance(clean, Refusal):
            return clean
        if is_new:
            raw = clean_new_password(password, at_least=self._min_password, name=clean)
        else:
            raw = clean_password(password, at_least=self._min_password)
        if isinstance(raw, Refusal):
            return raw
        clean_address = None if email is None else clean_email(email)
        if isinstance(clean_address, Refusal):
            return clean_address
        return _Wanted(clean, raw, clean_address)

    async def _register(self, wanted: _Wanted, address: str, invite: str | None) -> Granted | Refusal:
        if not self.takes_passwords:
            return PASSWORDS_OFF
        if self.mode == "closed":
            return CLOSED
        if self.mode == "invite" and not invite:
            return NEEDS_INVITE
        digest = await self._good(invite) if invite else None
        if digest is None and (refusal := self._budgets.bans.registering_refusal(address)):
            return refusal
        # A taken name costs as much as a free one: to ask for names is no cheaper than to have them. An invite has a
        # count of its own, for a whole office comes from one address.
        if refusal := self._budgets.take(address, invite=digest):
            self._note("registration throttled", address=address)
            return refusal
        if self.mode == "invite" and digest is None:
            return BAD_INVITE
        try:
            added = await self._add(structs.replace(wanted, invite=digest), address)
        except StorageDown:
            self._budgets.give_back(address, invite=digest)
            raise
        if added is BUSY:
            self._budgets.give_back(address, invite=digest)
        if isinstance(added, Refusal):
            return added
        if digest is not None:
            self._budgets.give_back(address, invite=digest)  # it has one use less
        self._note("registered", person=added.id, name=added.name, address=address)
        return structs.replace(self._grant(added), used_invite=digest is not None)

    async def _good(self, invite: str) -> bytes | None:
        """Return the digest of a valid invite to register; None: it is not valid."""
        digest = invite_digest(invite)
        async with self._lookup_limiter:
            return digest if await self._users.is_invite(digest) else None

    async def _add(
        self,
        wanted: _Wanted,
        address: str | None,
        addition: _Addition | None = None,
    ) -> Person | Refusal:
        # A taken name is refused before the expensive hash; one that is taken meanwhile violates a unique key.
        async with self._lookup_limiter:
            if not wanted.shares_name and await self._users.by_name(wanted.name):
                return NAME_TAKEN
            if wanted.email is not None and await self._users.by_email(wanted.email):
                return EMAIL_TAKEN
        password_hash = await self._passwords.hash(wanted.password, address)
        if isinstance(password_hash, Refusal):
            return password_hash
        for name in handles(wanted.name) if wanted.shares_name else (wanted.name,):
            added = await self._users.add(
                NewPerson(
                    name=name,
                    email=wanted.email,
                    display_name=wanted.name if wanted.shares_name else None,
                    password_hash=password_hash,
                    is_operator=addition is not None and addition.is_operator,
                    is_moderator=addition is not None and addition.is_moderator,
                    is_admin=addition is not None and addition.is_admin,
                    invite=wanted.invite,
                    by_command=addition is not None and addition.by_id is None,
                    added_by=None if addition is None else addition.by_id,
                )
            )
            match added:
                case None:
                    return BAD_INVITE
                case Taken("email"):
                    return EMAIL_TAKEN
                case Taken("look") if not wanted.shares_name:
                    return LOOK_TAKEN
                case Person():
                    return added
        return NAME_TAKEN
