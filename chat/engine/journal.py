"""The one task that writes to the log: it takes one write, then all that are waiting, and commits them together.

Three promises are kept here. What is acknowledged is committed. What anybody sees is committed. What is
committed is told, once and in order, also when the database went silent in the middle of a commit: then nobody
is told anything until the log has been read to its end (`log_follower.py`).
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple, Protocol

import structlog
import trio

from chat.channels import receive_all_nowait
from chat.domain.changes import (
    Acceptance,
    Addition,
    Change,
    Removal,
    RoleChange,
    RoomChange,
    RoomDeletion,
    SupportChange,
    Write,
)
from chat.domain.entities import Draft
from chat.domain.failures import OutcomeUnknown, StorageDown, WriteRejected
from chat.domain.outcomes import Outcome
from chat.domain.ports import Messages
from chat.domain.refusals import (
    NO_MEMBER,
    NO_MESSAGE,
    NO_ROOM,
    NOT_MEMBER,
    NOT_SAVED,
    OUTCOME_UNKNOWN,
    ROOM_GONE,
    Code,
    Refusal,
)
from chat.engine.broadcaster import Broadcaster
from chat.engine.hub import Announcement, Subscriber
from chat.engine.log_follower import LogFollower
from chat.engine.unsettled import Unsettled
from chat.inspection.metrics import Metrics

_QUEUE = 4096
"""Writes that may wait for the journal; a sender waits for a place, which is its backpressure."""

_BATCH = 256
"""Writes in one transaction: enough that the commit's own cost is shared out, few enough to commit in milliseconds."""

_RETRY = 0.5
"""Seconds between two tries to learn what became of a batch, when nobody sends anything."""

_LONG = 1.0
"""If a failed commit took longer than this many seconds, the queued writes fail too."""

_REJECTED = Refusal(Code.INVALID, "the message can't be stored")

Publish = Callable[[Sequence[Announcement]], object]
"""Told what each commit of this server added to the log, once it is announced here. Sync."""

logger = structlog.get_logger(__name__)


class Submitter(Protocol):
    """Who submitted a write, and is called once with its outcome. Sync: called between commit and fan-out."""

    def on_outcome(self, write: Write, outcome: Outcome) -> None:
        """The write is committed, now or before, or refused."""
        ...


class Entry(NamedTuple):
    """A write, who is told what became of it, the subscriber that it came from, and which of all writes it is."""

    write: Write
    submitter: Submitter
    origin: Subscriber | None
    number: int


class Journal:
    """Submits writes to the writing task."""

    def __init__(
        self,
        messages: Messages,
        broadcaster: Broadcaster,
        follower: LogFollower,
        metrics: Metrics,
        publish: Publish = lambda _committed: None,
    ) -> None:
        self._messages = messages
        self._follower = follower
        self._publish = publish
        self._metrics = metrics
        self._broadcaster = broadcaster
        self._feed, self._entries = trio.open_memory_channel[Entry](_QUEUE)
        self.unsettled = Unsettled(follower.newest_id)
        """What was submitted and is neither committed nor refused."""

    async def submit(self, write: Write, submitter: Submitter, origin: Subscriber | None = None) -> None:
        """Hand a write over; its submitter is told the outcome. Waits while the queue is full.

        `origin` is the subscriber that need not hear its own message. Cancelling: the write was not taken, and
        its submitter is told nothing.
        """
        entry = Entry(write, submitter, origin, self.unsettled.add(write))
        try:
            try:
                # Spares a turn of the loop; the reader makes one for each frame anyway.
                self._feed.send_nowait(entry)
            except trio.WouldBlock:
                await self._feed.send(entry)
        except BaseException:
            self.unsettled.drop()
            raise

    async def drain(self) -> None:
        """Wait until everything submitted is committed or refused, and told. Cancelling changes nothing."""
        await self.unsettled.none()
        await self._broadcaster.caught_up()

    async def write(self) -> None:
        """Commit until the feed is closed and empty."""
        while True:
            if self._follower.is_unsure:
                await self._settle()
            # What waits goes at once: a turn of the loop first would be one in which PostgreSQL has nothing to do.
            batch = receive_all_nowait(self._entries, _BATCH)
            if not batch:
                with trio.move_on_after(_RETRY if self._follower.is_unsure else float("inf")):
                    try:
                        batch.append(await self._entries.receive())
                    except trio.EndOfChannel:
                        return
                batch += receive_all_nowait(self._entries, _BATCH - 1)
            if batch:
                started = trio.current_time()
                if not await self._commit(batch) and trio.current_time() - started > _LONG:
                    # The next try may take as long again: nobody waits for two.
                    waiting = receive_all_nowait(self._entries, _QUEUE)
                    self._refuse(waiting, NOT_SAVED)
                    batch += waiting
                self.unsettled.settle((entry.number, entry.write) for entry in batch)
            await self._broadcaster.keep_pace()

    async def _commit(self, batch: Sequence[Entry]) -> bool:
        """Save the batch and tell what became of each write. Returns whether the database did its part."""
        writes = [entry.write for entry in batch]
        if self._follower.is_unsure:
            self._refuse(batch, NOT_SAVED)  # the database does not even say what became of the last batch
            return False
        started = trio.current_time()
        try:
            with self._follower.writing(), self._broadcaster.expecting({write.room_id for write in writes}):
                saved = await self._messages.save(writes)
        except StorageDown as error:
            logger.warning("messages refused, the database can't work", messages=len(batch), error=str(error))
            self._refuse(batch, NOT_SAVED)
            return False
        except OutcomeUnknown as error:
            logger.error("messages of unknown outcome", messages=len(batch), error=str(error))
            self._follower.doubt()
            self.unsettled.doubt(writes)
            self._refuse(batch, OUTCOME_UNKNOWN)
            return False
        except WriteRejected as error:
            if len(batch) > 1:  # find the one that can't be stored; the others must not pay for it
                first = await self._commit(batch[: len(batch) // 2])
                return await self._commit(batch[len(batch) // 2 :]) and first
            logger.warning("a message can't be stored", error=str(error))
            self._refuse(batch, _REJECTED)
            return True
        # No await from here on: what is committed is announced and acknowledged whatever is cancelled.
        self._metrics.committed(len(batch), trio.current_time() - started)
        outcomes, followed = saved[: len(batch)], saved[len(batch) :]
        committed = [
            Announcement(outcome, entry.origin)
            for outcome, entry in zip(outcomes, batch, strict=True)
            if isinstance(outcome, Change)
        ]
        committed += [Announcement(change) for change in followed if isinstance(change, Change)]
        if committed:
            self._follower.committed(committed)
            self._publish(committed)
        for outcome, entry in zip(outcomes, batch, strict=True):
            entry.submitter.on_outcome(entry.write, outcome or _gone(entry.write))
        return True

    def _refuse(self, batch: Sequence[Entry], refusal: Refusal) -> None:
        self._metrics.refused(len(batch))
        for entry in batch:
            entry.submitter.on_outcome(entry.write, refusal)

    async def _settle(self) -> None:
        """Learn what became of a commit. Where the database does not answer, the next try follows."""
        try:
            committed = await self._follower.settle()
        except (StorageDown, OutcomeUnknown):
            return
        self.unsettled.trust()
        logger.info("the log is read to its end", changes=committed)

    def close(self) -> None:
        """Take no more writes; write() ends once those taken are committed or refused. Sync."""
        self._feed.close()


def _gone(write: Write) -> Refusal:
    match write:
        case Draft() | Addition() | Acceptance():
            return ROOM_GONE
        case Removal():
            return NOT_MEMBER
        case RoleChange():
            return NO_MEMBER
        case RoomDeletion() | RoomChange() | SupportChange():
            return NO_ROOM
        case _:
            return NO_MESSAGE


@asynccontextmanager
async def open_journal(
    messages: Messages,
    broadcaster: Broadcaster,
    follower: LogFollower,
    metrics: Metrics | None = None,
    publish: Publish = lambda _committed: None,
) -> AsyncGenerator[Journal]:
    """Write for as long as the block lasts, and finish what was taken.

    `publish` is told what each commit added to the log, for other servers.

    Cancelling refuses nothing and acknowledges nothing that still waits; a commit under way is finished, told
    and acknowledged.
    """
    journal = Journal(messages, broadcaster, follower, metrics or Metrics(), publish)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(journal.write)
        try:
            yield journal
        finally:
            journal.close()
