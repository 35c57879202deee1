"""A fair capacity limiter: kinds of work have priorities, and in each kind the keys take turns."""

from collections.abc import Hashable
from enum import IntEnum
from typing import cast

import trio

from chat.domain.limits.fair_queue import FairQueue


class Kind(IntEnum):
    """The kind of a waiter; a smaller number has priority."""

    LOGIN = 0
    REGISTRATION = 1
    SEARCH = 2


class FairLimiter:
    """Lets `total` work at once; the others wait in line.

    Of each kind `most` may wait, and `most_each` with the same key. A key is a person's id, or what `address_key` makes
    of an address; None, which is loopback's, takes one turn like any other but is spared `most_each`.
    """

    def __init__(self, total: int, *, most: int, most_each: int) -> None:
        self.free = total
        self._most = most
        self._most_each = most_each
        self._lines: dict[Kind, FairQueue[trio.Event]] = {kind: FairQueue() for kind in Kind}

    def is_full(self, kind: Kind, key: Hashable) -> bool:
        """Whether no further waiter is accepted. Sync."""
        line = self._lines[kind]
        return len(line) >= self._most or (key is not None and line.count(key) >= self._most_each)

    def for_caller(self, kind: Kind, key: Hashable) -> trio.CapacityLimiter:
        """Return a limiter for `trio.to_thread.run_sync` that waits as this kind and key."""
        return cast("trio.CapacityLimiter", _OneCaller(self, kind, key))

    async def acquire(self, kind: Kind, key: Hashable) -> None:
        """Wait for a turn. Cancelling passes the place or the turn to the next waiter."""
        turn = trio.Event()
        self._lines[kind].add(key, turn)
        self._admit()
        try:
            await turn.wait()
        except trio.Cancelled:
            if turn.is_set():
                self.release()
            else:
                self._lines[kind].remove(key, turn)
            raise

    def release(self) -> None:
        """End a turn. Sync."""
        self.free += 1
        self._admit()

    def _admit(self) -> None:
        for line in self._lines.values():
            while self.free and len(line):
                self.free -= 1
                line.next().set()


class _OneCaller:
    """A caller's place in line, with the two methods of a capacity limiter that Trio's threads call.

    The turn ends when the thread has ended, also where nobody waits for it any more.
    """

    def __init__(self, limiter: FairLimiter, kind: Kind, key: Hashable) -> None:
        self._limiter = limiter
        self._kind = kind
        self._key = key

    async def acquire_on_behalf_of(self, _borrower: object) -> None:
        await self._limiter.acquire(self._kind, self._key)

    def release_on_behalf_of(self, _borrower: object) -> None:
        self._limiter.release()
