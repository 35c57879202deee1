"""The one task that indexes messages for search: it follows the log, a second behind, and yields to writers.

Each of several servers has one, and the storage lets one of them work at a time; when that one ends, another goes on.
"""

import math
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import structlog
import trio

from chat.domain.failures import StorageError
from chat.features.search.index import Progress, SearchIndex

_STEP = 32_768
"""Bytes of text in one step: some five milliseconds of work. The storage does less in a step that takes longer."""

_PAUSE = 0.25
"""Seconds between two checks for new messages."""

_SHARE = 0.5
"""The share of time that it works while it lags; otherwise it sleeps."""

_MANY = 2000
"""Changes a second from which on writers go first: then it works a twentieth as much."""

_STEP_BESIDE_MANY = 8192
_SHARE_BESIDE_MANY = 0.025

_SHARE_OF_OLDER = 0.1
"""The same while older messages get their bucket, and what they have: most searches find them without."""

_FAR = 10_000
"""So many unindexed changes are logged for the operator, as after an upgrade that indexes everything again."""

_RETRY = 1.0
"""Seconds until the next try when the database fails."""

logger = structlog.get_logger(__name__)


async def keep_indexed(index: SearchIndex, newest_id: Callable[[], int]) -> None:
    """Index new, edited and deleted messages, until cancelled. Cancelling: a step is done whole or not begun.

    `newest_id` returns the newest id of the log that this server knows.
    """
    progress, failed, is_far, is_bucketed, is_marked = Progress(-1), False, False, True, True
    looked, newest = -math.inf, 0
    while True:
        started, known, newest = trio.current_time(), newest, newest_id()
        are_many = newest - known > _MANY * (started - looked)
        if newest < known:  # the log has lost its end, and the index with it
            progress = Progress(-1)
        if progress.last_id >= newest and progress.is_bucketed and progress.is_marked:
            looked = started
            await trio.sleep(_PAUSE)
            continue
        try:
            progress = await index.index(_STEP_BESIDE_MANY if are_many else _STEP)
        except StorageError as error:
            if not failed:
                logger.warning(
                    "search index not updated: new messages can't be found yet; trying again",
                    error=str(error),
                )
            failed = True
            await trio.sleep(_RETRY)
            continue
        failed, looked = False, started
        if progress.is_ours and progress.is_bucketed != is_bucketed:
            is_bucketed = progress.is_bucketed
            logger.info(
                "search index is sorted by time"
                if is_bucketed
                else "search index of older messages is sorted by time; searches for them may be slow until then"
            )
        if progress.is_ours and progress.is_marked != is_marked:
            is_marked = progress.is_marked
            logger.info(
                "files and links of all messages are found by has:"
                if is_marked
                else "files and links of older messages are found by has: gradually"
            )
        if not is_far and progress.is_ours and newest - progress.last_id >= _FAR:
            is_far = True
            logger.info(
                "search index is behind: older messages are found gradually",
                changes=newest - progress.last_id,
            )
        elif is_far and progress.last_id >= newest:
            is_far = False
            logger.info("search index is complete")
        if progress.is_ours and progress.last_id < newest:
            share = _SHARE_BESIDE_MANY if are_many else _SHARE
            await trio.sleep((trio.current_time() - started) * (1 / share - 1))
        elif not (progress.is_bucketed and progress.is_marked):
            await trio.sleep((trio.current_time() - started) * (1 / _SHARE_OF_OLDER - 1))
        else:
            await trio.sleep(_PAUSE)


@asynccontextmanager
async def open_indexer(index: SearchIndex, newest_id: Callable[[], int]) -> AsyncGenerator[None]:
    """Keep messages indexed for as long as the block lasts; the next server goes on where this one ended.

    Cancelling: a step that has begun is done whole, or not at all.
    """
    async with trio.open_nursery() as nursery:
        nursery.start_soon(keep_indexed, index, newest_id)
        yield
        nursery.cancel_scope.cancel(reason="the server stops")
