"""Password log-ins, and changes of passwords."""

from collections.abc import Awaitable, Callable

from msgspec import structs

from chat.domain.accounts.authentication import Granted
from chat.domain.accounts.new_passwords import clean_new_password
from chat.domain.accounts.passwords import Passwords, has_password
from chat.domain.accounts.second_factor import WRONG_CODE, CheckCode, refusal_of_log_in
from chat.domain.entities import Credentials, Person
from chat.domain.failures import StorageDown
from chat.domain.limits.bounds import SecondFactorFor
from chat.domain.limits.throttle import Throttle
from chat.domain.ports import Users
from chat.domain.refusals import BAD_CREDENTIALS, Code, Refusal
from chat.domain.text.rules import clean_password, same_name_key

DISABLED = Refusal(Code.UNAUTHENTICATED, "this account is disabled", reason="account_disabled")
NOT_YOUR_PASSWORD = Refusal(Code.FORBIDDEN, "wrong password", field="old", reason="wrong_password")
PASSWORDS_OFF = Refusal(
    Code.UNAUTHENTICATED,
    "this server takes no passwords: log in with its identity provider; programs use a token",
    reason="passwords_off",
)
LOG_IN_AGAIN = Refusal(
    Code.FORBIDDEN,
    "log out and in again, and do this within ten minutes: there is no password to ask for",
    reason="log_in_again",
)
_NOT_PROVED = structs.replace(NOT_YOUR_PASSWORD, field="password")

LoginFailed = Callable[[Person, str], object]
"""Called with the person and the address of a failed log-in. Sync."""


class Logins:
    """Checks passwords, no faster than the throttle allows.

    Args:
        grant: issues a token to a person.
        note: logs and counts what happened.
        min_password: characters of a new password, at least.
        failed: called with each failed log-in.
        code_throttle: counts wrong codes of second factors.
        required: returns who must have a second factor.
        has_just_logged_in: whether a person's session began within the last minutes.

    Nobody logs in by a password while `takes_passwords` is false.

    Every async method may raise StorageDown, change_password() OutcomeUnknown too. Cancelling that: the password is
    the old one or the new one.
    """

    def __init__(
        self,
        users: Users,
        passwords: Passwords,
        throttle: Throttle,
        grant: Callable[[Person], Granted],
        note: Callable[..., None],
        min_password: int,
        failed: LoginFailed,
        code_throttle: Throttle,
        required: Callable[[], SecondFactorFor],
        has_just_logged_in: Callable[[Person], Awaitable[bool]],
    ) -> None:
        self._users = users
        self._passwords = passwords
        self._throttle = throttle
        self._code_throttle = code_throttle
        self._required = required
        self._failed = failed
        self._has_just_logged_in = has_just_logged_in
        self.takes_passwords = True
        self._grant = grant
        self._note = note
        self._min_password = min_password

    async def log_in(
        self, name: str, password: str, address: str, check_code: CheckCode | None = None
    ) -> Granted | Refusal:
        """Log in by name. The throttle counts the client's `address`.

        `check_code` is called for people with a second factor; without it they can't log in by password.
        """
        return await self._granted(
            await self._prove(self._users.by_name, name, password, address), check_code
        )

    async def log_in_by_email(
        self, email: str, password: str, address: str, check_code: CheckCode | None = None
    ) -> Granted | Refusal:
        """Log in by email address, as log_in() does."""
        return await self._granted(
            await self._prove(self._users.by_email, email, password, address), check_code
        )

    async def _granted(
        self, proved: Credentials | Refusal, check_code: CheckCode | None
    ) -> Granted | Refusal:
        if isinstance(proved, Refusal):
            return proved
        refusal = await refusal_of_log_in(proved.person, self._required(), check_code)
        return refusal or self._grant(proved.person)

    async def check_code(
        self, person: Person, address: str, is_right: Callable[[], Awaitable[bool]]
    ) -> Refusal | None:
        """Return WRONG_CODE unless `is_right`, which uses a right code up, or why it was not called.

        A wrong code counts for the person, and for the client's `address`. Cancelling: the code may be used up.
        """
        who = str(person.id)
        if wait := self._code_throttle.take(who, address):
            self._note("code throttled", person=person.id, address=address)
            return _too_many(wait)
        try:
            right = await is_right()
        except StorageDown:
            self._code_throttle.give_back(who, address)  # nobody learned whether the code is right
            raise
        if right:
            self._code_throttle.was_right(who, address)
            return None
        self._note("login failed", name=person.name, address=address, code=True)
        self._failed(person, address)
        return WRONG_CODE

    async def change_password(self, person: Person, old: str, new: str, address: str) -> Granted | Refusal:
        """Give a person the password `new` if `old` is theirs; every token but the one returned is invalid then.

        A wrong one counts as a wrong login. `address` is the client's.
        """
        raw = clean_new_password(new, at_least=self._min_password, name=person.name)
        if isinstance(raw, Refusal):
            return structs.replace(raw, field="new")
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
        return self._grant(changed)

    async def prove(self, person: Person, password: str | None, address: str) -> Refusal | None:
        """Return the refusal if a password is not that of this known person, else None. `address` is the client's.

        A wrong one counts as a wrong login. Who has no password, or may not use it, has to have just logged in.
        """
        if not await self._may_use_password(person):
            return None if await self._has_just_logged_in(person) else LOG_IN_AGAIN
        if password is None:
            return Refusal(Code.INVALID, "your password is missing", field="password", reason="bad_value")
        known = await self._prove(self._users.by_name, person.name, password, address)
        if isinstance(known, Refusal):
            return _NOT_PROVED if known is BAD_CREDENTIALS else known
        return None if known.person.id == person.id else _NOT_PROVED  # the name is somebody else's now

    async def _may_use_password(self, person: Person) -> bool:
        if not self.takes_passwords:
            return False
        known = await self._users.by_name(person.name)
        return known is None or known.person.id != person.id or has_password(known.password_hash)

    async def hash(self, password: str, address: str | None) -> bytes | Refusal:
        """Return the hash of a new password, or its refusal."""
        raw = clean_new_password(password, at_least=self._min_password)
        return raw if isinstance(raw, Refusal) else await self._passwords.hash(raw, address)

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
        if not self.takes_passwords:
            return PASSWORDS_OFF
        # No name has characters that can't be printed (PostgreSQL takes no NUL), nor is as long as the key "" says.
        who = same_name_key(login) if login.isprintable() else ""
        if wait := self._throttle.take(who or None, address):
            self._note("login throttled", address=address)
            return _too_many(wait)
        if not who:
            self._note("login failed", name=None, address=address)
            return BAD_CREDENTIALS
        try:
            known = await find(login)
        except StorageDown:
            self._throttle.give_back(who, address)  # the client did not learn whether the password was right
            raise
        if known is not None and known.person.is_visitor:
            known = None  # visitors have no password
        # An unknown name takes the same path and the same time as a wrong password.
        right = await self._passwords.match(raw, None if known is None else known.password_hash, address)
        if isinstance(right, Refusal):
            self._throttle.give_back(who, address)
            return right
        if known is None or not right:
            # People type their password into the field for the name: only existing names are logged.
            self._note("login failed", name=known and known.person.name, address=address)
            if known is not None:
                self._failed(known.person, address)
            return BAD_CREDENTIALS
        self._throttle.was_right(who, address)
        if known.person.is_disabled:
            self._note("login failed", name=known.person.name, address=address, disabled=True)
            self._failed(known.person, address)
            return DISABLED
        return known


def _too_many(wait: float) -> Refusal:
    return Refusal(Code.TOO_MANY, "too many tries, wait", retry_after=wait, reason="rate_limited")
