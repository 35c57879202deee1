"""bcrypt in a few threads of its own, so log-ins can't starve the chat."""

import os

import bcrypt
import trio

from chat.domain.addresses import address_key
from chat.domain.limits.fair_limiter import FairLimiter, Kind
from chat.domain.refusals import Code, Refusal

_NOBODY = b"LoFbGF7QHkjVfYDR6eLGUuSMWxGFS4Xc0VPUGs6iYyPKfBqPBnTYi"
"""A well-formed hash of no known password; checking it makes an unknown name cost the same time."""

_NONE = b"." * 53
"""The end of a hash that no password has, but by a chance of 1 in 2**184."""

_MOST_WAITING = 200
"""Most waiters for a thread of each kind: at cost 12 that is most of a minute, longer than people wait."""

_MOST_WAITING_EACH = 20
"""Most waiters from one address; loopback is exempt."""

BUSY = Refusal(
    Code.TOO_MANY, "too many logins and registrations at once, try again", retry_after=5, reason="logins_busy"
)


def has_password(password_hash: bytes) -> bool:
    """Whether an account has a password, by its hash. Sync and pure."""
    return not password_hash.endswith(_NONE)


class Passwords:
    """Hashes and checks passwords. `cost` is bcrypt's: each step doubles the time.

    Checks (logins) go before hashes (registrations), and the addresses of clients take turns; None is an operator's
    own command. BUSY is returned where too many wait already. Cancelling: the thread is left to end by itself.
    """

    def __init__(self, cost: int, *, threads: int | None = None) -> None:
        self._cost = cost
        # One core stays free for the event loop, which needs the GIL only while bcrypt does not hold it.
        self._limiter = FairLimiter(
            threads or max(1, (os.cpu_count() or 1) - 1), most=_MOST_WAITING, most_each=_MOST_WAITING_EACH
        )

    def unusable_hash(self) -> bytes:
        """Return the hash of an account without a password: well-formed, so that checking it takes as long. Sync."""
        return b"$2b$%02d$" % self._cost + _NONE

    async def hash(self, password: bytes, address: str | None) -> bytes | Refusal:
        """Return the hash to store."""
        key = None if address is None else address_key(address)
        if self._limiter.is_full(Kind.REGISTRATION, key):
            return BUSY
        return await trio.to_thread.run_sync(
            lambda: bcrypt.hashpw(password, bcrypt.gensalt(self._cost)),
            limiter=self._limiter.for_caller(Kind.REGISTRATION, key),
            abandon_on_cancel=True,
        )

    async def match(self, password: bytes, password_hash: bytes | None, address: str) -> bool | Refusal:
        """Whether the password matches the hash; a None hash takes as long and never matches."""
        key = address_key(address)
        if self._limiter.is_full(Kind.LOGIN, key):
            return BUSY
        checked = password_hash or b"$2b$%02d$" % self._cost + _NOBODY
        matches = await trio.to_thread.run_sync(
            bcrypt.checkpw,
            password,
            checked,
            limiter=self._limiter.for_caller(Kind.LOGIN, key),
            abandon_on_cancel=True,
        )
        return matches and password_hash is not None
