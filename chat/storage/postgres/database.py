"""The connection pool: asyncpg operations run from Trio, and asyncpg's errors as the storage's own.

Three rules, each measured (docs/decisions/0002):

- Each operation is one asyncio coroutine that also acquires and releases the connection. Several calls into asyncio
  cost more, and a cancelled release can hang the pool.
- Reads can be cancelled. Writes are shielded, with a deadline: a cancelled asyncpg write may have happened.
- A write that passes its deadline has an unknown outcome; its connection is terminated.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Any, Protocol, TypeVar

import asyncpg
import trio

from chat.domain.failures import OutcomeUnknown, StorageDown, WriteRejected
from chat.storage.postgres.asyncio_bridge import run_in_asyncio
from chat.storage.postgres.session import Connection, configure

T = TypeVar("T")
Operation = Callable[[Connection], Awaitable[T]]
DatabaseAddress = dict[str, Any]
"""How to reach a database: asyncpg.connect's keyword arguments (`dsn`, or `host`, `user`, …)."""

CONNECTION_LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server ended the connection with a FATAL message
)
"""What asyncpg raises when there is no connection, or it is lost."""


def reason_of(error: BaseException) -> str:
    """Return why there is no connection, for operators. Sync and pure."""
    match error:
        case FileNotFoundError(filename=None):
            return "PostgreSQL is not running: its socket is missing"
        case ConnectionRefusedError():
            return "PostgreSQL is not running: it refuses connections"
    return str(error) or type(error).__name__


class QueryWatch(Protocol):
    """Counts operations on the pool. Sync."""

    def queried(self, seconds: float) -> None:
        """One has ended."""
        ...

    def query_failed(self, reason: str) -> None:
        """One failed: `timeout`, or `down`."""
        ...


_GRACE = 1.0
"""Seconds by which Trio's deadline comes after asyncpg's own."""


class Database:
    """A connection pool for everything except the journal's writes."""

    def __init__(
        self,
        pool: "asyncpg.Pool[asyncpg.Record]",
        query_timeout: float,
        query_watch: QueryWatch | None = None,
    ) -> None:
        self._pool = pool
        self._query_timeout = query_timeout
        self._query_watch = query_watch
        self._running = 0  # operations that have a connection, or wait for one

    def readings(self) -> Iterable[tuple[str, str, float]]:
        """Yield name, meaning and value of the pool's metrics. Sync."""
        size = self._pool.get_max_size()
        yield "chat_pool_size", "Most connections of the pool", size
        yield "chat_pool_in_use", "Connections of the pool in use", min(self._running, size)
        yield "chat_pool_waiting", "Operations that wait for a connection", max(self._running - size, 0)

    @contextmanager
    def _watched(self) -> Generator[None]:
        started, watch = trio.current_time(), self._query_watch
        self._running += 1
        try:
            yield
        except (StorageDown, OutcomeUnknown) as error:
            if watch is not None:
                is_late = isinstance(error.__cause__, TimeoutError | asyncpg.QueryCanceledError)
                watch.query_failed("timeout" if error.__cause__ is None or is_late else "down")
            raise
        finally:
            self._running -= 1
            if watch is not None:
                watch.queried(trio.current_time() - started)

    async def read(self, operation: Operation[T]) -> T:
        """Run `operation` (asyncio-flavoured) on a connection of the pool and return its result.

        Raises StorageDown. Cancelling also cancels the query in PostgreSQL.
        """
        with self._watched():
            with trio.move_on_after(self._query_timeout + _GRACE):
                try:
                    return await run_in_asyncio(self._on_a_connection, operation)
                except (asyncpg.PostgresError, *CONNECTION_LOST) as error:
                    # A cancelled query may fail in any of these ways; then raise Cancelled instead.
                    await trio.lowlevel.checkpoint_if_cancelled()
                    raise StorageDown(reason_of(error)) from error
            raise StorageDown("the database did not answer in time")

    async def write(self, operation: Operation[T]) -> T:
        """Run `operation` (asyncio-flavoured) in a transaction and return its result.

        Raises StorageDown, WriteRejected or OutcomeUnknown. Cancelling takes effect after the write has ended.
        """
        return await self._write(self._in_a_transaction, operation)

    async def write_statement(self, operation: Operation[T]) -> T:
        """Run `operation`, a single statement, in one round trip; otherwise like write()."""
        return await self._write(self._on_its_own, operation)

    async def _write(self, run: Callable[[Operation[T]], Awaitable[T]], operation: Operation[T]) -> T:
        with self._watched():
            # Without the shield a cancelled client could leave a write with an unknown outcome.
            with trio.move_on_after(self._query_timeout + _GRACE, shield=True):
                with TranslatedWriteErrors():
                    return await run_in_asyncio(run, operation)
            raise OutcomeUnknown("the database did not answer in time")

    async def _on_a_connection(self, operation: Operation[T]) -> T:
        async with self._pool.acquire(timeout=self._query_timeout) as connection:
            return await operation(connection)

    async def _in_a_transaction(self, operation: Operation[T]) -> T:
        async def run(connection: Connection) -> T:
            async with connection.transaction():
                return await operation(connection)

        return await self._on_its_own(run)

    async def _on_its_own(self, operation: Operation[T]) -> T:
        try:
            connection = await self._pool.acquire(timeout=self._query_timeout)
        except (*CONNECTION_LOST, asyncpg.PostgresError) as error:
            raise StorageDown(reason_of(error)) from error
        try:
            return await operation(connection)
        finally:
            await self._pool.release(connection, timeout=_GRACE)


class TranslatedWriteErrors:
    """Turn asyncpg's exceptions during a write into the storage's own.

    An error from PostgreSQL itself means that the transaction was rolled back. After a lost connection or a passed
    deadline the outcome is unknown.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: object
    ) -> None:
        match error:
            case asyncpg.DataError() | asyncpg.IntegrityConstraintViolationError():
                raise WriteRejected(str(error)) from error
            case asyncpg.PostgresError() if not isinstance(error, asyncpg.PostgresConnectionError):
                raise StorageDown(str(error)) from error
            case BaseException() if isinstance(error, CONNECTION_LOST):
                raise OutcomeUnknown(reason_of(error)) from error


@asynccontextmanager
async def open_database(
    address: DatabaseAddress, *, pool_size: int, query_timeout: float, query_watch: QueryWatch | None = None
) -> AsyncGenerator[Database]:
    """Keep a pool open for the block. The caller runs inside `open_asyncio`."""

    async def open_pool() -> "asyncpg.Pool[asyncpg.Record]":
        return await asyncpg.create_pool(
            **address,
            min_size=0,
            max_size=pool_size,
            timeout=query_timeout,
            command_timeout=query_timeout,
            init=partial(configure, timeout=query_timeout),
            reset=_nothing_to_reset,
            server_settings={"application_name": "chat"},
        )

    pool = await run_in_asyncio(open_pool)
    try:
        yield Database(pool, query_timeout, query_watch)
    finally:
        # Without the shield a cancelled server would leave sockets and asyncio tasks behind.
        with trio.move_on_after(query_timeout, shield=True), suppress(*CONNECTION_LOST):
            await run_in_asyncio(pool.close)
        pool.terminate()  # the rest, when the database did not answer or ended first


async def _nothing_to_reset(_connection: Connection) -> None:
    """Skip asyncpg's session reset and its round trip: no operation changes the session."""
