"""The writes that the journal has accepted and not settled: counted, and waited for."""

from collections.abc import Iterable

from chat.domain.messages.changes import Write
from chat.signals import Signal


class PendingWrites:
    """Counts writes. They are settled in the order in which they are submitted. All but the waiting is sync.

    `newest_id` is the newest published id of the log.
    """

    def __init__(self, newest_id: int) -> None:
        self.count = 0
        """Writes submitted and not settled: neither committed nor refused."""
        self._submitted = 0  # the number of the last write that was submitted
        self._settled = 0  # the number of the last write that was settled
        # By person, the number of their last write that is not settled.
        self._last_of: dict[int | None, int] = {}
        self._unknown: set[int | None] = set()  # whose writes were refused and may still be committed
        self._changed = Signal()
        self._settled_watermark = newest_id
        # The next watermark, and the last write submitted before its id was published.
        self._next = (newest_id, 0)

    def add(self, write: Write) -> int:
        """Count a write that is submitted, and return its number, which settle() takes."""
        self._submitted += 1
        self.count += 1
        self._last_of[write.actor_id] = self._submitted
        return self._submitted

    def settle(self, numbered: Iterable[tuple[int, Write]]) -> None:
        """Count writes as settled; they are those submitted first."""
        settled = 0
        for number, write in numbered:
            settled, self._settled = settled + 1, number
            if self._last_of.get(actor := write.actor_id) == number:
                del self._last_of[actor]
        self.drop(settled)

    def drop(self, writes: int = 1) -> None:
        """Count so many writes less. For one, its submitter was cancelled before the journal took it."""
        self.count -= writes
        if not self.count:
            self._last_of.clear()  # also of who was cancelled
        self._changed.notify()

    def mark_unknown(self, writes: Iterable[Write]) -> None:
        """Remember that these writes have an unknown outcome: they were refused, and may be or become committed."""
        self._unknown.update(write.actor_id for write in writes)

    def resolve_unknown(self) -> None:
        """Forget the unknown outcomes: the log has shown what became of those writes."""
        self._unknown.clear()
        self._changed.notify()

    async def wait_settled(self, person_id: int) -> None:
        """Wait until all writes that a person has submitted by now are settled. Cancelling changes nothing."""
        last = self._last_of.get(person_id, 0)
        await self._changed.wait_until(lambda: self._settled >= last or not self.count)

    async def wait_resolved(self, person_id: int) -> None:
        """Wait as wait_settled() does, and until none of those writes has an unknown outcome.

        An outcome may stay unknown until the database answers again. Cancelling changes nothing.
        """
        await self.wait_settled(person_id)
        await self._changed.wait_until(lambda: person_id not in self._unknown)

    async def wait_empty(self) -> None:
        """Wait until no write is pending. Cancelling changes nothing."""
        await self._changed.wait_until(lambda: not self.count)

    def settled_watermark(self, newest_id: int) -> int:
        """Return the watermark: every write submitted before this id was published has an outcome.

        `newest_id` is the newest published id. The watermark lags behind; call repeatedly, and it catches up.
        """
        if not self._unknown:
            now = newest_id, self._submitted
            if not self.count:
                self._next = now
            if not self.count or self._settled >= self._next[1]:
                self._settled_watermark, self._next = self._next[0], now
        self._settled_watermark = min(self._settled_watermark, newest_id)  # the log may have lost its end
        return self._settled_watermark
