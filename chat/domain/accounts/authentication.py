"""Authentication by tokens, against the current state of the person."""

from collections.abc import Awaitable, Callable, Collection, Sequence

import msgspec
from msgspec import structs

from chat.domain.accounts.second_factor import SET_UP_FIRST, Lacks, lacks
from chat.domain.accounts.tokens import Claims, Tokens
from chat.domain.entities import Person
from chat.domain.fresh_reads import FreshReads
from chat.domain.limits.bounds import SecondFactorFor
from chat.domain.ports import Sessions, Users
from chat.domain.refusals import BAD_TOKEN, NOT_FOR_BOTS, NOT_FOR_VISITORS, Refusal


class Granted(msgspec.Struct, frozen=True):
    """An authenticated person and their token. `used_invite`: they have just registered with an invite."""

    person: Person
    token: str
    used_invite: bool = False


class Authenticated(msgspec.Struct, frozen=True):
    """A person, and the claims of their token."""

    person: Person
    claims: Claims


class Authentication:
    """Issues and checks tokens. A person who changes during a look-up is looked up again.

    Every async method may raise StorageDown. Cancelling changes nothing.
    """

    def __init__(
        self,
        users: Users,
        tokens: Tokens,
        person: Callable[[int], Awaitable[Person | None]],
        sessions: Sessions | None,
        whose_session: Callable[[int], Awaitable[int | None]] | None,
    ) -> None:
        self._users = users
        self._tokens = tokens
        self._person = person
        self._sessions = sessions
        self._whose_session = whose_session or self._look_up_session
        self._reads = FreshReads[int]()  # by person
        self.required: SecondFactorFor = "off"
        """Who must have a second factor; may be changed."""

    def grant(self, person: Person) -> Granted:
        """Issue a token to an authenticated person."""
        return Granted(person, self._tokens.issue(person))

    async def authenticate(
        self, token: str, *, visitors: bool = False, bots: bool = False, before_set_up: bool = False
    ) -> Person | Refusal:
        """Return the person of a token, unless it is forged, expired or revoked, or its person or session has ended.

        With `visitors`, tokens of visitors of the support widget are accepted too; with `bots`, those of bots, whose
        scopes the caller checks; with `before_set_up`, those of people who must set up a second factor first.
        """
        found = await self.check(token, visitors=visitors, bots=bots, before_set_up=before_set_up)
        return found if isinstance(found, Refusal) else found.person

    async def check(
        self, token: str, *, visitors: bool = False, bots: bool = False, before_set_up: bool = False
    ) -> Authenticated | Refusal:
        """Return what `authenticate` does, with the claims of the token, which takes a while to read."""
        claims = self._tokens.read(token)
        if claims is None:
            return BAD_TOKEN
        whose: int | None = claims.person_id
        while True:
            with self._reads.reading(claims.person_id) as read:
                person = await self._person(claims.person_id)
                if claims.session_id is not None:
                    whose = await self._whose_session(claims.session_id)
            if read.is_fresh:  # otherwise the answer may be older than the change
                break
        if person is None or person.is_disabled or not claims.is_of(person):
            return BAD_TOKEN
        if claims.session_id is not None:
            if whose != person.id:
                return BAD_TOKEN
            person = structs.replace(person, session_id=claims.session_id)
        if not before_set_up and self.must_set_up(person):
            return SET_UP_FIRST
        if person.scopes is not None:
            return Authenticated(person, claims) if bots else NOT_FOR_BOTS
        return Authenticated(person, claims) if visitors or not person.is_visitor else NOT_FOR_VISITORS

    def must_set_up(self, person: Person) -> bool:
        """Whether the person may do nothing before they set up a second factor. Sync."""
        return lacks(person, self.required) is Lacks.SET_UP

    async def _look_up_session(self, session_id: int) -> int | None:
        return None if self._sessions is None else (await self._sessions.living([session_id])).get(session_id)

    async def ended_among(self, session_ids: Collection[int]) -> set[int]:
        """Return the ids of those of these sessions that have ended."""
        if not session_ids or self._sessions is None:
            return set(session_ids)
        return set(session_ids).difference(await self._sessions.living(sorted(session_ids)))

    def changed(self, person_id: int | None) -> None:
        """Note that a person has changed; None: anybody may have. Look-ups in progress are repeated. Sync.

        Tokens are checked against the change from now on.
        """
        if person_id is None:
            self._reads.all_changed()
        else:
            self._reads.changed(person_id)

    async def look_up(self, person_ids: Sequence[int]) -> dict[int, Person | None]:
        """Return the people with these ids, current when this returns; None: deleted.

        People who change meanwhile are left out.
        """
        with self._reads.reading(*person_ids) as read:
            found = await self._users.by_ids(person_ids)
        return {person_id: found.get(person_id) for person_id in person_ids if person_id not in read.stale}
