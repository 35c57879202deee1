"""The connection on which PostgreSQL tells of changed people and settings, and of deleted rooms: LISTEN.

The triggers of sql/0003, 0005, 0009, 0011 and 0020 NOTIFY.

What is committed while there is no such connection is told to nobody; so after each connecting everybody is to be
looked at. It needs a session of its own: a pooler that shares sessions among transactions passes no NOTIFY on.
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
"""Seconds between two looks whether a silent connection is still one: a network may forget it and tell nobody."""
_PAUSE = 0.25
"""Seconds between two tries to connect."""

logger = structlog.get_logger(__name__)


async def tell_of_changes(
    address: DatabaseAddress, people: Changed, rooms: Changed, settings: Changed, *, timeout_each: float
) -> None:
    """Tell of changed people, deleted rooms and changed settings, and None after each connecting.

    It runs until it is cancelled, which closes the connection. `timeout_each` is in seconds, for connecting and for a
    look at the connection.
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
    """Return a connection that listens, and sets `lost` when it ends; asyncio-flavoured."""
    connection = await asyncpg.connect(
        **address,
        timeout=timeout_each,
        command_timeout=timeout_each,
        server_settings={"application_name": "chat listener"},
    )

    def heard(_connection: object, _pid: int, channel: str, payload: object) -> None:
        channels[channel](_id(str(payload)))

    try:
        connection.add_termination_listener(lambda _connection: lost.set())
        for channel in channels:
            await connection.add_listener(channel, heard)
    except BaseException:
        connection.terminate()
        raise
    return connection


async def _until_lost(connection: RawConnection, lost: trio.Event) -> None:
    """Return when the connection has ended. Raises what asyncpg does where it no longer answers."""
    while not lost.is_set():
        with trio.move_on_after(_CHECK):
            await lost.wait()
        if not lost.is_set():
            await run_in_asyncio(connection.fetchval, "SELECT 1")


def _id(payload: str) -> int | None:
    """Return whom or what it is about; anybody who may use the database may send a NOTIFY, with any text."""
    return int(payload) if payload.isascii() and payload.isdigit() and len(payload) < 19 else None
