"""The one task that removes unused files: first rows of uploads that no message has, then bytes that no row has.

Bytes without a row are left by deleted messages and rooms, and go within an hour. After a crash, or beside a database
that was restored from an older backup, the database does not know why they have none; those stay for a week. Several
servers may do this at once.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
import trio

from chat.domain.failures import StorageError
from chat.domain.ports import Files, FileStore

_STEP = 1000
"""Files in one step."""

_HOUR = 3600.0
"""Seconds between two runs; bytes are kept for at least as long anyway."""

_PAUSE = 0.1
"""Seconds between two steps, for other tasks."""

logger = structlog.get_logger(__name__)


async def clean_files(table: Files, store: FileStore) -> None:
    """Remove unused files once an hour, until cancelled. Cancelling: a file is removed, or not."""
    while True:
        try:
            has_more = True
            while has_more:
                has_more = await table.forget_files(_STEP)
                await trio.sleep(_PAUSE)
            await _remove_unused(table, store)
        except StorageError as error:
            logger.warning("unused files not removed: trying again in an hour", error=str(error))
        await trio.sleep(_HOUR)


async def _remove_unused(table: Files, store: FileStore) -> None:
    last = b""
    while digests := await store.digests(last, _STEP):
        if unneeded := await table.unneeded(digests):
            for digest in sorted(unneeded):
                await store.remove(digest)
            await table.removed(unneeded)
        last = digests[-1]
        await trio.sleep(_PAUSE)


@asynccontextmanager
async def open_file_cleaner(table: Files, store: FileStore | None) -> AsyncGenerator[None]:
    """Remove unused files for as long as the block lasts; without a store there is nothing to do.

    Cancelling: the next run removes the rest.
    """
    if store is None:
        yield
        return
    async with trio.open_nursery() as nursery:
        nursery.start_soon(clean_files, table, store)
        yield
        nursery.cancel_scope.cancel(reason="the server stops")
