"""bcrypt off the event loop, in few threads of its own, so that logins can't starve the chat."""

import os

import bcrypt
import trio

from chat.model.refusals import Code, Refusal

_NOBODY = b"LoFbGF7QHkjVfYDR6eLGUuSMWxGFS4Xc0VPUGs6iYyPKfBqPBnTYi"
"""A well-formed salt and digest that no password is known for: an unknown name costs the same time."""

_MOST_WAITING = 200
"""More than this wait for a thread: at cost 12 that is most of a minute, longer than anyone stays."""

_BUSY = Refusal(Code.TOO_MANY, "too many logins at once, try again", retry_after=5)


class Passwords:
    """Hashes and checks passwords. `cost` is bcrypt's: each step doubles the time."""

    def __init__(self, cost: int) -> None:
        self._cost = cost
        # One core stays free for the event loop, which needs the GIL only while bcrypt does not hold it.
        self._limiter = trio.CapacityLimiter(max(1, (os.cpu_count() or 1) - 1))

    def busy(self) -> Refusal | None:
        """Return a refusal if too many are waiting already."""
        return _BUSY if self._limiter.statistics().tasks_waiting >= _MOST_WAITING else None

    async def hash(self, password: bytes) -> bytes:
        """Return the hash to keep. Cancelling: the thread is left to end by itself."""
        return await trio.to_thread.run_sync(
            lambda: bcrypt.hashpw(password, bcrypt.gensalt(self._cost)),
            limiter=self._limiter,
            abandon_on_cancel=True,
        )

    async def match(self, password: bytes, password_hash: bytes | None) -> bool:
        """Whether the password is the one that was hashed; None takes as long and never matches."""
        checked = password_hash or b"$2b$%02d$" % self._cost + _NOBODY
        matches = await trio.to_thread.run_sync(
            bcrypt.checkpw, password, checked, limiter=self._limiter, abandon_on_cancel=True
        )
        return matches and password_hash is not None
