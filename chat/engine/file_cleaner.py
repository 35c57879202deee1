"""The one task that removes what nobody can have any more of files: rows that wait for no message, and then bytes.

Bytes that no row has are those of deleted messages and rooms, and what a crash left. Several servers may do it at once.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
import trio

from chat.domain.failures import StorageError
from chat.domain.ports import Files, FileStore

_STEP = 1000
"""Files that are looked at in one go."""

_HOUR = 3600.0
"""Seconds until it looks again: so long are bytes kept anyway."""

_PAUSE = 0.1
"""Seconds between two steps, for the others."""

logger = structlog.get_logger(__name__)


async def clean_files(table: Files, store: FileStore) -> None:
    """Look once an hour, until cancelled. Cancelling: a file is removed, or not."""
    while True:
        try:
            has_more = True
            while has_more:
                has_more = await table.forget_files(_STEP)
                await trio.sleep(_PAUSE)
            await _remove_unused(table, store)
        except StorageError as error:
            logger.warning("files that nobody has are not removed yet", error=str(error))
        await trio.sleep(_HOUR)


async def _remove_unused(table: Files, store: FileStore) -> None:
    last = b""
    while digests := await store.digests(last, _STEP):
        used = await table.digests_among(digests)
        for digest in digests:
            if digest not in used:
                await store.remove(digest)
        last = digests[-1]
        await trio.sleep(_PAUSE)


@asynccontextmanager
async def open_file_cleaner(table: Files, store: FileStore | None) -> AsyncGenerator[None]:
    """Remove what nobody can have for as long as the block lasts; without a store there is nothing to do.

    Cancelling: what is left is removed by the next run.
    """
    if store is None:
        yield
        return
    async with trio.open_nursery() as nursery:
        nursery.start_soon(clean_files, table, store)
        yield
        nursery.cancel_scope.cancel(reason="the server stops")
