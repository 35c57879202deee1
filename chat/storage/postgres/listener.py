"""The connection on which PostgreSQL tells of every person who is changed: LISTEN (sql/0003 has the NOTIFY).

What is committed while there is no such connection is told to nobody; so after each connecting everybody is to be
looked at. It needs a session of its own: a pooler that shares sessions among transactions passes no NOTIFY on.
"""

import asyncpg
import structlog
import trio

from chat.storage.ports import Changed
from chat.storage.postgres.crossing import cross
from chat.storage.postgres.database import CONNECTION_LOST, Address
from chat.storage.postgres.writer import RawConnection

_CHANNEL = "chat_people"
_CHECK = 10.0
"""Seconds between two looks whether a silent connection is still one: a network may forget it and tell nobody."""
_PAUSE = 0.25
"""Seconds between two tries to connect."""

logger = structlog.get_logger(__name__)


async def tell_of_people(address: Address, changed: Changed, *, timeout_each: float) -> None:
    """Tell `changed` of every person who is changed, and None after each connecting; until cancelled.

    `timeout_each` is in seconds, for connecting and for a look at the connection. Cancelling closes it.
    """
    failed = False
    while True:
        lost = trio.Event()
        try:
            connection = await cross(_connect, address, changed, lost, timeout_each)
            try:
                changed(None)
                failed = False
                await _until_lost(connection, lost)
            finally:
                connection.terminate()
        except (*CONNECTION_LOST, asyncpg.PostgresError) as error:
            if not failed:
                logger.warning("changes of people are not heard", error=str(error) or type(error).__name__)
            failed = True
        await trio.sleep(_PAUSE)


async def _connect(
    address: Address, changed: Changed, lost: trio.Event, timeout_each: float
) -> RawConnection:
    """Return a connection that listens, and sets `lost` when it ends; asyncio-flavoured."""
    connection = await asyncpg.connect(
        **address,
        timeout=timeout_each,
        command_timeout=timeout_each,
        server_settings={"application_name": "chat listener"},
    )

    def heard(_connection: object, _pid: int, _channel: str, payload: object) -> None:
        changed(_person_id(str(payload)))

    try:
        connection.add_termination_listener(lambda _connection: lost.set())
        await connection.add_listener(_CHANNEL, heard)
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
            await cross(connection.fetchval, "SELECT 1")


def _person_id(payload: str) -> int | None:
    """Return whom it is about; anybody who may use the database may send a NOTIFY, with any text."""
    return int(payload) if payload.isascii() and payload.isdigit() and len(payload) < 19 else None
