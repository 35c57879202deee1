"""The journal's own connection, by which this server writes messages and reads the log.

It holds two advisory locks for as long as it lives. One is this server's own: once a new connection has it, no write
of an earlier one can still land. The other is everybody's: a server that hears of no other holds it alone, and servers
that hear of each other share it.
"""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import Enum
from typing import TypeAlias, TypeVar

import asyncpg
import structlog
import trio

from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.startup import CannotStart
from chat.storage.postgres.asyncio_bridge import run_in_asyncio
from chat.storage.postgres.database import CONNECTION_LOST, DatabaseAddress, TranslatedWriteErrors
from chat.storage.postgres.session import set_up, warn_of_losses

T = TypeVar("T")
RawConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_ONE_SERVER = 0x63686174_77726974  # "chatwrit"
_OWN = 0x6C616E65  # "lane"
_TRY_OWN = f"SELECT pg_try_advisory_lock({_OWN}, $1)"
_TERMINATE = "SELECT pg_terminate_backend($1)"
_PAUSE = 0.1
"""Seconds between two tries to connect, or to get the lock from a backend that is still ending."""

logger = structlog.get_logger(__name__)


class WriterLock(Enum):
    """Who else may write to the database; its value is the statement that takes the lock for it."""

    EXCLUSIVE = f"SELECT pg_try_advisory_lock({_ONE_SERVER})"
    """No other server."""
    SHARED = f"SELECT pg_try_advisory_lock_shared({_ONE_SERVER})"
    """Servers that want it so too."""
    NONE = "SELECT true"
    """Whichever: it is no server that writes here, but a command."""


class Writer:
    """One connection, made when it is needed and made again when it is lost."""

    def __init__(
        self, address: DatabaseAddress, timeout: float, *, lock: WriterLock = WriterLock.EXCLUSIVE
    ) -> None:
        self._number = secrets.randbits(31)  # this server's, among those that write to the database
        self._lock = lock
        self.is_shut_out = False  # whether another server was there that does not share, at the last try
        self._address = address
        self._timeout = timeout  # seconds for one operation, connecting included
        self._connection: RawConnection | None = None
        self._last_backend = 0  # process id of the backend that may still be at work for us

    async def run(self, operation: Callable[[RawConnection], Awaitable[T]]) -> T:
        """Run `operation` (asyncio-flavoured; one statement or one transaction) on the connection.

        Raises StorageDown, WriteRejected or OutcomeUnknown. Cancelling: felt at once while there is no connection,
        for then nothing is begun, and otherwise after the operation has ended.
        """
        begun = False
        with trio.move_on_after(self._timeout) as in_time:
            connection = await self._connected()
            begun = True
            # Without the shield, cancelling the journal would leave a batch that may have been saved.
            in_time.shield = True
            try:
                with TranslatedWriteErrors():
                    return await run_in_asyncio(operation, connection)
            except OutcomeUnknown:
                self.disconnect()
                raise
        self.disconnect()
        if begun:  # also where asyncpg has closed the connection: what was sent may still arrive
            raise OutcomeUnknown("the database did not answer in time")
        raise StorageDown("the database can't be reached")

    def disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _connected(self) -> RawConnection:
        """Return the connection, trying until the caller's deadline to make one."""
        while self._connection is None or self._connection.is_closed():
            self.disconnect()
            try:
                self._connection = await run_in_asyncio(self._connect)
            except (*CONNECTION_LOST, asyncpg.PostgresError) as error:
                logger.debug(
                    "cannot connect to the database for writing; retrying",
                    error=str(error) or type(error).__name__,
                )
            if self._connection is None:
                await trio.sleep(_PAUSE)
        return self._connection

    async def _connect(self) -> "RawConnection | None":
        """Return a new connection that has the locks, or None while another backend still holds one."""
        connection = await asyncpg.connect(
            **self._address,
            timeout=self._timeout,
            command_timeout=self._timeout,
            server_settings={"application_name": "chat journal"},
        )
        try:
            await set_up(connection, self._timeout)
            if not self._last_backend:
                await warn_of_losses(connection)
            else:
                await connection.fetchval(_TERMINATE, self._last_backend)
            is_own = await connection.fetchval(_TRY_OWN, self._number)
            self.is_shut_out = is_own and not await connection.fetchval(self._lock.value)
            if is_own and not self.is_shut_out:
                self._last_backend = connection.get_server_pid()
                return connection
        except BaseException:
            connection.terminate()
            raise
        await connection.close(timeout=1)
        return None


@asynccontextmanager
async def open_writer(
    address: DatabaseAddress, *, timeout_each: float, lock: WriterLock = WriterLock.EXCLUSIVE
) -> AsyncGenerator[Writer]:
    """Connect for as long as the block lasts. Raises CannotStart if a server writes here that is no company.

    Cancelling: a write under way is over first, by its own deadline.
    """
    writer = Writer(address, timeout_each, lock=lock)
    try:
        await writer.run(lambda connection: connection.fetchval("SELECT 1"))
    except (StorageDown, OutcomeUnknown) as error:  # nothing was written that could have an outcome
        # An embedded PostgreSQL is stopped by the same cancellation, and may end before it answers.
        await trio.lowlevel.checkpoint_if_cancelled()
        if writer.is_shut_out:
            reason = "another chat server is using this database: start every server with --bus notify to run several"
        else:
            reason = "cannot connect to the database, or cannot write to it"
        raise CannotStart(reason) from error
    try:
        yield writer
    finally:
        writer.disconnect()
