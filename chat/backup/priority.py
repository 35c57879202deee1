"""Has the processes of a backup go last: nobody waits for it, and everybody shares its processors."""

import os
from contextlib import suppress

import trio

from chat.backup.connection import Connection

_LOWEST = 19
_LOOK_EVERY = 0.02
"""Seconds between two looks for PostgreSQL's process, which is there a moment after pg_basebackup begins."""

_OWN = "SELECT pg_backend_pid() AS pid"
_SENDERS = (
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walsender' AND application_name = 'pg_basebackup'"
)


def go_last() -> None:
    """Give this process, and those that it starts, the lowest priority; nothing where there is none. Sync."""
    with suppress(OSError, AttributeError):
        os.nice(_LOWEST)


async def have_queries_go_last(connection: Connection) -> None:
    """Give it to the process of the embedded PostgreSQL that serves this connection. Raises BackupFailed."""
    await _go_last(connection, _OWN)


async def have_senders_go_last(connection: Connection) -> None:
    """Give it to the process with which the embedded PostgreSQL sends its files, as soon as it is there.

    Raises BackupFailed. Cancelling: it keeps its priority.
    """
    while not await _go_last(connection, _SENDERS):  # noqa: ASYNC110 - another process makes it
        await trio.sleep(_LOOK_EVERY)


async def _go_last(connection: Connection, query: str) -> bool:
    processes = await connection.rows(query)
    for process in processes:
        with suppress(OSError, AttributeError):  # it is over, or another user's; or there are no priorities
            os.setpriority(os.PRIO_PROCESS, process["pid"], _LOWEST)
    return bool(processes)
