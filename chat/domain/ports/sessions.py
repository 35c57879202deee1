"""Logins and tokens for programs, as a storage keeps them."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from chat.domain.entities import (
    LoginSession,
)


class Refreshing(msgspec.Struct, frozen=True):
    """What a refresh token is recognised by: digests of its family, of itself and of its successor."""

    family: bytes
    own: bytes
    successor: bytes


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session to begin, of a person at this generation; `lasts` is in seconds, from now or from each refresh.

    `refreshing` is of its first refresh token; a token for a program has none.
    """

    person_id: int
    generation: int
    lasts: float
    name: str = ""
    address: str = ""
    agent: str = ""
    refreshing: Refreshing | None = None


class Replayed(msgspec.Struct, frozen=True):
    """A refresh token was used too late after its successor was made: its session is ended."""

    session: LoginSession


OVERLAP = 30.0
"""Seconds for which the refresh token before the newest gives the same successor once more."""


MOST_SESSIONS = 100
"""Logins of one person, and tokens for programs: the one that was used longest ago ends for one more."""


class Sessions(Protocol):
    """Logins that can be listed and ended one by one, by the storage's own clock.

    All of a person's end when their token generation is raised or they are deleted. Whoever watches people is told of
    everybody of whom a session ended, but for those whose time is over.
    """

    async def begin(self, new: NewSession) -> LoginSession | None:
        """Begin a session; None if its person is gone or disabled, or is of another generation by now."""
        ...

    async def refresh(
        self, used: Refreshing, *, lasts: float, address: str, agent: str
    ) -> LoginSession | Replayed | None:
        """Put the successor in the place of the newest refresh token, so that the session lasts so many seconds more.

        The one before the newest changes nothing, for OVERLAP seconds: it has the same successor. After that, and with
        any other of that family, the session ends. None: there is no such session.
        """
        ...

    async def end(self, person_id: int, session_id: int) -> bool:
        """End a person's session; False: they have no such session."""
        ...

    async def end_others(self, person_id: int, session_id: int | None) -> None:
        """End all sessions of a person but this one."""
        ...

    async def end_family(self, family: bytes) -> None:
        """End the session with this family of refresh tokens, by its digest, if there is one."""
        ...

    async def of_person(self, person_id: int) -> list[LoginSession]:
        """Return a person's sessions, the last begun first."""
        ...

    async def counts(self, person_ids: Sequence[int]) -> dict[int, int]:
        """Return how many sessions these people have; who has none is left out."""
        ...

    async def living(self, session_ids: Sequence[int]) -> dict[int, int]:
        """Return whose sessions these are, by their ids: those that have not ended."""
        ...
