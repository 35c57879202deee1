"""The tasks of pushes beside a server: they decide, send, and remove old decisions."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import structlog
import trio

from chat.domain.failures import StorageError
from chat.engine.hub import Hub
from chat.engine.statuses import Statuses
from chat.features.push.figures import Figures
from chat.features.push.follower import PACE, follow
from chat.features.push.ledger import Ledger
from chat.features.push.sending import Outgoing, Sender
from chat.features.push.sent_file import open_sent_file

DELAY = 10.0
"""Seconds in which a message may be read in an open page before it is pushed."""

_GOODBYE = 2.0
"""Seconds for the pushes under way when a server stops; later ones are sent again."""

_EVERY = 3600.0
"""Seconds from one look for old decisions to the next."""

_STEP = 500
"""Decisions that are removed at once."""

_PAUSE = 0.2
"""Seconds from one such step to the next."""

logger = structlog.get_logger(__name__)


@asynccontextmanager
async def open_pushes(
    ledger: Ledger,
    hub: Hub,
    statuses: Statuses,
    outgoing: Callable[[], Awaitable[Outgoing]],
    figures: Figures,
    *,
    directory: Path | None = None,
    data_id: str = "",
    delay: float = DELAY,
    pace: float = PACE,
) -> AsyncGenerator[Sender]:
    """Notify people of messages for as long as the block lasts.

    Args:
        ledger: keeps the decisions.
        hub: notifies of new messages.
        statuses: who is online.
        outgoing: returns how pushes are sent; may raise StorageDown and OutcomeUnknown.
        figures: counts.
        directory: the data directory, where sent pushes are kept until they are noted.
        data_id: identifies the data of the ledger; sent pushes of other data are not noted.
        delay: seconds from a message until its push.
        pace: seconds from one step along the log to the next.

    Leaving it waits a moment for pushes under way. Cancelling: these may have been sent, and another server, or this
    one when it is back, sends them again.
    """
    with open_sent_file(directory, data_id) as sent_file:
        async with trio.open_nursery() as nursery:
            sender = Sender(ledger, outgoing, statuses, figures, sent_file)
            nursery.start_soon(follow, ledger, hub, figures, sender.wake, delay, pace)
            nursery.start_soon(sender.run)
            nursery.start_soon(forget_old, ledger)
            yield sender
            sender.stop()
            with trio.move_on_after(_GOODBYE):
                await sender.wait_recorded()
            nursery.cancel_scope.cancel(reason="the server stops")


class Forgets(Protocol):
    """Removes its oldest entries, as `Ledger.forget` does."""

    async def forget(self, most: int) -> int: ...


async def forget_old(ledger: Forgets, what: str = "pushes") -> None:
    """Remove old decisions about `what`, each hour, until cancelled. Cancelling: a step is done, or not."""
    while True:
        try:
            forgotten = await ledger.forget(_STEP)
        except StorageError as error:
            logger.warning(
                f"old decisions about {what} are not removed; trying again in an hour", error=str(error)
            )
            forgotten = 0
        await trio.sleep(_PAUSE if forgotten == _STEP else _EVERY)
