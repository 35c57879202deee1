"""Follows the log: announces changes in order of their ids, holds those that came early, and reads the gaps.

Ids ascend without a gap over all rooms and servers, so one number says how far this server is. A gap appears where an
announcement of another server is late or lost, a commit has an unknown outcome, or a command wrote beside the server.
The answer is always the same: read the log to its end.
"""

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from operator import eq

import structlog
import trio

from chat.domain.failures import StorageError
from chat.domain.messages.changes import Change
from chat.domain.ports import Messages
from chat.engine.broadcaster import Broadcaster
from chat.engine.hub import Announcement
from chat.signals import Signal

_PIECE = 256
_PIECE_BYTES = 4 * 2**20
"""Changes read from the log in one query, and bytes of their texts."""

PATIENCE = 0.05
"""Seconds to wait for the announcement of a missing change before reading it: mostly it is just late."""

_RETRY = 0.25
"""Seconds until the next try where the database does not answer."""

_MOST_AHEAD = 10_000
"""Changes of other servers held behind a gap; those beyond are dropped, and read with the gap."""

MOST_BEHIND = 10_000
"""Missed changes that are still published; behind a larger gap clients reconnect. Nobody could read so much chat."""

logger = structlog.get_logger(__name__)


class LogFollower:
    """Puts the changes of the journal and of other servers in order. All but the reading is sync."""

    def __init__(
        self,
        messages: Messages,
        broadcaster: Broadcaster,
        newest_id: int,
        skipped: Callable[[int], object] = lambda newest_id: None,
        patience: float = 0.0,
    ) -> None:
        self._messages = messages
        self._patience = patience
        self._skipped = skipped  # as open_log_follower() says
        self._broadcaster = broadcaster
        self._newest_id = newest_id  # the newest id that was announced, or was there at the start
        self._newest: Change | None = None  # the change with this id, if it was announced here
        self._end = newest_id  # the log reaches at least this id, according to others
        self._ahead: dict[int, Announcement] = {}  # committed, and held behind a gap
        self._rewinds = 0  # how often the log was found to have lost its end
        self._is_unsure = False  # whether a commit of this server has an unknown outcome
        self._written: trio.Event | None = None  # of the journal's commit under way: set at its end
        self._reads = trio.Lock()
        self._gap_found = Signal()

    @property
    def newest_id(self) -> int:
        """The newest id that is announced."""
        return self._newest_id

    @property
    def is_unsure(self) -> bool:
        """Whether a commit of this server has an unknown outcome."""
        return self._is_unsure

    def mark_outcome_unknown(self) -> None:
        """Remember that a commit of this server may have happened, or may still happen. Sync."""
        self._is_unsure = True

    @contextmanager
    def writing(self) -> Generator[None]:
        """Know that the journal's commit is under way: its changes keep their senders if the log is read meanwhile."""
        self._written = written = trio.Event()
        try:
            yield
        finally:
            self._written = None
            written.set()

    def announce_own(self, announcements: Sequence[Announcement]) -> None:
        """Announce the changes of this server's commit, at least one, once all ids before them are announced. Sync.

        All changes announced before are older. If one of them has the same id, the log has lost its end since.
        """
        first_id = announcements[0].change.id
        if first_id <= self._newest_id:
            self.rewind_to(first_id - 1)
        if not self._ahead and first_id == self._newest_id + 1:
            self._announce(list(announcements))
        else:
            self._ahead.update((announcement.change.id, announcement) for announcement in announcements)
            self._announce_continuing()

    def receive(self, changes: Sequence[Change], end: int) -> None:
        """Announce the changes of another server's commit once all ids before them are announced. Sync.

        `end` is the id of the last change of that commit. `changes` may lack some of it.
        """
        if not self._broadcaster.is_behind:  # else they would pile up: they are read later
            if not self._ahead and self._continues_log(changes):
                self._announce([Announcement(change) for change in changes])
            else:
                self._hold(changes)
        self._end = max(self._end, end)
        self._announce_continuing()

    def _continues_log(self, changes: Sequence[Change]) -> bool:
        return bool(changes) and all(map(eq, [change.id for change in changes], count(self._newest_id + 1)))

    def _hold(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.id > self._newest_id and len(self._ahead) < _MOST_AHEAD:
                self._ahead.setdefault(change.id, Announcement(change))

    def reaches(self, end: int) -> None:
        """Learn that the log may reach this id; the log itself is read before that is believed. Sync."""
        self._end = max(self._end, end)
        self._look_for_gaps()

    def rewind_to(self, end: int) -> None:
        """Continue after `end`: the log has lost the changes beyond it, and their ids are used again. Sync."""
        logger.error(
            "the database has lost commits: all clients are disconnected, to load what is left",
            published=self._newest_id,
            last=end,
        )
        self._rewinds += 1
        self._newest_id = self._end = end
        self._newest = None
        self._ahead.clear()
        self._broadcaster.discard_announced()
        self._skipped(end)

    async def verify_tail(self) -> None:
        """Check that the log still holds the newest announced change, and rewind to its end if it does not.

        Ids alone prove nothing: a log that lost its end may have grown again. May raise StorageDown. Cancelling
        changes nothing.
        """
        newest = self._newest
        if newest is None:
            return
        # A change that was deleted since counts as lost too: then clients connect once more.
        read = await self._messages.read_log(newest.id - 1, 1, 1)
        if not read or _identity(read[0]) != _identity(newest):
            self.rewind_to(await self._messages.newest_id())

    async def settle(self) -> int:
        """Learn the outcome of all commits of this server, and catch up; return the number of changes caught up.

        Raises StorageDown or OutcomeUnknown: then the outcome is still unknown. Cancelling: the same.
        """
        self._end = max(self._end, await self._messages.settled_id())
        caught_up = await self._catch_up()
        self._is_unsure = False
        return caught_up

    async def follow(self) -> None:
        """Read gaps, until cancelled. Cancelling: what was read is announced."""
        while True:
            await self._gap_found.wait_until(lambda: self._is_behind)
            missing = self._newest_id + 1
            await trio.sleep(self._patience)
            # If that one has come and another is missing, the other may be just late too.
            if self._is_behind and self._newest_id < missing:
                try:
                    await self._catch_up()
                except StorageError as error:
                    logger.debug("log not read yet: trying again", error=str(error))
                    await trio.sleep(_RETRY)

    @property
    def _is_behind(self) -> bool:
        return self._end > self._newest_id or bool(self._ahead)

    async def _catch_up(self) -> int:
        caught_up, end, rewinds = 0, 0, -1
        async with self._reads:
            while rewinds != self._rewinds or self._newest_id < end:
                if rewinds != self._rewinds:  # at first, and after each rewind
                    end, rewinds = await self._find_end(), self._rewinds
                    if end > self._newest_id + MOST_BEHIND:
                        self._newest_id, self._newest = end, None
                        self._drop_published()
                        self._skipped(end)
                    continue
                read = await self._messages.read_log(self._newest_id, _PIECE, _PIECE_BYTES)
                await self._wait_for_own_commit()
                if rewinds != self._rewinds:
                    continue
                # No await from here on: a commit meanwhile would be announced twice, or before this.
                behind = [change for change in read if change.id > self._newest_id]
                if behind:
                    self._announce([self._ahead.pop(change.id, Announcement(change)) for change in behind])
                    caught_up += len(behind)
                elif not read and end > self._newest_id:
                    self._newest_id, self._newest = end, None
                self._drop_published()
                self._announce_continuing()
                await self._broadcaster.keep_pace()
        return caught_up

    async def _find_end(self) -> int:
        """Return the end of the log, and drop what others claim lies beyond it.

        They may not know yet that the log has lost its end, and those ids will belong to other changes.
        """
        while True:
            rewinds, claimed, held = self._rewinds, max((self._end, *self._ahead)), self._ahead.copy()
            end = await self._messages.newest_id()
            await self._wait_for_own_commit()
            if rewinds == self._rewinds:
                break
        # A commit meanwhile may have the id of a change that was held before.
        self._drop([each for each in self._ahead if each > end and self._ahead[each] is held.get(each)])
        if self._end <= claimed:
            self._end = max(end, self._newest_id)
        return end

    async def _wait_for_own_commit(self) -> None:
        """Wait for the journal's commit under way: what was just read may include it, without its senders."""
        if self._written is not None:
            await self._written.wait()

    def _drop_published(self) -> None:
        """Drop held changes that the log no longer has: they were deleted meanwhile."""
        self._drop([change_id for change_id in self._ahead if change_id <= self._newest_id])

    def _drop(self, change_ids: Sequence[int]) -> None:
        """Acknowledge these writes to their senders; do not publish them."""
        for change_id in change_ids:
            origin = self._ahead.pop(change_id).origin
            if origin is not None:
                origin.offer(b"")

    def _announce_continuing(self) -> None:
        continuing: list[Announcement] = []
        while announcement := self._ahead.pop(self._newest_id + 1 + len(continuing), None):
            continuing.append(announcement)
        if continuing:
            self._announce(continuing)
        self._look_for_gaps()

    def _announce(self, announcements: list[Announcement]) -> None:
        self._newest = announcements[-1].change
        self._newest_id = self._newest.id
        self._end = max(self._end, self._newest_id)
        self._broadcaster.announce(announcements)

    def _look_for_gaps(self) -> None:
        if self._is_behind:
            self._gap_found.notify()


def _identity(change: Change) -> tuple[int, int, int, float]:
    """Return the identity of a change, which edits of its text do not change."""
    return change.id, change.room_id, change.pos, change.created_at


@asynccontextmanager
async def open_log_follower(
    messages: Messages,
    broadcaster: Broadcaster,
    newest_id: int,
    skipped: Callable[[int], object] = lambda newest_id: None,
    *,
    patience: float = 0.0,
) -> AsyncGenerator[LogFollower]:
    """Follow the log behind `newest_id` for as long as the block lasts.

    Args:
        skipped: called with the id behind which publishing goes on, where a gap is too large to be published or the log
            has lost its end. Sync.
        patience: seconds to wait for a missing change before it is read.

    Leaving or cancelling: what is not read by then is not published here.
    """
    follower = LogFollower(messages, broadcaster, newest_id, skipped, patience)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(follower.follow)
        yield follower
        nursery.cancel_scope.cancel(reason="the journal has ended")
