"""Who people are and how they prove it: registration, login, tokens."""

import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from typing import Literal

import msgspec
import structlog
import trio
from msgspec import structs

from chat.domain.entities import Credentials, Person
from chat.domain.failures import StorageDown
from chat.domain.lookups import Lookups
from chat.domain.passwords import BUSY, Passwords
from chat.domain.ports import NewPerson, ProfileChange, Sessions, Taken, Users
from chat.domain.refusals import BAD_CREDENTIALS, BAD_TOKEN, NO_PERSON, Code, Refusal
from chat.domain.registrations import Registrations
from chat.domain.rules import NAME_LENGTH, clean_email, clean_name, clean_password, same_name_key
from chat.domain.throttle import Throttle
from chat.domain.tokens import Tokens

_LOOK_UPS = 2
"""Registrations that look for taken names at once: the other connections to the database are for logins."""

NAME_TAKEN = Refusal(Code.TAKEN, "that name is taken", field="name")
LOOK_TAKEN = Refusal(Code.TAKEN, "that name looks like another's", field="name")
EMAIL_TAKEN = Refusal(Code.TAKEN, "email already registered", field="email")
CLOSED = Refusal(Code.FORBIDDEN, "registration is closed: ask whoever runs the server for an account")
NEEDS_INVITE = Refusal(
    Code.FORBIDDEN, "registration needs an invite: ask whoever runs the server", field="invite"
)
BAD_INVITE = Refusal(
    Code.FORBIDDEN, "that invite is not valid: it is used up, too old, or mistyped", field="invite"
)
DISABLED = Refusal(Code.UNAUTHENTICATED, "this account is disabled")
NOT_YOUR_PASSWORD = Refusal(Code.FORBIDDEN, "that is not your password", field="old")

_CODE_BYTES = 12
"""Random bytes of an invite's code."""

Registration = Literal["open", "invite", "closed"]
"""Who may register: anybody, whoever has an invite, or nobody."""

logger = structlog.get_logger(__name__)


class Granted(msgspec.Struct, frozen=True):
    """A person who proved who they are, and the token that spares them to do it again."""

    person: Person
    token: str


class _Wanted(msgspec.Struct, frozen=True):
    """A person to be added, all of it clean. Where the name may be shared, a taken one gets a number behind it."""

    name: str
    password: bytes
    email: str | None
    shares_name: bool = False
    invite: bytes | None = None  # its code's digest


class Accounts:
    """The rules about people, in every dialect the same.

    Every method may raise StorageDown; those that add or change may raise OutcomeUnknown. Cancelling one:
    the person was added or changed completely, or not at all.
    """

    def __init__(
        self,
        users: Users,
        passwords: Passwords,
        tokens: Tokens,
        throttle: Throttle,
        registrations: Registrations,
        *,
        min_password: int,
        registration: Registration = "open",
        person: Callable[[int], Awaitable[Person | None]],
        sessions: Sessions | None = None,
        whose_session: Callable[[int], Awaitable[int | None]] | None = None,
        happened: Callable[[str], object] = lambda _what: None,
    ) -> None:
        self.person = person
        """Return the person with this id; as `Users.by_id`, but those who ask at once are answered together."""
        self.happened = happened
        """Count what happened to an account, or to somebody who wants one. Sync."""
        self.tokens = tokens
        """Issues and reads what proves who somebody is."""
        self._sessions = sessions
        self._whose_session = whose_session or self._look_up_session
        self._users = users
        self._passwords = passwords
        self._throttle = throttle
        self._registrations = registrations
        self._min_password = min_password
        self.registration = registration
        self._lookups = Lookups()
        self._lookup_limiter = trio.CapacityLimiter(_LOOK_UPS)

    async def add(
        self,
        name: str,
        password: str,
        email: str | None = None,
        *,
        operator: bool = False,
        admin: bool = False,
    ) -> Person | Refusal:
        """Add a person, by an operator: no budget is used. Or say what is wrong with name, address or password."""
        wanted = self._clean(name, password, email)
        if isinstance(wanted, Refusal):
            return wanted
        return await self._add(wanted, None, operator=operator, admin=admin)

    async def register(
        self, name: str, password: str, address: str, email: str | None = None, *, invite: str | None = None
    ) -> Granted | Refusal:
        """Add a person and log them in. `address` is the client's, which uses one registration of its budget.

        `invite` is the code of an invite, where registering takes one.
        """
        wanted = self._clean(name, password, email)
        return wanted if isinstance(wanted, Refusal) else await self._register(wanted, address, invite)

    async def sign_up(
        self, email: str, name: str, password: str, address: str, *, invite: str | None = None
    ) -> Granted | Refusal:
        """Add a person whose name others may have too, and log them in. The rest is as in `register`.

        Names are unique in the core, so a taken one gets a number behind it; `display_name` is as it was given.
        """
        wanted = self._clean(name, password, email)
        if isinstance(wanted, Refusal):
            return wanted
        return await self._register(structs.replace(wanted, shares_name=True), address, invite)

    async def invite(self, uses: int, seconds: float) -> str:
        """Return the code of a new invite that so many people can register with, within so many seconds."""
        code = secrets.token_urlsafe(_CODE_BYTES)
        await self._users.invite(_digest(code), uses, time.time() + seconds)
        return code

    def _clean(self, name: str, password: str, email: str | None) -> "_Wanted | Refusal":
        clean = clean_name(name)
        if isinstance(clean, Refusal):
            return clean
        raw = clean_password(password, at_least=self._min_password)
        if isinstance(raw, Refusal):
            return raw
        clean_address = None if email is None else clean_email(email)
        if isinstance(clean_address, Refusal):
            return clean_address
        return _Wanted(clean, raw, clean_address)

    async def _register(self, wanted: "_Wanted", address: str, invite: str | None) -> Granted | Refusal:
        if self.registration == "closed":
            return CLOSED
        if self.registration == "invite":
            if not invite:
                return NEEDS_INVITE
            wanted = structs.replace(wanted, invite=_digest(invite))
        # A taken name costs as much as a free one: to ask for names is no cheaper than to have them.
        if refusal := self._registrations.take(address):
            self._note("registration throttled", address=address)
            return refusal
        try:
            added = await self._add(wanted, address)
        except StorageDown:
            self._registrations.give_back(address)
            raise
        if added is BUSY:
            self._registrations.give_back(address)
        if isinstance(added, Refusal):
            return added
        self._note("registered", person=added.id, name=added.name, address=address)
        return self.grant(added)

    async def _add(
        self, wanted: "_Wanted", address: str | None, *, operator: bool = False, admin: bool = False
    ) -> Person | Refusal:
        # What is taken is refused before the costly hash; who else took it meanwhile, the unique keys say.
        async with self._lookup_limiter:
            # Whoever was not invited learns nothing of who is here.
            if wanted.invite is not None and not await self._users.is_invite(wanted.invite):
                return BAD_INVITE
            if not wanted.shares_name and await self._users.by_name(wanted.name):
                return NAME_TAKEN
            if wanted.email is not None and await self._users.by_email(wanted.email):
                return EMAIL_TAKEN
        password_hash = await self._passwords.hash(wanted.password, address)
        if isinstance(password_hash, Refusal):
            return password_hash
        for name in _handles(wanted.name) if wanted.shares_name else (wanted.name,):
            added = await self._users.add(
                NewPerson(
                    name=name,
                    email=wanted.email,
                    display_name=wanted.name if wanted.shares_name else None,
                    password_hash=password_hash,
                    is_operator=operator,
                    is_admin=admin,
                    invite=wanted.invite,
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

    async def rename(self, person: Person, name: str) -> Person | Refusal:
        """Give a person another name."""
        clean = clean_name(name)
        if isinstance(clean, Refusal):
            return clean
        match await self._users.rename(person.id, clean):
            case Taken("look"):
                return LOOK_TAKEN
            case Taken():
                return NAME_TAKEN
            case None:
                return NO_PERSON
            case renamed:
                # No await between here and the open sockets that hear of it.
                self._lookups.changed(renamed.id)
                return renamed

    async def change_profile(self, person: Person, change: ProfileChange) -> Person | Refusal:
        """Change a person's profile, all of it or nothing. What is given is as they wrote it."""
        clean = _clean_profile(change)
        if isinstance(clean, Refusal):
            return clean
        match await self._users.change_profile(person.id, clean):
            case Taken("look"):
                return LOOK_TAKEN
            case Taken("email"):
                return EMAIL_TAKEN
            case Taken():
                return NAME_TAKEN
            case None:
                return NO_PERSON
            case changed:
                # No await between here and the open sockets that hear of it.
                self._lookups.changed(changed.id)
                return changed

    def refusal_of(self, name: str, password: str) -> Refusal | None:
        """Return what is wrong with the name or the password of somebody new, before it is costly. Sync."""
        wanted = self._clean(name, password, None)
        return wanted if isinstance(wanted, Refusal) else None

    async def first_admin(self, name: str, password: str, address: str) -> NewPerson | Refusal:
        """Return an admin to be added, or what is wrong with name or password. `address` is the client's."""
        wanted = self._clean(name, password, None)
        if isinstance(wanted, Refusal):
            return wanted
        password_hash = await self._passwords.hash(wanted.password, address)
        if isinstance(password_hash, Refusal):
            return password_hash
        return NewPerson(name=wanted.name, password_hash=password_hash, is_admin=True)

    async def log_in(self, name: str, password: str, address: str) -> Granted | Refusal:
        """Log in by name. `address` is the client's, for the throttle."""
        return self._granted(await self._prove(self._users.by_name, name, password, address))

    async def log_in_by_email(self, email: str, password: str, address: str) -> Granted | Refusal:
        """Log in by e-mail address. `address` is the client's, for the throttle."""
        return self._granted(await self._prove(self._users.by_email, email, password, address))

    def _granted(self, proved: Credentials | Refusal) -> Granted | Refusal:
        return proved if isinstance(proved, Refusal) else self.grant(proved.person)

    async def _prove(
        self,
        find: Callable[[str], Awaitable[Credentials | None]],
        login: str,
        password: str,
        address: str,
    ) -> Credentials | Refusal:
        raw = clean_password(password, at_least=0)
        if isinstance(raw, Refusal):
            return raw
        # No name has characters that can't be printed (PostgreSQL takes no NUL), nor is as long as the key "" says.
        who = same_name_key(login) if login.isprintable() else ""
        if wait := self._throttle.take(who or None, address):
            self._note("login throttled", address=address)
            return Refusal(Code.TOO_MANY, "too many tries, wait", retry_after=wait)
        if not who:
            self._note("login failed", name=None, address=address)
            return BAD_CREDENTIALS
        known = await find(login)
        # An unknown name takes the same path and the same time as a wrong password.
        right = await self._passwords.match(raw, None if known is None else known.password_hash, address)
        if isinstance(right, Refusal):
            self._throttle.give_back(who, address)
            return right
        if known is None or not right:
            # What was typed as a name may be a password: only a name that somebody has is logged.
            self._note("login failed", name=known and known.person.name, address=address)
            return BAD_CREDENTIALS
        self._throttle.was_right(who, address)
        if known.person.is_disabled:
            self._note("login failed", name=known.person.name, address=address, disabled=True)
            return DISABLED
        return known

    def grant(self, person: Person) -> Granted:
        """Issue a token to a person who is known already."""
        return Granted(person, self.tokens.issue(person))

    async def authenticate(self, token: str) -> Person | Refusal:
        """Return whose token this is, unless it is forged, expired, revoked, or its person or its session is gone."""
        claims = self.tokens.read(token)
        if claims is None:
            return BAD_TOKEN
        whose: int | None = claims.person_id
        while True:
            with self._lookups.of([claims.person_id]) as lookup:
                person = await self.person(claims.person_id)
                if claims.session_id is not None:
                    whose = await self._whose_session(claims.session_id)
            if not lookup.outdated:  # else what was just found may be how they were before
                break
        if person is None or person.is_disabled or person.token_generation != claims.generation:
            return BAD_TOKEN
        if claims.session_id is None:
            return person
        return structs.replace(person, session_id=claims.session_id) if whose == person.id else BAD_TOKEN

    async def _look_up_session(self, session_id: int) -> int | None:
        return None if self._sessions is None else (await self._sessions.living([session_id])).get(session_id)

    async def ended_among(self, session_ids: Collection[int]) -> set[int]:
        """Return those of these sessions that have ended."""
        if not session_ids or self._sessions is None:
            return set(session_ids)
        return set(session_ids).difference(await self._sessions.living(sorted(session_ids)))

    def changed(self, person_id: int | None) -> None:
        """Hear that a person, or None for anybody, was changed: who is just being looked up is looked up again. Sync.

        No token that is authenticated from here on lets in whom the change keeps out.
        """
        self._lookups.changed(person_id)

    async def look_up(self, person_ids: Sequence[int]) -> dict[int, Person | None]:
        """Return the people with these ids as they are when this returns, None for one who is no more.

        Who is changed meanwhile is left out.
        """
        with self._lookups.of(person_ids) as lookup:
            found = await self._users.by_ids(person_ids)
        return {
            person_id: found.get(person_id) for person_id in person_ids if person_id not in lookup.outdated
        }

    async def change_password(self, person: Person, old: str, new: str, address: str) -> Granted | Refusal:
        """Give a person the password `new` if `old` is theirs; every token but the one returned is invalid then.

        A wrong one counts as a wrong login. `address` is the client's.
        """
        raw = clean_password(new, at_least=self._min_password)
        if isinstance(raw, Refusal):
            return raw
        known = await self._prove(self._users.by_name, person.name, old, address)
        if isinstance(known, Refusal):
            return NOT_YOUR_PASSWORD if known is BAD_CREDENTIALS else known
        password_hash = await self._passwords.hash(raw, address)
        if isinstance(password_hash, Refusal):
            return password_hash
        changed = await self._users.set_password(person.id, password_hash, instead_of=known.password_hash)
        if changed is None:  # somebody was faster, or the name is somebody else's now, whose hash is another
            return NOT_YOUR_PASSWORD
        self._note("password changed", person=changed.id, address=address)
        return self.grant(changed)

    async def hash(self, password: str, address: str | None) -> bytes | Refusal:
        """Return what is kept of a new password, or what is wrong with it."""
        raw = clean_password(password, at_least=self._min_password)
        return raw if isinstance(raw, Refusal) else await self._passwords.hash(raw, address)

    def _note(self, what: str, **about: object) -> None:
        self.happened(what)
        logger.info(what, **about)


def _clean_profile(change: ProfileChange) -> ProfileChange | Refusal:
    name: str | msgspec.UnsetType | Refusal = change.name
    display: str | msgspec.UnsetType | Refusal | None = change.display_name
    email: str | msgspec.UnsetType | Refusal | None = change.email
    if isinstance(name, str):
        name = clean_name(name)
    if isinstance(display, str):
        display = clean_name(display)
        if isinstance(display, Refusal):
            display = structs.replace(display, field="display")
    if isinstance(email, str):
        email = clean_email(email)
    for each in (name, display, email):
        if isinstance(each, Refusal):
            return each
    return structs.replace(change, name=name, display_name=display, email=email)


def _digest(code: str) -> bytes:
    """Return what is kept of an invite's code, whatever somebody typed. A code is long and random: no slow hash."""
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()


def _handles(name: str) -> Iterator[str]:
    """Names to try for somebody who wants to be called `name`: that, then with a number that grows."""
    yield name
    for digits in (1, 2, 4, 8):
        number = str(secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1))
        yield f"{name[: NAME_LENGTH - 1 - digits].rstrip()}-{number}"
