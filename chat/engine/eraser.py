"""The one task that removes what is left of removed accounts, in small steps that yield to everybody else.

Messages are deleted through the journal, as their author would delete them: clients of all protocols get the deletions,
and a replay sends them. One server at a time works on a person; after a crash it or another one goes on at the last
step. A removal wakes the task, and it looks again every ten seconds, as another server may have ended.
"""

import secrets
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from pathlib import Path

import structlog
import trio

from chat.domain.accounts.account_removal import How, OpenRemoval
from chat.domain.failures import StorageError
from chat.domain.ports import AccountRemovals
from chat.domain.refusals import Code, Refusal
from chat.engine.writes import Writes
from chat.paced_steps import PacedSteps
from chat.signals import Signal
from chat.storage.removal_list import list_removals, remove_listed

_MOST = 10
"""Deletions in one commit at most, for which a message of somebody else may wait."""

_AIM = 0.002
"""Seconds that the deletions of a commit should take."""

_COMMITS = 5
"""Commits for which is read at once, so that others stay away and a hold is found within seconds."""

_SHARE = 0.1
"""Part of the time that it works; otherwise it sleeps."""

_CLAIM = 10.0
"""Seconds for which other servers leave a person to this one, from each step on."""

_LOOK = 10.0
"""Seconds between two looks for removals that another server has left."""

_RETRY = 1.0
"""Seconds until the next try when the database fails."""

_HELD = 600.0
"""Seconds until the next look whether a room is still on hold."""

_AGAIN = Code.UNAVAILABLE, Code.OUTCOME_UNKNOWN
"""The codes of refusals after which a step is repeated."""

SETTLED = 15.0
"""Seconds after which no write from before a removal is in flight; a commit times out before."""

logger = structlog.get_logger(__name__)


class Eraser:
    """Removes what is left of removed accounts.

    Args:
        removals: what is to be removed.
        writes: deletes messages, and takes reactions back.
        removed_room: called when it has deleted a support conversation, whose rows are then removed. Sync.
        settled_after: see SETTLED.
        listed: the file that lists removed accounts beside the database, and the id of the database.
    """

    def __init__(
        self,
        removals: AccountRemovals,
        writes: Writes,
        *,
        removed_room: Callable[[], object] = lambda: None,
        settled_after: float = SETTLED,
        listed: tuple[Path, str] | None = None,
    ) -> None:
        self._removals = removals
        self._writes = writes
        self._removed_room = removed_room
        self._settled_after = settled_after
        self._listed = listed
        self._steps = PacedSteps(_MOST, aim=_AIM, share=_SHARE)
        self._number = secrets.randbits(62)
        self._woken = Signal()
        self._is_woken = False

    def wake(self, _person_id: int | None = None) -> None:
        """Have it run now: an account was removed. Sync."""
        self._is_woken = True
        self._woken.notify()

    async def erase(self) -> None:
        """Run, then wait to be woken; until cancelled. Cancelling: a step is done whole, or repeated later."""
        await self._try(self._remove_listed)
        self._is_woken = True
        while True:
            if self._is_woken:
                self._is_woken = False
                await self._try(self._list)
            await self._try(self._erase_all)
            with trio.move_on_after(_LOOK):
                await self._woken.wait_until(lambda: self._is_woken)

    async def _try(self, act: Callable[[], Awaitable[None]]) -> None:
        failed = False
        while True:
            try:
                return await act()
            except (StorageError, OSError) as error:
                if not failed:
                    logger.warning(
                        "removed accounts not erased or not listed yet: trying again", error=str(error)
                    )
                failed = True
                await trio.sleep(_RETRY)

    async def _remove_listed(self) -> None:
        if self._listed is not None and (count := await remove_listed(self._removals, *self._listed)):
            logger.warning("removed accounts that a restored database still had", accounts=count)

    async def _list(self) -> None:
        if self._listed is not None:
            await list_removals(self._removals, *self._listed)

    async def _erase_all(self) -> None:
        while removal := await self._removals.claim(self._number, _CLAIM, self._settled_after):
            step = await self._step(removal) if removal.how is How.ERASE else _Step.LAST
            match step:
                case _Step.WAIT:
                    await trio.sleep(_RETRY)
                case _Step.HELD:
                    await self._removals.postpone(removal.person_id, _HELD)
                    logger.info(
                        "messages of a removed account stay: a room is on hold", person=removal.person_id
                    )
                case _Step.LAST:
                    await self._removals.finish(removal.person_id)
                    self._removed_room()
                    logger.info(
                        "removed what was left of an account", person=removal.person_id, how=removal.how
                    )

    async def _step(self, removal: OpenRemoval) -> "_Step":
        """Remove the next part."""
        started, done = trio.current_time(), 0
        window = await self._removals.window(removal.person_id, removal.done_id, self._steps.size * _COMMITS)
        read = trio.current_time() - started
        while writes := window.writes[done : done + self._steps.size]:
            started = trio.current_time()
            outcomes = await self._writes.write_all(writes)
            if any(isinstance(each, Refusal) and each.code in _AGAIN for each in outcomes):
                return _Step.WAIT
            done += len(writes)
            await self._steps.rest(trio.current_time() - started)
        started = trio.current_time() - read
        if window.last_id > removal.done_id:
            await self._removals.clear(removal.person_id, removal.done_id, window.last_id)
        await trio.sleep((trio.current_time() - started) * (1 / _SHARE - 1))
        if window.is_held and not window.writes and window.last_id <= removal.done_id:
            return _Step.HELD
        if not window.is_end or window.writes:
            return _Step.MORE
        return _Step.LAST if removal.is_settled else _Step.WAIT


class _Step(Enum):
    """What follows a step."""

    MORE = auto()
    WAIT = auto()
    HELD = auto()
    LAST = auto()
