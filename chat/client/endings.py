"""How connections end, and when the next one is tried. Pure: the randomness is given."""

import os
import ssl
from collections.abc import Callable, Iterator
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


_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")
"""What versions of OpenSSL call an answer in clear text."""


class Ending(NamedTuple):
    """Why a connection ended, with its close code, and the seconds that the server asks for; None: it said nothing.

    With `is_final` there is nothing to wait for, where no connection was of any use before.
    """

    why: str
    code: int | None = None
    after: float | None = None
    is_final: bool = False


def described(error: BaseException) -> str:
    """Return what is known of an error of a connection, for people; never nothing. Sync and pure."""
    if isinstance(error, trio.TooSlowError):
        return "it takes too long"
    causes = [*_causes(error)]
    for cause in causes:
        match cause:
            case ssl.SSLCertVerificationError():
                return f"its certificate is not trusted: {cause.verify_message.rstrip('.')}"
            case ssl.SSLError(reason=reason) if reason in _NO_TLS:
                return "it speaks no TLS (is http:// meant?)"
    for cause in causes:
        match cause:
            case ssl.SSLError():
                continue
            case OSError(errno=int(number), strerror=str(text)):
                # Errors of looking up a name have negative numbers of their own.
                return os.strerror(number) if number > 0 else text
    return next((text for text in map(str, causes) if text), type(error).__name__)


def is_final(error: BaseException) -> bool:
    """Whether to ask again comes to the same: the certificate is not trusted, or there is no TLS. Sync and pure."""
    return any(
        isinstance(cause, ssl.SSLCertVerificationError)
        or (isinstance(cause, ssl.SSLError) and cause.reason in _NO_TLS)
        for cause in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it was raised from: TLS says why only there, as does who tries several addresses."""
    while error is not None:
        yield error
        error = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error.__cause__


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
