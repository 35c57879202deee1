"""How connections end, and when the next one is tried. Pure: the randomness is given."""

from collections.abc import Callable
from typing import NamedTuple

import trio

TOKEN_EXPIRED = 4401
SESSION_ENDED = 4403
TOO_BIG = 1009

_FIRST, _MOST = 0.5, 30.0
"""Seconds of the first and of the longest wait, before the randomness that keeps many clients apart."""

_WAITS: dict[int, float] = {
    4009: 0,  # no pong: this end slept
    4010: 60,  # ended by an admin
    TOKEN_EXPIRED: 0,  # with a new token
    SESSION_ENDED: 0,  # after logging in
    4429: 60,  # too many sockets
}
"""Seconds by close code; all others wait for the backoff."""


class Ending(NamedTuple):
    """Why a connection ended, with its close code, and the seconds that the server asks for; None: it said nothing."""

    why: str
    code: int | None = None
    after: float | None = None


def described(error: BaseException) -> str:
    """Return what is known of an error of a connection, for people; never nothing. Sync and pure."""
    if isinstance(error, trio.TooSlowError):
        return "it takes too long"
    # TLS says why only in the cause of what it raises.
    return str(error) or str(error.__cause__ or "") or type(error).__name__


class Backoff:
    """How long to wait before the next try: 0.5 s doubling to 30 s, times a random 0.5 to 1.

    Args:
        random: returns a number between 0 and 1.
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._wait = _FIRST

    def next(self) -> float:
        """Return the seconds to wait, and wait longer the next time. Sync."""
        wait, self._wait = self._wait, min(self._wait * 2, _MOST)
        return wait * (0.5 + self._random() / 2)

    def after(self, ending: Ending, *, was_up: bool) -> float:
        """Return the seconds to wait after a connection. Sync.

        Args:
            ending: how it ended.
            was_up: whether it was of any use; if it was not, "at once" is not for ever.
        """
        if was_up:
            self._wait = _FIRST
        if ending.after is not None:
            return ending.after
        wait = _WAITS.get(ending.code or 0)
        return self.next() if wait is None or (wait == 0 and not was_up) else wait
