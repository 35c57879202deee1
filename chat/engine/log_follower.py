"""Follows the log: what continues it is announced at once, what is ahead of it waits, and what is missing is read.

Ids ascend without a gap over all rooms and servers, so one number says how far this server is. Where something does
not continue it, because an announcement of another server is late or lost, the outcome of a commit is unknown or a
command wrote beside the server, the log is read until there is nothing more: one way, whatever happened.
"""

from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from operator import eq

import structlog
import trio

from chat.domain.changes import Change
from chat.domain.failures import StorageError
from chat.domain.ports import Messages
from chat.engine.broadcaster import Broadcaster
from chat.engine.hub import Announcement

_PIECE = 256
_PIECE_BYTES = 4 * 2**20
"""Changes of the log that are read at once, and bytes of their texts."""

PATIENCE = 0.05
"""Seconds for which what is missing is waited for before it is read, where others announce: mostly it is just late."""

_RETRY = 0.25
"""Seconds until the next try where the database does not tell what is missing."""

_MOST_AHEAD = 10_000
"""Changes of others that wait for what is missing before them; those beyond are read with it."""

MOST_BEHIND = 10_000
"""Changes that are told late. Whoever writes more beside this server writes no chat, and nobody could read it."""

logger = structlog.get_logger(__name__)


class LogFollower:
    """Stands between the journal and the other servers, and the broadcaster. All but the reading is sync."""

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
        self._newest_id = newest_id  # of all that was announced, or was there before
        self._newest: Change | None = None  # the change with that id, if it was announced here
        self._end = newest_id  # the log has at least this much, as others say
        self._ahead: dict[int, Announcement] = {}  # committed, but something before them is not announced
        self._losses = 0  # how often the log was found to have lost its end
        self._is_unsure = False  # whether a commit of our own may have landed, or may still land
        self._written: trio.Event | None = None  # of the commit of our own that is under way: set at its end
        self._reads = trio.Lock()
        self._is_wanted = trio.Event()  # set where something is missing, made anew before each look

    @property
    def newest_id(self) -> int:
        """The newest id of the log that is announced."""
        return self._newest_id

    @property
    def is_unsure(self) -> bool:
        """Whether the outcome of a commit of our own is unknown."""
        return self._is_unsure

    def doubt(self) -> None:
        """Take note that a commit of our own may have landed, or may still land. Sync."""
        self._is_unsure = True

    @contextmanager
    def writing(self) -> Generator[None]:
        """Know that a commit of our own is under way, so that what it adds is told as ours, also where it is read."""
        self._written = written = trio.Event()
        try:
            yield
        finally:
            self._written = None
            written.set()

    def committed(self, announcements: Sequence[Announcement]) -> None:
        """Announce what a commit of our own added to the log, one at least, as soon as it continues it. Sync.

        What was told of the log before is older than that. If it has these ids, the log has lost its end since.
        """
        first_id = announcements[0].change.id
        if first_id <= self._newest_id:
            self.rewound(first_id - 1)
        if not self._ahead and first_id == self._newest_id + 1:
            self._announce(list(announcements))
        else:
            self._ahead.update((announcement.change.id, announcement) for announcement in announcements)
            self._announce_what_continues()

    def received(self, changes: Sequence[Change], end: int) -> None:
        """Announce what another server says it committed, as soon as it continues the log. Sync.

        `end` is the id of the last change of that commit, which may hold more than was sent along.
        """
        if not self._broadcaster.is_behind:  # else they are read when it is not, so that they don't pile up
            if not self._ahead and self._continue_the_log(changes):
                self._announce([Announcement(change) for change in changes])
            else:
                self._keep(changes)
        self._end = max(self._end, end)
        self._announce_what_continues()

    def _continue_the_log(self, changes: Sequence[Change]) -> bool:
        return bool(changes) and all(map(eq, [change.id for change in changes], count(self._newest_id + 1)))

    def _keep(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.id > self._newest_id and len(self._ahead) < _MOST_AHEAD:
                self._ahead.setdefault(change.id, Announcement(change))

    def reaches(self, end: int) -> None:
        """Hear that the log has at least so much; the log itself is looked at before that is believed. Sync."""
        self._end = max(self._end, end)
        self._look_for_what_is_missing()

    def rewound(self, end: int) -> None:
        """Begin anew behind `end`, as the log has lost what was told beyond it, and its ids are used again. Sync."""
        logger.error("the database has lost commits", told=self._newest_id, last=end)
        self._losses += 1
        self._newest_id = self._end = end
        self._newest = None
        self._ahead.clear()
        self._broadcaster.lose()
        self._skipped(end)

    async def look_again(self) -> None:
        """Look whether the log still has what was told of it last, and begin anew behind its end if it has not.

        Its ids alone do not tell: a log that lost its end may have grown again. May raise StorageDown. Cancelling
        changes nothing.
        """
        told = self._newest
        if told is None:
            return
        # Where that was deleted since, it is taken for lost too: then clients connect once more.
        read = await self._messages.read_log(told.id - 1, 1, 1)
        if not read or _place(read[0]) != _place(told):
            self.rewound(await self._messages.newest_id())

    async def settle(self) -> int:
        """Make sure what became of all commits of our own, and catch up; return how many changes that were.

        Raises StorageDown or OutcomeUnknown: then it is unknown still. Cancelling: the same.
        """
        self._end = max(self._end, await self._messages.settled_id())
        caught_up = await self._catch_up()
        self._is_unsure = False
        return caught_up

    async def follow(self) -> None:
        """Read what is missing, until cancelled. Cancelling: what was read is announced."""
        while True:
            await self._is_wanted.wait()
            self._is_wanted = trio.Event()
            missing = self._newest_id + 1
            await trio.sleep(self._patience)
            # Where that has come and another one is missing, the other may be just late too.
            if self._is_behind and self._newest_id < missing:
                try:
                    await self._catch_up()
                except StorageError as error:
                    logger.debug("the log is not read yet", error=str(error))
                    await trio.sleep(_RETRY)
            self._look_for_what_is_missing()

    @property
    def _is_behind(self) -> bool:
        return self._end > self._newest_id or bool(self._ahead)

    async def _catch_up(self) -> int:
        caught_up, end, losses = 0, 0, -1
        async with self._reads:
            while losses != self._losses or self._newest_id < end:
                if losses != self._losses:  # at first, and where the log has lost its end meanwhile
                    end, losses = await self._find_end(), self._losses
                    if end > self._newest_id + MOST_BEHIND:
                        self._newest_id, self._newest = end, None
                        self._forget_the_told()
                        self._skipped(end)
                    continue
                read = await self._messages.read_log(self._newest_id, _PIECE, _PIECE_BYTES)
                await self._own_commit_known()
                if losses != self._losses:
                    continue
                # No await from here on: what is committed meanwhile is neither told twice nor before this.
                behind = [change for change in read if change.id > self._newest_id]
                if behind:
                    self._announce([self._ahead.pop(change.id, Announcement(change)) for change in behind])
                    caught_up += len(behind)
                elif not read and end > self._newest_id:
                    self._newest_id, self._newest = end, None
                self._forget_the_told()
                self._announce_what_continues()
                await self._broadcaster.keep_pace()
        return caught_up

    async def _find_end(self) -> int:
        """Return how far the log is, and forget what was said to lie beyond.

        Whoever says so may not know yet that the log has lost its end, and those ids will be other changes.
        """
        while True:
            losses, claimed, waited = self._losses, max((self._end, *self._ahead)), self._ahead.copy()
            end = await self._messages.newest_id()
            await self._own_commit_known()
            if losses == self._losses:
                break
        # What was committed meanwhile was not waiting yet, and may have the id of what was.
        self._forget([each for each in self._ahead if each > end and self._ahead[each] is waited.get(each)])
        if self._end <= claimed:
            self._end = max(end, self._newest_id)
        return end

    async def _own_commit_known(self) -> None:
        """Wait for the commit of our own that is under way: what was just read may have it, without its senders."""
        if self._written is not None:
            await self._written.wait()

    def _forget_the_told(self) -> None:
        """Drop what waited and was not in the log: it was deleted meanwhile."""
        self._forget([change_id for change_id in self._ahead if change_id <= self._newest_id])

    def _forget(self, change_ids: Sequence[int]) -> None:
        """Let these wait no more. Their senders alone are told: they were saved."""
        for change_id in change_ids:
            origin = self._ahead.pop(change_id).origin
            if origin is not None:
                origin.offer(b"")

    def _announce_what_continues(self) -> None:
        continuing: list[Announcement] = []
        while announcement := self._ahead.pop(self._newest_id + 1 + len(continuing), None):
            continuing.append(announcement)
        if continuing:
            self._announce(continuing)
        self._look_for_what_is_missing()

    def _announce(self, announcements: list[Announcement]) -> None:
        self._newest = announcements[-1].change
        self._newest_id = self._newest.id
        self._end = max(self._end, self._newest_id)
        self._broadcaster.announce(announcements)

    def _look_for_what_is_missing(self) -> None:
        if self._is_behind:
            self._is_wanted.set()


def _place(change: Change) -> tuple[int, int, int, float]:
    """Return what a change keeps, whatever becomes of its text, and no other has."""
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

    `skipped` is told, where others wrote too much to be told or the log has lost its end, behind which id it goes on.
    Sync. What is missing is waited for `patience` seconds before it is read. Leaving or cancelling: what is not read
    by then is told by nobody here.
    """
    follower = LogFollower(messages, broadcaster, newest_id, skipped, patience)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(follower.follow)
        yield follower
        nursery.cancel_scope.cancel(reason="the journal has ended")
