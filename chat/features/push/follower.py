"""The task that follows the log and decides whom new messages notify. Each server has one; they take turns."""

from collections.abc import Callable, Mapping
from typing import Protocol

import structlog
import trio

from chat.domain.failures import StorageError
from chat.engine.hub import Hub
from chat.features.push.ledger import Step
from chat.features.push.rules import Decision

PACE = 1.0
"""Seconds from one step to the next; less while older messages wait."""

_RETRY = 1.0
"""Seconds until the next try when the database fails."""

logger = structlog.get_logger(__name__)


class DecidesSteps(Protocol):
    """Decides step by step along the log, as `Ledger.decide` does."""

    async def decide(self, delay: float) -> Step: ...


class CountsDecisions(Protocol):
    """Counts decisions. Sync."""

    def decided(self, counts: Mapping[Decision, int]) -> None: ...


async def follow(
    ledger: DecidesSteps,
    hub: Hub,
    figures: CountsDecisions,
    decided: Callable[[], object],
    delay: float,
    pace: float = PACE,
    what: str = "pushes",
) -> None:
    """Decide whom new messages notify, until cancelled. Without new messages it sleeps.

    Args:
        ledger: where the decisions are.
        hub: notifies of new messages, also those of other servers.
        figures: counts the decisions.
        decided: called after each step: it, or the one of another server before it, may have made something due. Sync.
        delay: seconds from a message until its push.
        pace: seconds from one step to the next.
        what: is sent, for the log.

    Cancelling: a step is done whole, or not begun.
    """
    known, has_failed = -1, False
    while True:
        await hub.published.wait_until(lambda newest=known: hub.newest_id > newest)  # type: ignore[misc]
        newest, started = hub.newest_id, trio.current_time()
        try:
            step = await ledger.decide(delay)
        except StorageError as error:
            if not has_failed:
                logger.warning(
                    f"{what} for new messages are not decided; trying again each second", error=str(error)
                )
            has_failed = True
            await trio.sleep(_RETRY)
            continue
        has_failed = False
        figures.decided(step.decided)
        decided()
        if step.is_behind:
            await trio.sleep(trio.current_time() - started)  # half of the time is for others
        else:
            known = newest
            await trio.sleep(pace)
