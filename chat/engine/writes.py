"""Writes of those who ask one thing at a time, and are answered once it is committed and told here."""

from collections.abc import Callable

import trio

from chat.domain.changes import Change, Write
from chat.domain.entities import Draft
from chat.domain.nodes import LEASE, RENEW
from chat.domain.outcomes import Outcome, Repeated
from chat.domain.ports import Messages
from chat.domain.refusals import NOT_SAVED, Refusal
from chat.engine.awaited_write import AwaitedWrite
from chat.engine.broadcaster import Broadcaster
from chat.engine.cluster_port import Cluster
from chat.engine.journal import Journal
from chat.engine.log_follower import LogFollower

_TOLD = 1.0
"""Seconds for which an answer waits until what it tells is in this server's histories too; it is committed by then."""

_ELSEWHERE = LEASE + RENEW
"""Seconds in which every server says whether something was said there, or has no lease any more."""


class Writes:
    """Hands writes to the journal and waits for them."""

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
        """Return what becomes of a write; whoever reads the room after that finds it there.

        `saved` is told that before anybody is told the write. Sync. It is handed over before anything is awaited,
        unless the journal's queue is full. Cancelling: it may still be committed.
        """
        outcome = await AwaitedWrite(saved).submit(self._journal, write)
        if isinstance(outcome, Change):
            with trio.move_on_after(_TOLD):
                await self._broadcaster.wait_published(outcome.id)
        return outcome

    async def wait_settled(self, person_id: int) -> None:
        """Wait until all that a person has handed over by now is committed or refused. Cancelling changes nothing."""
        await self._journal.pending_writes.wait_settled(person_id)

    async def repeated(self, draft: Draft) -> Repeated | Refusal | None:
        """Return what a draft is answered whose key its sender used before; None: nobody did.

        It is asked for whoever may not speak in the room, any more: what they said while they might is saved, and they
        may not have heard so. NOT_SAVED: that is not known now. May raise StorageDown. Cancelling changes nothing.
        """
        await self.wait_settled(draft.sender_id)  # what is on its way is found too
        if self._follower.is_unsure:
            return NOT_SAVED
        found = await self._messages.repeated(draft)
        if found is not None:
            return found
        # Another server may not have told yet that they are out, and still save what they said there before.
        with trio.move_on_after(_ELSEWHERE) as scope:
            await self._cluster.wait_writes_settled_everywhere(draft.sender_id)
        return NOT_SAVED if scope.cancelled_caught else await self._messages.repeated(draft)
