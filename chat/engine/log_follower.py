"""Reconciles the log: what is committed is announced if it continues what was announced before, and else looked up.

Ids ascend without a gap over all rooms and servers, so one number says how far this server is. A commit of our own
usually continues it. Where it does not, because the outcome of an earlier one is unknown or somebody else wrote, the
log is read from PostgreSQL until there is nothing more: one way, whatever happened.
"""

from collections.abc import Callable, Sequence

from chat.domain.ports import Messages
from chat.engine.broadcaster import Broadcaster
from chat.engine.hub import Announcement

_PIECE = 256
_PIECE_BYTES = 4 * 2**20
"""Changes of the log that are read at once, and bytes of their texts."""

MOST_BEHIND = 10_000
"""Changes that are told late. Whoever writes more beside this server writes no chat, and nobody could read it."""


class LogFollower:
    """Stands between the journal and the broadcaster. One task uses it."""

    def __init__(
        self,
        messages: Messages,
        broadcaster: Broadcaster,
        newest_id: int,
        skipped: Callable[[int], object] = lambda newest_id: None,
    ) -> None:
        self._messages = messages
        self._skipped = skipped  # told up to which id nobody is told: whoever listens missed that. Sync.
        self._broadcaster = broadcaster
        self._newest_id = newest_id  # of all that was announced, or was there before
        self._ahead: dict[int, Announcement] = {}  # committed, but something before them is not announced
        self._is_unsure = False  # whether something may be committed of which nobody told us

    @property
    def is_behind(self) -> bool:
        """Whether something has to be looked up before anything is announced."""
        return self._is_unsure or bool(self._ahead)

    def doubt(self) -> None:
        """Take note that something may have been committed. Sync."""
        self._is_unsure = True

    def committed(self, announcements: Sequence[Announcement]) -> None:
        """Announce what one commit added to the log, if it continues what was announced. Sync: no checkpoint."""
        if not announcements:
            return
        if self.is_behind or announcements[0].change.id != self._newest_id + 1:
            self._ahead.update((announcement.change.id, announcement) for announcement in announcements)
        else:
            self._announce(announcements)

    async def catch_up(self) -> int:
        """Read the log to its end and announce what is new in it; return how many changes that were.

        Raises StorageDown or OutcomeUnknown: what was read is announced, and the rest is still behind. Cancelling: the
        same.
        """
        caught_up = 0
        if (end := await self._messages.newest_id()) > self._newest_id + MOST_BEHIND:
            self._newest_id = end
            self._skipped(end)
        while behind := await self._messages.read_log(self._newest_id, _PIECE, _PIECE_BYTES):
            # No await from here on: what is read here is not read again.
            self._announce([self._ahead.pop(change.id, Announcement(change)) for change in behind])
            caught_up += len(behind)
            await self._broadcaster.keep_pace()
        # What is still ahead was deleted meanwhile: nobody is told, but for its sender, that it was saved.
        for announcement in self._ahead.values():
            if announcement.origin is not None:
                announcement.origin.offer(b"")
        self._newest_id = max(self._newest_id, *self._ahead, 0)
        self._ahead.clear()
        self._is_unsure = False
        return caught_up

    def _announce(self, announcements: Sequence[Announcement]) -> None:
        self._newest_id = announcements[-1].change.id
        self._broadcaster.announce(list(announcements))
