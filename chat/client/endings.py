"""How connections end, and how long to wait before the next one. Pure: the caller provides the randomness."""

import os
import ssl
from collections.abc import Callable, Iterator
from typing import NamedTuple

import trio

TOKEN_EXPIRED = 4401
SESSION_ENDED = 4403
TOO_BIG = 1009

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
"""Seconds, before the random factor that spreads many clients."""

_WAITS: dict[int, float] = {
    4009: 0,  # no pong: this computer slept
    4010: 60,  # ended by an admin
    TOKEN_EXPIRED: 0,  # with a new token
    SESSION_ENDED: 0,  # after logging in again
    4429: 60,  # too many sockets
    4431: 60,  # the network is banned
}
"""Seconds to wait by close code; after all others the backoff decides."""


_PLAIN_TEXT_REASONS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")
"""What versions of OpenSSL call an answer in plain text."""


class Ending(NamedTuple):
    """How a connection ended.

    Attributes:
        reason: for people.
        code: the close code, if there was one.
        retry_after: the seconds that the server asks to wait, if it does.
        is_final: whether a first connection will never succeed.
    """

    reason: str
    code: int | None = None
    retry_after: float | None = None
    is_final: bool = False


def describe(error: BaseException) -> str:
    """Return the reason of a connection error for people; never an empty text. Sync and pure."""
    if isinstance(error, trio.TooSlowError):
        return "it takes too long"
    causes = [*_causes(error)]
    for cause in causes:
        match cause:
            case ssl.SSLCertVerificationError():
                return f"its certificate is not trusted: {cause.verify_message.rstrip('.')}"
            case ssl.SSLError(reason=reason) if reason in _PLAIN_TEXT_REASONS:
                return "it speaks no TLS (is http:// meant?)"
    for cause in causes:
        match cause:
            case ssl.SSLError():
                continue
            case OSError(errno=int(number), strerror=str(text)):
                # Errors of name resolution have negative numbers of their own.
                return os.strerror(number) if number > 0 else text
    return next((text for text in map(str, causes) if text), type(error).__name__)


def is_final(error: BaseException) -> bool:
    """Whether every later attempt fails too: the certificate is not trusted, or there is no TLS. Sync and pure."""
    return any(
        isinstance(cause, ssl.SSLCertVerificationError)
        or (isinstance(cause, ssl.SSLError) and cause.reason in _PLAIN_TEXT_REASONS)
        for cause in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and its causes: TLS and attempts at several addresses have the reason only there."""
    while error is not None:
        yield error
        error = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error.__cause__


class Backoff:
    """Waits before the next attempt: 0.5 s doubling to 30 s, times a random factor between 0.5 and 1.

    Args:
        random: returns a number between 0 and 1.
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._wait = _FIRST_WAIT

    def next(self) -> float:
        """Return the seconds to wait now; the next wait is longer. Sync."""
        wait, self._wait = self._wait, min(self._wait * 2, _LONGEST_WAIT)
        return wait * (0.5 + self._random() / 2)

    def after(self, ending: Ending, *, was_ready: bool) -> float:
        """Return the seconds to wait after a connection ended. Sync.

        Args:
            ending: how it ended.
            was_ready: whether the rooms were up to date meanwhile. If not, a wait of 0 becomes a backoff, or the client
                would reconnect without pause.
        """
        if was_ready:
            self._wait = _FIRST_WAIT
        if ending.retry_after is not None:
            return ending.retry_after
        wait = _WAITS.get(ending.code or 0)
        return self.next() if wait is None or (wait == 0 and not was_ready) else wait
