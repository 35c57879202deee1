"""Sessions: log-ins, and tokens for programs."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from chat.domain.entities import (
    LoginSession,
)


def _always(_newest: bytes) -> bool:
    return True


class Refreshing(msgspec.Struct, frozen=True):
    """The digests by which a refresh token is recognised: of its family, of itself and of its successor.

    `precedes` says whether it is an ancestor of the token with this digest. Sync.
    """

    family: bytes
    own: bytes
    successor: bytes
    precedes: Callable[[bytes], bool] = _always


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session to begin, for a person at this token generation.

    `lasts` is its lifetime in seconds, from now and from each refresh. `refreshing` describes its first refresh token;
    a token for a program has none.
    """

    person_id: int
    generation: int
    lasts: float
    name: str = ""
    address: str = ""
    agent: str = ""
    refreshing: Refreshing | None = None


class SessionRefreshed(msgspec.Struct, frozen=True):
    """A session, and the digest of its newest refresh token: a server with another secret may have made that."""

    session: LoginSession
    newest: bytes


class TokenReused(msgspec.Struct, frozen=True):
    """A superseded refresh token was used after OVERLAP: its session is ended."""

    session: LoginSession


class Restore(msgspec.Struct, frozen=True):
    """The database was restored from a backup: when, and until when it has everything, if known. Unix seconds."""

    at: float
    until: float | None = None


OVERLAP = 30.0
"""Seconds for which the refresh token before the newest returns the same successor again."""


RESTORE_WINDOW = 86_400.0
"""Seconds after a restore for which sessions that are ahead of the database may continue."""


MOST_SESSIONS = 100
"""Sessions of one person; beginning one more ends the one that was used longest ago."""


class Sessions(Protocol):
    """Sessions that can be listed and ended one by one, by the storage's own clock.

    All of a person's sessions end when their token generation is raised or they are deleted. `Storage.watch` reports
    every person whose session ended, unless it expired.
    """

    async def begin(self, new: NewSession) -> LoginSession | None:
        """Begin a session; None: its person is deleted or disabled, or has another token generation by now."""
        ...

    async def refresh(
        self, used: Refreshing, *, lasts: float, address: str, agent: str
    ) -> SessionRefreshed | TokenReused | None:
        """Replace the newest refresh token by its successor and extend the session to `lasts` seconds from now.

        For OVERLAP seconds the token before the newest is accepted too, and changes nothing: its successor is the
        same. Later, or with any other token of that family, the session ends. None: there is no such session.

        For RESTORE_WINDOW seconds after mark_restored(), a session that was not used since continues once with a token
        that does not precede the newest: it may be newer than the backup.
        """
        ...

    async def mark_restored(self, until: float | None = None) -> None:
        """Note that the database was restored from a backup, just now. It has everything until then (Unix seconds)."""
        ...

    async def last_restore(self) -> Restore | None:
        """Return what was noted last; None: the database was never restored."""
        ...

    async def end(self, person_id: int, session_id: int) -> bool:
        """End a session of a person; False: they have no such session."""
        ...

    async def end_others(self, person_id: int, session_id: int | None) -> None:
        """End all sessions of a person except this one."""
        ...

    async def end_family(self, family: bytes) -> None:
        """End the session whose refresh tokens have this family digest, if there is one."""
        ...

    async def of_person(self, person_id: int) -> list[LoginSession]:
        """Return a person's sessions, newest first."""
        ...

    async def counts(self, person_ids: Sequence[int]) -> dict[int, int]:
        """Return the number of sessions of each of these people who has any."""
        ...

    async def living(self, session_ids: Sequence[int]) -> dict[int, int]:
        """Return the person ids of those of these sessions that have not ended, by session id."""
        ...
