"""Closes idle support conversations, and removes closed ones with their visitors, one at a time."""

from collections.abc import Awaitable, Callable
from functools import partial

import structlog
import trio

from chat.domain.entities import SupportOf
from chat.domain.messages.changes import SupportChange, SupportChanged
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices
from chat.features.retention.conversations import OLD_CONVERSATIONS, Idle, OldVisitor
from chat.features.retention.rules import Rules
from chat.paced_steps import PacedSteps

_PAGE = 100
"""Conversations that are looked up at once."""

logger = structlog.get_logger(__name__)


class ConversationRemover:
    """Closes and removes, as the server `number`; `claim` goes on with its claim, and returns False if that is lost."""

    def __init__(self, services: EngineServices, number: int, claim: Callable[[], Awaitable[bool]]) -> None:
        self._services = services
        self._old = services.feature_ports[OLD_CONVERSATIONS]
        self._number = number
        self._claim = claim
        self._steps = PacedSteps(1)

    async def close_idle(self, rules: Rules) -> int:
        """Close the idle conversations, and return how many. Raises StorageError. Cancelling: one is closed, or not."""
        count, after_id = 0, 0
        while found := await self._old.idle(rules, after_id, _PAGE):
            for each in found:
                count += await self._step(partial(self._close, each, rules.support_close_days))
                if not await self._claim():
                    return count
            after_id = found[-1].room_id
        return count

    async def remove_old(self, rules: Rules) -> int:
        """Remove visitors whose conversation has been closed for long, and return how many. Raises StorageError.

        Cancelling: one is removed, or not.
        """
        count, after_id = 0, 0
        while found := await self._old.old_visitors(rules, after_id, _PAGE):
            for each in found:
                count += await self._step(partial(self._remove, rules, each))
                if not await self._claim():
                    return count
            after_id = found[-1].person_id
        return count

    async def _step(self, act: Callable[[], Awaitable[bool]]) -> bool:
        started = trio.current_time()
        is_done = await act()
        await self._steps.rest(trio.current_time() - started)
        return is_done

    async def _close(self, idle: Idle, days: int) -> bool:
        change = SupportChange(
            idle.room_id,
            idle.person.id,
            current_time(),
            SupportOf(idle.person),
            is_closed=True,
            idle_days=days,
            at_pos=idle.pos,
        )
        return isinstance(await self._services.writes.write(change), SupportChanged)

    async def _remove(self, rules: Rules, visitor: OldVisitor) -> bool:
        if not await self._old.remove_visitor(self._number, rules, visitor):
            return False
        # No await between the commit and this, which notifies the person's sockets and the task that erases the rest.
        self._services.accounts.changed(visitor.person_id)
        logger.info("removed a visitor: the conversation was closed for long", person=visitor.person_id)
        return True
