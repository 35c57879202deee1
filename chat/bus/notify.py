"""The bus in PostgreSQL itself: NOTIFY on one connection, LISTEN on another, nothing else to install.

Neither is the journal's: a NOTIFY within its commit would hold PostgreSQL's one lock of notifications until the disk
has answered (docs/decisions/0016). Both need a session of their own: a pooler that shares sessions among transactions
passes no NOTIFY on.
"""

import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import asyncpg
import trio

from chat.bus.remote import ANSWER, PAUSE, SILENCE, RemoteBus, run_bus
from chat.storage.postgres.crossing import cross
from chat.storage.postgres.database import CONNECTION_LOST, DatabaseAddress
from chat.storage.postgres.writer import RawConnection

LARGEST = 7_999
"""Bytes: what PostgreSQL takes as the payload of a NOTIFY."""
_STEP = 512 * 1024
"""Bytes that are sent in one statement."""
_CHANNEL = "chat_bus"

# What is announced is committed: a NOTIFY that PostgreSQL forgets in a crash could reach nobody anyway.
_NO_WAIT_FOR_THE_DISK = "SELECT set_config('synchronous_commit', 'off', false)"
_NOTIFY = f"SELECT count(pg_notify('{_CHANNEL}', payload)) FROM unnest($1::text[]) AS payload"
_MARK = "SELECT pg_notify($1, '')"

_FAILED = (*CONNECTION_LOST, asyncpg.PostgresError)
_ENDED = "PostgreSQL ended the connection"


def open_notify_bus(address: DatabaseAddress, *, timeout: float) -> AbstractAsyncContextManager[RemoteBus]:
    """Open the bus of a database for as long as the block lasts; connecting goes on meanwhile, and for ever.

    `timeout` is in seconds, for connecting. The caller runs inside `open_asyncio`. Cancelling drops what waits to be
    sent.
    """
    bus = RemoteBus("notify", LARGEST)
    return run_bus(bus, partial(_listen, address, timeout), partial(_send, address, timeout))


async def _send(address: DatabaseAddress, timeout: float, bus: RemoteBus) -> None:
    """Send what waits, all of it in one transaction; what a lost connection takes along is not sent again."""
    while True:
        try:
            connection = await cross(_connect, address, timeout, "chat bus", bus.waiting.wake)
            try:
                await cross(connection.execute, _NO_WAIT_FOR_THE_DISK)
                bus.works("sending")
                with bus.waiting.connected():
                    while not connection.is_closed():
                        if payloads := bus.waiting.take(_STEP):
                            await cross(connection.fetchval, _NOTIFY, [each.decode() for each in payloads])
                        await bus.waiting.wait()
            finally:
                connection.terminate()
            bus.failed("sending", _ENDED)
        except _FAILED as error:
            bus.failed("sending", str(error) or type(error).__name__)
        await trio.sleep(PAUSE)


class _Ear:
    """What the callbacks of one listening connection note."""

    def __init__(self, bus: RemoteBus) -> None:
        self._bus = bus
        self.mark = f"{_CHANNEL}_{secrets.token_hex(8)}"  # a channel on which nobody else listens
        self.signs = 0  # notifications that came
        self.marked = trio.Event()
        self.ended = trio.Event()

    def hear(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        self.signs += 1
        if channel == self.mark:
            self.marked.set()
        else:
            self._bus.arrived.put(str(payload).encode())


async def _listen(address: DatabaseAddress, timeout: float, bus: RemoteBus) -> None:
    """Take in what comes."""
    while True:
        ear = _Ear(bus)
        try:
            connection = await cross(_connect, address, timeout, "chat bus listener", ear.ended.set)
            try:
                for channel in (_CHANNEL, ear.mark):
                    await cross(connection.add_listener, channel, ear.hear)
                bus.arrived.lose()  # what was sent before is heard by nobody here
                bus.works("listening")
                await _until_deaf(connection, ear)
            finally:
                connection.terminate()
            bus.failed("listening", _ENDED)
        except _FAILED as error:
            bus.failed("listening", str(error) or type(error).__name__)
        await trio.sleep(PAUSE)


async def _until_deaf(connection: RawConnection, ear: _Ear) -> None:
    """Return when the connection has ended. Raises what asyncpg does, or ConnectionError, where nothing comes any more.

    A network may forget a connection and tell nobody, and a pooler may answer and pass no NOTIFY on.
    """
    while not ear.ended.is_set():
        signs = ear.signs
        with trio.move_on_after(SILENCE):
            await ear.ended.wait()
        if ear.signs == signs and not ear.ended.is_set():
            ear.marked = trio.Event()
            await cross(connection.execute, _MARK, ear.mark)
            with trio.move_on_after(ANSWER) as in_time:
                await ear.marked.wait()
            if in_time.cancelled_caught:
                raise ConnectionError("a NOTIFY of our own did not come back")


async def _connect(
    address: DatabaseAddress, timeout: float, name: str, ended: Callable[[], None]
) -> RawConnection:
    """Return a connection that calls `ended` when it ends; asyncio-flavoured."""
    connection = await asyncpg.connect(
        **address, timeout=timeout, command_timeout=ANSWER, server_settings={"application_name": name}
    )
    connection.add_termination_listener(lambda _connection: ended())
    return connection
