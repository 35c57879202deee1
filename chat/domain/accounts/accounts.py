"""The operations on accounts: registration, log-in, authentication and profiles, as one facade."""

import time
from collections.abc import Awaitable, Callable

import structlog

from chat.domain.accounts.authentication import Authentication
from chat.domain.accounts.invites import Invites
from chat.domain.accounts.logins import LoginFailed, Logins
from chat.domain.accounts.newcomers import Newcomers
from chat.domain.accounts.passwords import Passwords
from chat.domain.accounts.profiles import Profiles
from chat.domain.accounts.resets import Resets
from chat.domain.accounts.tokens import Tokens
from chat.domain.entities import Person
from chat.domain.limits.bounds import Login, Registration, SecondFactorFor
from chat.domain.limits.registrations import Registrations
from chat.domain.limits.throttle import Throttle
from chat.domain.ports import Sessions, Users

_FRESH_LOG_IN = 600.0
"""Seconds after a log-in in which somebody without a password does what others prove by theirs."""

logger = structlog.get_logger(__name__)


class Accounts:
    """The rules about people, the same in every dialect. Each method is documented where it is implemented.

    Every async one may raise StorageDown; those that add or change may raise OutcomeUnknown. Cancelling one:
    the person was added or changed completely, or not at all.

    Args:
        min_password: characters of a new password, at least.
        registration: who may register.
        person: returns the person with an id, like `Users.by_id`, perhaps batched.
        sessions: the stored sessions; None: tokens have no sessions.
        whose_session: returns the person id of a living session; by default from `sessions`.
        happened: counts an event of an account or a registration, by its name. Sync.
        login_failed: called with each failed log-in.
        code_throttle: counts wrong codes of second factors.
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
        login_failed: LoginFailed = lambda _person, _address: None,
        code_throttle: Throttle | None = None,
    ) -> None:
        self.person = person
        self.happened = happened
        self.tokens = tokens
        self._sessions = sessions
        self._login: Login = "both"
        self._registrations = registrations
        self.count_try = registrations.take

        self._authentication = authentication = Authentication(users, tokens, person, sessions, whose_session)
        self.grant = authentication.grant
        self.authenticate = authentication.authenticate
        self.check = authentication.check
        self.ended_among = authentication.ended_among
        self.changed = authentication.changed
        self.look_up = authentication.look_up
        self.must_set_up = authentication.must_set_up

        self._logins = logins = Logins(
            users,
            passwords,
            throttle,
            self.grant,
            self._note,
            min_password,
            login_failed,
            code_throttle or Throttle(what="codes"),
            lambda: authentication.required,
            self._has_just_logged_in,
        )
        self.log_in = logins.log_in
        self.log_in_by_email = logins.log_in_by_email
        self.check_code = logins.check_code
        self.change_password = logins.change_password
        self.prove = logins.prove
        self.hash = logins.hash
        self.unusable_hash = passwords.unusable_hash

        self._resets = resets = Resets(
            users, passwords, tokens, self.grant, self._note, min_password, lambda: authentication.required
        )
        self.reset_code = resets.code
        self.reset_password = resets.use
        self.person_of_reset = resets.person
        self.set_forgotten_password = resets.set

        self._newcomers = newcomers = Newcomers(
            users,
            passwords,
            registrations,
            self.grant,
            self._note,
            min_password=min_password,
            mode=registration,
        )
        self.add = newcomers.add
        self.register = newcomers.register
        self.sign_up = newcomers.sign_up
        self.add_from_provider = newcomers.add_from_provider
        self.refusal_of = newcomers.refusal_of
        self.first_admin = newcomers.first_admin
        self.invite = Invites(users).issue

        profiles = Profiles(users, self.changed)
        self.rename = profiles.rename
        self.change_profile = profiles.change_profile

    @property
    def registration(self) -> Registration:
        """Who may register; may be changed."""
        return self._newcomers.mode

    @registration.setter
    def registration(self, mode: Registration) -> None:
        self._newcomers.mode = mode

    @property
    def second_factor(self) -> SecondFactorFor:
        """Who must have a second factor; may be changed."""
        return self._authentication.required

    @second_factor.setter
    def second_factor(self, required: SecondFactorFor) -> None:
        self._authentication.required = required

    @property
    def login(self) -> Login:
        """How people log in: by password, by the identity provider, or both. May be changed."""
        return self._login

    @login.setter
    def login(self, login: Login) -> None:
        self._login = login
        takes_passwords = login != "sso"
        self._logins.takes_passwords = self._resets.takes_passwords = takes_passwords
        self._newcomers.takes_passwords = takes_passwords

    async def _has_just_logged_in(self, person: Person) -> bool:
        if self._sessions is None or person.session_id is None:
            return False
        for session in await self._sessions.of_person(person.id):
            if session.id == person.session_id and session.kind == "login":
                return abs(time.time() - session.created_at) < _FRESH_LOG_IN
        return False

    @property
    def registrations_per_hour(self) -> int:
        """How many may register from one address in an hour; 0: any. May be changed."""
        return self._registrations.per_hour

    @registrations_per_hour.setter
    def registrations_per_hour(self, per_hour: int) -> None:
        self._registrations.per_hour = per_hour

    def _note(self, what: str, **about: object) -> None:
        self.happened(what)
        logger.info(what, **about)
