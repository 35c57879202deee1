"""Removes rows that have expired beside messages, in small steps."""

from collections.abc import Awaitable, Callable

import trio

from chat.engine.services import EngineServices
from chat.features.retention.rows import OLD_ROWS, ROW_KINDS
from chat.features.retention.rules import DAY, Kind, Rules
from chat.paced_steps import PacedSteps

_MOST = 1000
"""Rows that one step reads at most: some ten milliseconds."""


class RowRemover:
    """Removes, as the server `number`; `claim` goes on with its claim, and returns False if that is lost."""

    def __init__(self, services: EngineServices, number: int, claim: Callable[[], Awaitable[bool]]) -> None:
        self._rows = services.feature_ports[OLD_ROWS]
        self._number = number
        self._claim = claim
        self._marks_not_before = 0.0

    async def remove_all(self, rules: Rules) -> dict[str, int]:
        """Remove all that has expired, and return how many of each kind. Raises StorageError.

        Read marks are looked through once a day. Cancelling: a step is done whole, or not begun.
        """
        counts = {}
        for kind in ROW_KINDS:
            counts[str(kind)] = await self._remove(kind, rules)
        if trio.current_time() >= self._marks_not_before:
            counts[str(Kind.READ_MARKS)] = await self._remove(Kind.READ_MARKS, rules)
            self._marks_not_before = trio.current_time() + DAY
        return counts

    async def _remove(self, kind: Kind, rules: Rules) -> int:
        count, steps = 0, PacedSteps(_MOST)
        place: tuple[object, ...] | None = ()
        while place is not None:
            started = trio.current_time()
            removed, place = await self._rows.remove_rows(self._number, kind, rules, place, steps.size)
            count += removed
            if place is not None:
                await steps.rest(trio.current_time() - started)
                if not await self._claim():
                    break
        return count
