"""The one task that writes to the log: it takes one write, then all that are waiting, and commits them together.

It keeps three promises. What is acknowledged is committed. What is published is committed. What is committed is
published, once and in order. This holds also when the database goes silent in the middle of a commit: then nothing is
published until the log has been read to its end (`log_follower.py`).
"""

import re
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import msgspec
import structlog
import trio

from chat.channels import receive_all_nowait
from chat.domain.entities import Draft, Message
from chat.domain.failures import OutcomeUnknown, StorageDown, StorageError, WriteRejected
from chat.domain.messages.changes import (
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
from chat.domain.messages.outcomes import Outcome
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
from chat.engine.pending_writes import PendingWrites
from chat.inspection.metrics import Metrics, Reading

_QUEUE = 4096
"""Writes that may wait for the journal; a sender waits for a place, which is its backpressure."""

_BATCH = 256
"""Writes in one transaction: enough that the commit's own cost is shared out, few enough to commit in milliseconds."""

_RETRY = 0.5
"""Seconds between two tries to learn the outcome of a batch, or to commit again, when nobody sends anything."""

_LONG = 1.0
"""If a failed commit took longer than this many seconds, the queued writes fail too."""

STALLED = 5.0
"""Seconds without a commit after which a journal that has writes counts as stalled."""

_REJECTED = Refusal(Code.INVALID, "the message can't be stored", reason="message_rejected")

Publish = Callable[[Sequence[Announcement]], object]
"""Called with the changes of each commit of this server, once they are announced here. Sync."""

logger = structlog.get_logger(__name__)


class Submitter(Protocol):
    """The submitter of a write: called once with its outcome, between commit and fan-out. Sync."""

    def on_outcome(self, write: Write, outcome: Outcome) -> None:
        """Take the outcome: the write is committed, now or before, or refused."""
        ...


class Entry(msgspec.Struct, frozen=True):
    """A write, who takes its outcome, the subscriber that it came from, and its number among the pending writes."""

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
        pending_writes: PendingWrites | None = None,
    ) -> None:
        self._messages = messages
        self._follower = follower
        self._publish = publish
        self._metrics = metrics
        self._broadcaster = broadcaster
        self._feed, self._entries = trio.open_memory_channel[Entry](_QUEUE)
        self.pending_writes = pending_writes or PendingWrites(follower.newest_id)
        """The writes that are submitted and not settled."""
        self._has_failed = False  # whether the last try to commit failed
        self._busy_since: float | None = None  # when the batch in progress was taken
        self._oldest: float | None = None  # when its first write was submitted
        self._waiting_since: float | None = None  # when the first of the writes behind it was submitted

    @property
    def problem(self) -> str | None:
        """Why nothing can be committed now; None: it can, as far as is known."""
        if self._has_failed:
            return "the last commit failed"
        waited = 0.0 if self._busy_since is None else trio.current_time() - self._busy_since
        return f"no commit for {waited:.0f} s" if waited > STALLED else None

    def readings(self) -> Iterable[Reading]:
        """Yield how many writes wait, and for how long. Sync."""
        waiting = self._entries.statistics()
        depth = waiting.current_buffer_used + waiting.tasks_waiting_send
        oldest = 0.0 if self._oldest is None else trio.current_time() - self._oldest
        yield "chat_journal_depth", "Writes that wait for the commit under way to end", depth
        yield "chat_journal_oldest_seconds", "Age of the oldest write that has no outcome yet", oldest
        yield (
            "chat_journal_working",
            "Whether writes are committed, as far as is known",
            float(self.problem is None),
        )

    async def submit(self, write: Write, submitter: Submitter, origin: Subscriber | None = None) -> None:
        """Hand a write over; `submitter` is called with its outcome. Waits while the queue is full.

        `origin` is the subscriber that sent it, to which it need not be published. Cancelling: the write was not taken,
        and its submitter is not called.
        """
        if self._waiting_since is None:
            self._waiting_since = trio.current_time()
        entry = Entry(write, submitter, origin, self.pending_writes.add(write))
        try:
            try:
                # Spares a pass of the loop; the reader makes one for each frame anyway.
                self._feed.send_nowait(entry)
            except trio.WouldBlock:
                await self._feed.send(entry)
        except BaseException:
            self.pending_writes.drop()
            raise

    async def drain(self) -> None:
        """Wait until every write is settled, and every change published. Cancelling changes nothing."""
        await self.pending_writes.wait_empty()
        await self._broadcaster.wait_all_published()

    async def write(self) -> None:
        """Commit until the feed is closed and empty."""
        while True:
            if self._follower.is_unsure:
                await self._settle()
            # No checkpoint before this: PostgreSQL would be idle for a pass of the loop.
            batch = receive_all_nowait(self._entries, _BATCH)
            if not batch:
                with trio.move_on_after(_RETRY if self._has_failed else float("inf")):
                    try:
                        batch.append(await self._entries.receive())
                    except trio.EndOfChannel:
                        return
                batch += receive_all_nowait(self._entries, _BATCH - 1)
            if batch or (self._has_failed and not self._follower.is_unsure):
                started = self._busy_since = trio.current_time()
                self._oldest = self._waiting_since if batch else None
                self._waiting_since = started if len(batch) == _BATCH else None
                had_failed = self._has_failed
                self._has_failed = not await (self._commit(batch) if batch else self._try_to_commit())
                if had_failed and not self._has_failed:
                    logger.info("the database takes writes again")
                if self._has_failed and trio.current_time() - started > _LONG:
                    # The next try may take as long again: no sender waits for two.
                    waiting = receive_all_nowait(self._entries, _QUEUE)
                    self._refuse(waiting, NOT_SAVED)
                    batch += waiting
                self.pending_writes.settle([(entry.number, entry.write) for entry in batch])
            await self._broadcaster.keep_pace()
            self._busy_since = self._oldest = None

    async def _try_to_commit(self) -> bool:
        """Commit no write at all, after a failure, and return whether it worked.

        So a server that gets no clients while it is not ready learns that it is ready again.
        """
        try:
            await self._messages.save([])
        except StorageError:
            return False
        return True

    async def _commit(self, batch: Sequence[Entry]) -> bool:
        """Commit the batch and hand each write's outcome to its submitter. Return whether the database worked."""
        writes = [entry.write for entry in batch]
        if self._follower.is_unsure:
            self._refuse(batch, NOT_SAVED)  # the outcome of the last batch is still unknown
            return False
        started = trio.current_time()
        try:
            with self._follower.writing(), self._broadcaster.expecting({write.room_id for write in writes}):
                saved = await self._messages.save(writes)
        except StorageDown as error:
            if not self._has_failed:  # one line for an outage
                logger.warning(
                    "writes refused: the database does not work; trying again twice a second",
                    error=str(error),
                )
            self._refuse(batch, NOT_SAVED)
            return False
        except OutcomeUnknown as error:
            logger.error(
                "commit with unknown outcome: its senders are disconnected, and publishing waits for the log",
                writes=len(batch),
                error=str(error),
            )
            self._follower.mark_outcome_unknown()
            self.pending_writes.mark_unknown(writes)
            self._refuse(batch, OUTCOME_UNKNOWN)
            return False
        except WriteRejected as error:
            if len(batch) > 1:  # find the write that can't be stored, and commit the others
                first = await self._commit(batch[: len(batch) // 2])
                return await self._commit(batch[len(batch) // 2 :]) and first
            logger.warning("write refused: the database can't store it", error=str(error))
            self._refuse(batch, _REJECTED)
            return True
        # No await from here on: committed changes are announced and acknowledged, whatever is cancelled.
        self._metrics.committed(len(batch), trio.current_time() - started, self._oldest)
        outcomes, followed = saved[: len(batch)], saved[len(batch) :]
        committed = [
            Announcement(outcome, entry.origin)
            for outcome, entry in zip(outcomes, batch, strict=True)
            if isinstance(outcome, Change)
        ]
        committed += [Announcement(change) for change in followed if isinstance(change, Change)]
        if committed:
            self._metrics.changed([_kind(each.change) for each in committed])
            self._follower.announce_own(committed)
            self._publish(committed)
        for outcome, entry in zip(outcomes, batch, strict=True):
            entry.submitter.on_outcome(entry.write, outcome or _gone(entry.write))
        return True

    def _refuse(self, batch: Sequence[Entry], refusal: Refusal) -> None:
        self._metrics.refused(len(batch))
        for entry in batch:
            entry.submitter.on_outcome(entry.write, refusal)

    async def _settle(self) -> None:
        """Learn the outcome of the last commit. Where the database does not answer, the caller tries again."""
        try:
            committed = await self._follower.settle()
        except (StorageDown, OutcomeUnknown):
            return
        self.pending_writes.resolve_unknown()
        logger.info("unknown outcome resolved: the log is read to its end", changes=committed)

    def close(self) -> None:
        """Take no more writes; write() ends once those taken are settled. Sync."""
        self._feed.close()


_KINDS: dict[type, str] = {}


def _kind(change: Change) -> str:
    """Return the kind of a change as the metrics call it: `message`, `join`, `edited`, `role_changed` … Sync."""
    if isinstance(change, Message):
        return change.kind
    kind = type(change)
    if kind not in _KINDS:
        _KINDS[kind] = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
    return _KINDS[kind]


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
    pending_writes: PendingWrites | None = None,
) -> AsyncGenerator[Journal]:
    """Write for as long as the block lasts, and settle what was taken.

    `publish` is called with the changes of each commit, for other servers; `pending_writes` counts what is submitted.

    Cancelling: queued writes are neither refused nor acknowledged. A commit under way is finished, published and
    acknowledged.
    """
    journal = Journal(messages, broadcaster, follower, metrics or Metrics(), publish, pending_writes)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(journal.write)
        try:
            yield journal
        finally:
            journal.close()
