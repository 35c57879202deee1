"""Writes of callers that wait until their write is committed and published here."""

from collections.abc import Callable, Sequence

import trio

from chat.domain.entities import Draft
from chat.domain.messages.changes import Change, Write
from chat.domain.messages.outcomes import Outcome, Repeated
from chat.domain.nodes import LEASE, RENEW
from chat.domain.ports import Messages
from chat.domain.refusals import NOT_SAVED, Refusal
from chat.engine.awaited_write import AwaitedWrite
from chat.engine.broadcaster import Broadcaster
from chat.engine.cluster_port import Cluster
from chat.engine.journal import Journal
from chat.engine.log_follower import LogFollower

_PUBLISH_TIMEOUT = 1.0
"""Seconds for which an answer waits until its committed change is published here too."""

_CLUSTER_TIMEOUT = LEASE + RENEW
"""Seconds in which every other server has answered, or its lease has lapsed."""


class Writes:
    """Submits writes to the journal and waits for them."""

    def __init__(
        self,
        messages: Messages,
        journal: Journal,
        follower: LogFollower,
        broadcaster: Broadcaster,
        cluster: Cluster,
    ) -> None:
        self._messages = messages
        self._journal = journal
        self._follower = follower
        self._broadcaster = broadcaster
        self._cluster = cluster

    async def write(
        self, write: Write, saved: Callable[[Outcome], object] = lambda _outcome: None
    ) -> Outcome:
        """Submit a write and return its outcome; a reader of the room finds a committed change there by then.

        `saved` is called with the outcome before the change is published. Sync. The write is submitted without an
        await, unless the journal's queue is full. Cancelling: it may still be committed.
        """
        outcome = await AwaitedWrite(saved).submit(self._journal, write)
        if isinstance(outcome, Change):
            with trio.move_on_after(_PUBLISH_TIMEOUT):
                await self._broadcaster.wait_published(outcome.id)
        return outcome

    async def write_all(self, writes: Sequence[Write]) -> list[Outcome]:
        """Submit writes that the journal may commit together; return their outcomes in order, as `write` does.

        Cancelling: any of them may still be committed.
        """
        submitted = [AwaitedWrite() for _ in writes]
        for each, write in zip(submitted, writes, strict=True):
            await self._journal.submit(write, each)
        outcomes = [await each.wait() for each in submitted]
        with trio.move_on_after(_PUBLISH_TIMEOUT):
            last = max((each.id for each in outcomes if isinstance(each, Change)), default=0)
            await self._broadcaster.wait_published(last)
        return outcomes

    async def wait_settled(self, person_id: int) -> None:
        """Wait until all writes that a person has submitted by now are settled. Cancelling changes nothing."""
        await self._journal.pending_writes.wait_settled(person_id)

    async def repeated(self, draft: Draft) -> Repeated | Refusal | None:
        """Return the outcome of an earlier draft with the same sender and key; None: there is none.

        For senders who may no longer write in the room: a draft from before may be committed and its acknowledgement
        lost. NOT_SAVED: this is unknown for now. May raise StorageDown. Cancelling changes nothing.
        """
        await self.wait_settled(draft.sender_id)  # finds drafts in flight too
        if self._follower.is_unsure:
            return NOT_SAVED
        found = await self._messages.repeated(draft)
        if found is not None:
            return found
        # Another server may not have published the removal yet, and may still commit an earlier draft.
        with trio.move_on_after(_CLUSTER_TIMEOUT) as scope:
            await self._cluster.wait_writes_settled_everywhere(draft.sender_id)
        return NOT_SAVED if scope.cancelled_caught else await self._messages.repeated(draft)
