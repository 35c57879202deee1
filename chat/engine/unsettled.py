"""The writes that are submitted to the journal and neither committed nor refused yet: counted, and waited for."""

from collections.abc import Iterable

import trio

from chat.domain.changes import Write
from chat.domain.entities import Draft


class Unsettled:
    """Counts writes in the order in which they are submitted, which is that in which they are settled.

    All but the waiting is sync. `newest_id` is the newest id of the log that is told.
    """

    def __init__(self, newest_id: int) -> None:
        self.count = 0
        """Writes submitted and not yet committed or refused."""
        self._submitted = 0  # the number of the last write that was submitted
        self._settled = 0  # and of the last that was committed or refused
        # By person, the last of their writes that is neither committed nor refused.
        self._last_of: dict[int | None, int] = {}
        self._unknown: set[int | None] = set()  # whose writes were refused and may still land
        self._changed = trio.Event()  # set, and made anew, where waiting may be over
        self._over_up_to = newest_id  # as over_up_to() says
        self._next = newest_id, 0  # the id that is that next, and the last write submitted before it was told

    def add(self, write: Write) -> int:
        """Count a write that is submitted, and return its number."""
        self._submitted += 1
        self.count += 1
        self._last_of[actor_of(write)] = self._submitted
        return self._submitted

    def settle(self, numbered: Iterable[tuple[int, Write]]) -> None:
        """Count writes as committed or refused; they are those submitted first."""
        settled = 0
        for number, write in numbered:
            settled, self._settled = settled + 1, number
            if self._last_of.get(actor := actor_of(write)) == number:
                del self._last_of[actor]
        self.drop(settled)

    def drop(self, writes: int = 1) -> None:
        """Count so many less: with one, its submitter was cancelled before it was taken."""
        self.count -= writes
        if not self.count:
            self._last_of.clear()  # also of who was cancelled
        self._wake()

    def doubt(self, writes: Iterable[Write]) -> None:
        """Take note that these writes are refused and may have landed, or may still land."""
        self._unknown.update(map(actor_of, writes))

    def trust(self) -> None:
        """Take note that what became of all writes before is known."""
        self._unknown.clear()
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    async def settled(self, person_id: int) -> None:
        """Wait until all that a person has submitted by now is committed or refused. Cancelling changes nothing."""
        last = self._last_of.get(person_id, 0)
        while self._settled < last and self.count > 0:
            await self._changed.wait()  # until the next batch is done

    async def over(self, person_id: int) -> None:
        """Wait as settled() does, and until nothing of it can still land. Cancelling changes nothing.

        What became of a commit may be unknown until the database answers again.
        """
        await self.settled(person_id)
        while person_id in self._unknown:
            await self._changed.wait()  # until it is known

    async def none(self) -> None:
        """Wait until everything submitted is committed or refused. Cancelling changes nothing."""
        while self.count > 0:
            await self._changed.wait()

    def over_up_to(self, told_id: int) -> int:
        """Return up to which id of the log all is over that was submitted before that was told.

        `told_id` is the newest that is told by now. Whoever calls this again and again hears of it in the end.
        """
        if not self._unknown:
            now = told_id, self._submitted
            if not self.count:
                self._next = now
            if not self.count or self._settled >= self._next[1]:
                self._over_up_to, self._next = self._next[0], now
        self._over_up_to = min(self._over_up_to, told_id)  # the log may have lost its end
        return self._over_up_to


def actor_of(write: Write) -> int | None:
    """Return whose write it is. Sync and pure."""
    return write.sender_id if isinstance(write, Draft) else write.actor_id
