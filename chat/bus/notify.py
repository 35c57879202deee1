"""The bus in PostgreSQL itself: NOTIFY on one connection, LISTEN on another, nothing else to install.

Neither is the journal's connection: a NOTIFY within its commit would hold PostgreSQL's one lock of notifications until
the disk has answered (docs/decisions/0016). Both need a session of their own: a pooler that shares sessions among
transactions passes no NOTIFY on.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import asyncpg
import trio

from chat.bus.liveness import ANSWER, LivenessCheck
from chat.bus.remote import PAUSE, RemoteBus, run_bus
from chat.storage.postgres.asyncio_bridge import run_in_asyncio
from chat.storage.postgres.database import CONNECTION_LOST, DatabaseAddress
from chat.storage.postgres.writer import RawConnection

LARGEST = 7_999
"""Bytes of the largest payload of a NOTIFY."""
_STEP = 512 * 1024
"""Bytes sent in one statement."""
_CHANNEL = "chat_bus"

# Announced changes are committed already: a NOTIFY that a crash loses would reach no connection anyway.
_NO_WAIT_FOR_THE_DISK = "SELECT set_config('synchronous_commit', 'off', false)"
_NOTIFY = f"SELECT count(pg_notify('{_CHANNEL}', payload)) FROM unnest($1::text[]) AS payload"
_MARK = "SELECT pg_notify($1, '')"

_FAILED = (*CONNECTION_LOST, asyncpg.PostgresError)
_ENDED = "PostgreSQL ended the connection"


def open_notify_bus(address: DatabaseAddress, *, timeout: float) -> AbstractAsyncContextManager[RemoteBus]:
    """Open the bus of a database for as long as the block lasts; it connects in the background, again and again.

    `timeout` is in seconds, for connecting. The caller runs inside `open_asyncio`. Cancelling drops waiting payloads.
    """
    bus = RemoteBus("notify", LARGEST)
    return run_bus(bus, partial(_listen, address, timeout), partial(_send, address, timeout))


async def _send(address: DatabaseAddress, timeout: float, bus: RemoteBus) -> None:
    """Send waiting payloads, all in one transaction; payloads that a lost connection takes along are not sent again."""
    while True:
        try:
            connection = await run_in_asyncio(_connect, address, timeout, "chat bus", bus.waiting.wake)
            try:
                await run_in_asyncio(connection.execute, _NO_WAIT_FOR_THE_DISK)
                bus.works("sending")
                with bus.waiting.connected():
                    while not connection.is_closed():
                        if payloads := bus.waiting.take(_STEP):
                            await run_in_asyncio(
                                connection.fetchval, _NOTIFY, [each.decode() for each in payloads]
                            )
                        await bus.waiting.wait()
            finally:
                connection.terminate()
            bus.failed("sending", _ENDED)
        except _FAILED as error:
            bus.failed("sending", str(error) or type(error).__name__)
        await trio.sleep(PAUSE)


async def _listen(address: DatabaseAddress, timeout: float, bus: RemoteBus) -> None:
    """Receive payloads, on one connection after another."""
    while True:
        check = LivenessCheck(_CHANNEL)

        def receive(
            _connection: object, _pid: int, channel: str, payload: object, check: LivenessCheck = check
        ) -> None:
            if check.arrived(channel):
                bus.arrived.put(str(payload).encode())

        try:
            connection = await run_in_asyncio(_connect, address, timeout, "chat bus listener", check.end)
            try:
                for channel in (_CHANNEL, check.mark):
                    await run_in_asyncio(connection.add_listener, channel, receive)
                bus.arrived.mark_lossy()  # payloads from before did not arrive here
                bus.works("listening")
                await check.watch(partial(run_in_asyncio, connection.execute, _MARK))
            finally:
                connection.terminate()
            bus.failed("listening", _ENDED)
        except _FAILED as error:
            bus.failed("listening", str(error) or type(error).__name__)
        await trio.sleep(PAUSE)


async def _connect(
    address: DatabaseAddress, timeout: float, name: str, ended: Callable[[], None]
) -> RawConnection:
    """Return a new connection that calls `ended` at its end; asyncio-flavoured."""
    connection = await asyncpg.connect(
        **address, timeout=timeout, command_timeout=ANSWER, server_settings={"application_name": name}
    )
    connection.add_termination_listener(lambda _connection: ended())
    return connection
