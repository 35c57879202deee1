"""The LISTEN connection: PostgreSQL notifies of changed people and settings, and of deleted rooms.

The triggers of sql/0003, 0005, 0009, 0011 and 0020 NOTIFY.

A notification is lost while there is no such connection, so each new connection reports that anything may have
changed. It needs a session of its own: a pooler in transaction mode forwards no NOTIFY.
"""

from collections.abc import Mapping

import asyncpg
import structlog
import trio

from chat.domain.ports import Changed
from chat.storage.postgres.asyncio_bridge import run_in_asyncio
from chat.storage.postgres.database import CONNECTION_LOST, DatabaseAddress
from chat.storage.postgres.writer import RawConnection

_CHECK = 10.0
"""Seconds between checks of a silent connection: a network may drop it without a sign."""
_PAUSE = 0.25
"""Seconds between attempts to connect."""

logger = structlog.get_logger(__name__)


async def listen_for_changes(
    address: DatabaseAddress, people: Changed, rooms: Changed, settings: Changed, *, timeout_each: float
) -> None:
    """Report changed people, deleted rooms and changed settings, and None after each connect.

    Runs until cancelled, which closes the connection. `timeout_each` is in seconds, for connecting and for each check.
    """
    channels = {"chat_people": people, "chat_rooms": rooms, "chat_settings": settings}
    failed = False
    while True:
        lost = trio.Event()
        try:
            connection = await run_in_asyncio(_connect, address, channels, lost, timeout_each)
            try:
                for changed in channels.values():
                    changed(None)
                failed = False
                await _until_lost(connection, lost)
            finally:
                connection.terminate()
        except (*CONNECTION_LOST, asyncpg.PostgresError) as error:
            if not failed:
                logger.warning(
                    "LISTEN connection lost; changes made by other processes are delayed until it reconnects",
                    error=str(error) or type(error).__name__,
                )
            failed = True
        await trio.sleep(_PAUSE)


async def _connect(
    address: DatabaseAddress, channels: Mapping[str, Changed], lost: trio.Event, timeout_each: float
) -> RawConnection:
    """Return a listening connection that sets `lost` when it ends; asyncio-flavoured."""
    connection = await asyncpg.connect(
        **address,
        timeout=timeout_each,
        command_timeout=timeout_each,
        server_settings={"application_name": "chat listener"},
    )

    def on_notification(_connection: object, _pid: int, channel: str, payload: object) -> None:
        channels[channel](_id(str(payload)))

    try:
        connection.add_termination_listener(lambda _connection: lost.set())
        for channel in channels:
            await connection.add_listener(channel, on_notification)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def _until_lost(connection: RawConnection, lost: trio.Event) -> None:
    """Return when the connection has ended. Raises asyncpg's errors when a check fails."""
    while not lost.is_set():
        with trio.move_on_after(_CHECK):
            await lost.wait()
        if not lost.is_set():
            await run_in_asyncio(connection.fetchval, "SELECT 1")


def _id(payload: str) -> int | None:
    """Return the id in a notification; None for any other text, which every user of the database may send."""
    return int(payload) if payload.isascii() and payload.isdigit() and len(payload) < 19 else None
