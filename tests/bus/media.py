"""The media outside a server, and their faults."""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from itertools import chain
from typing import Protocol

import trio

from chat.bus.notify import open_notify_bus
from chat.bus.redis import open_redis_bus
from chat.bus.remote import RemoteBus
from chat.bus.sockets import SocketBus, open_socket_bus, open_socket_pair
from chat.storage.postgres.database import DatabaseAddress
from tests.storage.postgres_line import Line
from tests.support.databases import execute, fetch
from tests.support.redis import RedisServer


@contextmanager
def worker_buses(size: int) -> Generator[Callable[[], AbstractAsyncContextManager[SocketBus]]]:
    """Yield what opens a worker's bus, in the first of `size` seats that is free."""
    ends = [open_socket_pair() for _ in range(size)]
    taken: set[int] = set()

    @asynccontextmanager
    async def open_bus() -> AsyncGenerator[SocketBus]:
        own = next(slot for slot in range(size) if slot not in taken)
        taken.add(own)
        others = [sending for slot, (_, sending) in enumerate(ends) if slot != own]
        try:
            async with open_socket_bus(ends[own][0], others) as bus:
                yield bus
        finally:
            taken.remove(own)

    try:
        yield open_bus
    finally:
        for end in chain.from_iterable(ends):
            end.close()


_BUSES = "FROM pg_stat_activity WHERE application_name LIKE 'chat bus%' AND datname = current_database()"
END_BUSES = f"SELECT count(pg_terminate_backend(pid)) {_BUSES}"
COUNT_BUSES = f"SELECT count(*) {_BUSES}"


class Medium(Protocol):
    """What two or more buses of a test share."""

    def open_bus(self) -> AbstractAsyncContextManager[RemoteBus]:
        """Open one more end."""

    async def end_connections(self) -> None:
        """End every connection of a bus; others can be made."""

    async def connections(self) -> int:
        """How many connections buses have there."""


class FailingMedium(Medium, Protocol):
    """One that can be lost and go silent."""

    def cut(self) -> None:
        """End every connection; no other can be made."""

    def repair(self) -> None:
        """Let connections be made again."""

    def freeze(self) -> None:
        """Let nothing come back any more, on connections that stay."""

    def thaw(self) -> None:
        """Let it come again."""


class DirectPostgres:
    """A database, which may end connections."""

    def __init__(self, database: DatabaseAddress) -> None:
        self._database = database

    def open_bus(self) -> AbstractAsyncContextManager[RemoteBus]:
        return open_notify_bus(self._database, timeout=5)

    async def end_connections(self) -> None:
        await execute(self._database, END_BUSES)

    async def connections(self) -> int:
        return int(await fetch(self._database, COUNT_BUSES))


class PostgresMedium(DirectPostgres):
    """A database behind a line that can be cut and go deaf."""

    def __init__(self, line: Line, database: DatabaseAddress) -> None:
        super().__init__(database)
        self._line = line

    def open_bus(self) -> AbstractAsyncContextManager[RemoteBus]:
        return open_notify_bus(self._line.address, timeout=2)

    def cut(self) -> None:
        self._line.cut()

    def repair(self) -> None:
        self._line.open = True

    def freeze(self) -> None:
        self._line.deaf = True

    def thaw(self) -> None:
        self._line.deaf = False


class RedisMedium:
    """A Redis that can be killed, stopped and started again."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server

    def open_bus(self) -> AbstractAsyncContextManager[RemoteBus]:
        return open_redis_bus(self._server.url, channel="chat:test")

    async def end_connections(self) -> None:
        await self._server.ask("CLIENT KILL TYPE pubsub", "CLIENT KILL TYPE normal SKIPME yes")

    async def connections(self) -> int:
        while True:
            # An end of connections that was cancelled may still come, and end this one.
            with suppress(trio.BrokenResourceError):
                return (await self._server.ask("CLIENT LIST")).count(b" name=chat ")

    def cut(self) -> None:
        self._server.kill()

    def repair(self) -> None:
        self._server.start()

    def freeze(self) -> None:
        self._server.freeze()

    def thaw(self) -> None:
        self._server.thaw()
