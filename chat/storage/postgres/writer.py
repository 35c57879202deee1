"""The journal's connection: it commits this server's writes and reads the end of the log.

It holds two advisory locks while it is open. The first is this server's own: once a new connection holds it, no write
of an earlier connection can commit any more. The second is common to all servers (WriterLock): a server without a bus
holds it exclusively, servers with a bus share it.
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
from chat.storage.postgres.database import CONNECTION_LOST, DatabaseAddress, TranslatedWriteErrors, reason_of
from chat.storage.postgres.session import configure, warn_of_unsafe_settings

T = TypeVar("T")
RawConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_ONE_SERVER = 0x63686174_77726974  # "chatwrit"
_OWN = 0x6C616E65  # "lane"
_TRY_OWN = f"SELECT pg_try_advisory_lock({_OWN}, $1)"
_TERMINATE = "SELECT pg_terminate_backend($1)"
_PAUSE = 0.1
"""Seconds between attempts to connect, or to take the lock from a backend that is still ending."""

logger = structlog.get_logger(__name__)


class WriterLock(Enum):
    """How a writer takes the common lock; the value is the statement that takes it."""

    EXCLUSIVE = f"SELECT pg_try_advisory_lock({_ONE_SERVER})"
    """No other server may write."""
    SHARED = f"SELECT pg_try_advisory_lock_shared({_ONE_SERVER})"
    """Other servers with a SHARED lock may write."""
    NONE = "SELECT true"
    """No lock: a command writes beside any servers."""


class Writer:
    """One connection, opened on demand and reopened after it is lost."""

    def __init__(
        self, address: DatabaseAddress, timeout: float, *, lock: WriterLock = WriterLock.EXCLUSIVE
    ) -> None:
        self._number = secrets.randbits(31)  # identifies this server's lock
        self._lock = lock
        self.is_locked_out = False  # the last attempt found another server whose lock excludes ours
        self._address = address
        self._timeout = timeout  # seconds for one operation, connecting included
        self._connection: RawConnection | None = None
        self._last_backend = 0  # pid of the backend that may still run our last write

    async def run(self, operation: Callable[[RawConnection], Awaitable[T]]) -> T:
        """Run `operation` (asyncio-flavoured; one statement or one transaction) on the connection.

        Raises StorageDown, WriteRejected or OutcomeUnknown. Cancelling takes effect at once while there is no
        connection, because nothing has begun; otherwise after the operation has ended.
        """
        begun = False
        with trio.move_on_after(self._timeout) as in_time:
            connection = await self._connected()
            begun = True
            # Without the shield, cancelling the journal would leave a batch with an unknown outcome.
            in_time.shield = True
            try:
                with TranslatedWriteErrors():
                    return await run_in_asyncio(operation, connection)
            except OutcomeUnknown:
                self.disconnect()
                raise
        self.disconnect()
        if begun:  # even if asyncpg closed the connection: PostgreSQL may still receive the write
            raise OutcomeUnknown("the database did not answer in time")
        raise StorageDown("the database can't be reached")

    def disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _connected(self) -> RawConnection:
        """Return the connection; try to open it until the caller's deadline."""
        while self._connection is None or self._connection.is_closed():
            self.disconnect()
            try:
                self._connection = await run_in_asyncio(self._connect)
            except (*CONNECTION_LOST, asyncpg.PostgresError) as error:
                logger.debug(
                    "cannot connect to the database for writing; retrying",
                    error=reason_of(error),
                )
            if self._connection is None:
                await trio.sleep(_PAUSE)
        return self._connection

    async def _connect(self) -> "RawConnection | None":
        """Return a new connection that holds the locks; None: another backend holds one."""
        connection = await asyncpg.connect(
            **self._address,
            timeout=self._timeout,
            command_timeout=self._timeout,
            server_settings={"application_name": "chat journal"},
        )
        try:
            await configure(connection, self._timeout)
            if not self._last_backend:
                await warn_of_unsafe_settings(connection)
            else:
                await connection.fetchval(_TERMINATE, self._last_backend)
            is_own = await connection.fetchval(_TRY_OWN, self._number)
            self.is_locked_out = is_own and not await connection.fetchval(self._lock.value)
            if is_own and not self.is_locked_out:
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
    """Keep a writer open for the block. Raises CannotStart if another server's lock excludes ours.

    Cancelling: a write in progress ends first, by its own deadline.
    """
    writer = Writer(address, timeout_each, lock=lock)
    try:
        await writer.run(lambda connection: connection.fetchval("SELECT 1"))
    except (StorageDown, OutcomeUnknown) as error:  # it only read, so the outcome does not matter
        # The same cancellation stops an embedded PostgreSQL, which may end before it answers.
        await trio.lowlevel.checkpoint_if_cancelled()
        if writer.is_locked_out:
            reason = "another chat server is using this database: start every server with --bus notify to run several"
        else:
            reason = "cannot connect to the database, or cannot write to it"
        raise CannotStart(reason) from error
    try:
        yield writer
    finally:
        writer.disconnect()
