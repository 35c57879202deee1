"""Sessions: a login that can be seen and ended by itself, with a short token and one that refreshes it.

A refresh token is 128 bits that all of a session have in common, its family, and 256 bits of its own. It is used once:
its successor is derived from it, so a second use within a short time, by another tab or after a lost answer, gets the
same successor (docs/decisions/0019-refresh-tokens.md). Only digests are stored.
"""

import hashlib
import secrets
from base64 import b64decode, urlsafe_b64encode
from functools import partial

import msgspec
import structlog
from msgspec import structs

from chat.domain import ports
from chat.domain.accounts.accounts import Accounts
from chat.domain.accounts.logins import DISABLED
from chat.domain.entities import LoginSession, Person
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.ports import NewSession, Refreshing, SessionRefreshed, TokenReused
from chat.domain.refusals import BAD_CREDENTIALS, Code, Refusal
from chat.domain.text.rules import clean_label

ACCESS = 900
"""Lifetime of an access token in seconds."""

_REFRESH = 30 * 86_400.0
"""Seconds from the last refresh to the end of a session."""

_FAMILY, _OWN = 16, 32
"""Bytes of a refresh token."""

_MOST_REFRESHES = 3000
"""Refreshes of a session in a month, one for each access token; it takes some ten milliseconds to derive so many."""

_PURPOSE = b"the successors of refresh tokens"

LONGEST_AGENT = 200
"""Stored characters of a user agent."""

BAD_REFRESH = Refusal(
    Code.UNAUTHENTICATED,
    "the refresh token is not valid, log in again",
    field="refresh",
    reason="bad_refresh",
)
NOT_FOR_TOKENS = Refusal(
    Code.FORBIDDEN,
    "a token for a program can't do this: log in with the name and the password",
    reason="not_for_tokens",
)
"""A program's token must not make anything that outlives it: otherwise a thief would keep access after its end."""
NO_SESSION = Refusal(Code.NOT_FOUND, "there is no such session", reason="no_session")

logger = structlog.get_logger(__name__)


class Device(msgspec.Struct, frozen=True):
    """The client's network address and user agent."""

    address: str
    agent: str = ""


class Opened(msgspec.Struct, frozen=True):
    """A session with its current tokens."""

    person: Person
    session: LoginSession
    access: str
    refresh: str


class Sessions:
    """The rules about sessions. Every method may raise StorageDown; those that change may raise OutcomeUnknown.

    Cancelling one: the session was begun, refreshed or ended completely, or not at all.
    """

    def __init__(self, sessions: ports.Sessions, accounts: Accounts) -> None:
        self._sessions = sessions
        self._accounts = accounts

    async def open(self, person: Person, device: Device, name: str = "") -> Opened | Refusal:
        """Begin a session for an authenticated person. `name` is the name of their device."""
        label = clean_device(name)
        if isinstance(label, Refusal):
            return label
        token = secrets.token_bytes(_FAMILY + _OWN)
        session = await self._begin(person, device, label, _REFRESH, self._recognised(token))
        if session is None:
            return BAD_CREDENTIALS  # their password was changed, or they were disabled, at the same time
        return self._opened(person, session, token)

    async def open_after_change(self, person: Person, device: Device, name: str = "") -> Opened | Refusal:
        """Begin a session of a person who has just been added or changed.

        That change is committed already, so a failure raises OutcomeUnknown where open() raises StorageDown.
        """
        try:
            return await self.open(person, device, name)
        except StorageDown as error:
            raise OutcomeUnknown(f"changed, but no session was begun: {error}") from error

    async def refresh(self, token: str, device: Device) -> Opened | Refusal:
        """Refresh a session by its refresh token; a reused token may end it."""
        raw = _raw(token)
        if raw is None:
            return BAD_REFRESH
        match await self._sessions.refresh(
            self._recognised(raw), lasts=_REFRESH, address=device.address, agent=_agent(device)
        ):
            case SessionRefreshed(session, newest):
                person = await self._accounts.person(session.person_id)
                if person is None:
                    return BAD_REFRESH
                if person.is_disabled:
                    return DISABLED
                return self._opened(person, session, self._successor(raw, newest))
            case TokenReused(session):
                self._note("refresh token used again", session)
        return BAD_REFRESH

    async def new_token(self, person: Person, name: str, days: int, device: Device) -> "NamedToken | Refusal":
        """Return a token for a program of somebody's, good for so many days unless it is ended before."""
        label = clean_label(name)
        if isinstance(label, Refusal):
            return label
        lasts = days * 86_400.0
        session = await self._begin(person, device, label, lasts, None)
        if session is None:
            return BAD_CREDENTIALS
        self._note("token made", session)
        return NamedToken(session, self._accounts.tokens.issue(person, session_id=session.id, lifetime=lasts))

    async def is_of_program(self, person: Person) -> bool:
        """Whether the person uses a token for a program. Cancelling changes nothing."""
        if person.session_id is None:
            return False
        known = await self._sessions.of_person(person.id)
        return any(each.id == person.session_id and each.kind == "token" for each in known)

    async def of_person(self, person: Person) -> list[LoginSession]:
        """Return the person's sessions, newest first."""
        return await self._sessions.of_person(person.id)

    async def end(self, person: Person, session_id: int) -> Refusal | None:
        """End a session of the person; its tokens are invalid from now on."""
        if not await self._sessions.end(person.id, session_id):
            return NO_SESSION
        self._accounts.changed(person.id)
        return None

    async def end_others(self, person: Person) -> None:
        """End all sessions of the person except the one in use."""
        await self._sessions.end_others(person.id, person.session_id)
        self._accounts.changed(person.id)

    async def end_by(self, token: str) -> None:
        """End the session of a refresh token, if there is one."""
        raw = _raw(token)
        if raw is not None:
            await self._sessions.end_family(_digest(raw[:_FAMILY]))

    async def _begin(
        self, person: Person, device: Device, name: str, lasts: float, refreshing: Refreshing | None
    ) -> LoginSession | None:
        return await self._sessions.begin(
            NewSession(
                person_id=person.id,
                generation=person.token_generation,
                lasts=lasts,
                name=name,
                address=device.address,
                agent=_agent(device),
                refreshing=refreshing,
            )
        )

    def _opened(self, person: Person, session: LoginSession, refresh: bytes) -> Opened:
        access = self._accounts.tokens.issue(person, session_id=session.id, lifetime=ACCESS)
        return Opened(person, session, access, urlsafe_b64encode(refresh).decode())

    def _successors(self, raw: bytes) -> list[bytes]:
        """Return the token that we make of this one, then the one of a server with the previous secret, if any."""
        return [raw[:_FAMILY] + each for each in self._accounts.tokens.accepted(_PURPOSE, raw)]

    def _successor(self, raw: bytes, newest: bytes) -> bytes:
        """Return the one whose digest is `newest`: a server with another secret may have made it before us."""
        own, *others = self._successors(raw)
        return next((each for each in others if _digest(each) == newest), own)

    def _recognised(self, raw: bytes) -> Refreshing:
        return Refreshing(
            _digest(raw[:_FAMILY]),
            _digest(raw),
            _digest(self._successors(raw)[0]),
            partial(self._precedes, raw),
        )

    def _precedes(self, raw: bytes, newest: bytes) -> bool:
        for which in range(len(self._successors(raw))):
            each = raw
            for _ in range(_MOST_REFRESHES):
                each = self._successors(each)[which]
                if _digest(each) == newest:
                    return True
        return False

    def _note(self, what: str, session: LoginSession) -> None:
        self._accounts.happened(what)
        logger.info(what, session=session.id, person=session.person_id, address=session.address)


def clean_device(name: str) -> str | Refusal:
    """Return the trimmed name of a device, or why it is invalid."""
    label = clean_label(name)
    return structs.replace(label, field="device") if isinstance(label, Refusal) else label


class NamedToken(msgspec.Struct, frozen=True):
    """A session of a program, and its token, which is shown only once."""

    session: LoginSession
    token: str


def _raw(token: str) -> bytes | None:
    """Return the bytes of a refresh token; None: malformed."""
    if len(token) != (_FAMILY + _OWN) * 4 // 3:
        return None
    try:
        return b64decode(token, b"-_", validate=True)
    except ValueError:
        return None


def _digest(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()  # it is random and long: no slow hash


def _agent(device: Device) -> str:
    return "".join(letter for letter in device.agent[:LONGEST_AGENT] if letter.isprintable())
