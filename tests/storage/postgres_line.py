"""A connection to the real PostgreSQL that a test can cut, or whose answers it can swallow."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import trio

from chat.embedded_postgres.socket_directory import SOCKET
from chat.storage.postgres.database import DatabaseAddress


class Line:
    """A relay between two unix sockets. `address` is how to reach the database through it."""

    def __init__(self, address: DatabaseAddress, directory: Path) -> None:
        self.address: DatabaseAddress = {**address, "host": str(directory)}
        self.open = True
        """Whether new connections get through."""
        self.deaf = False
        """Whether answers are swallowed; what was asked still arrives."""
        self.deaf_from: bytes | None = None
        """What is asked from which on answers are swallowed."""
        self.deaf_after: int | None = None
        """After how many more answers `deaf` is set; None: never."""
        self.is_unplugged = False
        """Whether what is asked is swallowed too."""
        self._database = f"{address['host']}/{SOCKET}"
        self._scopes: set[trio.CancelScope] = set()

    def cut(self) -> None:
        """End every connection, and let no other through until `open` is set again."""
        self.open = False
        for scope in self._scopes:
            scope.cancel()

    def unplug(self) -> None:
        """Swallow requests and answers, and do not answer new connections. Sync."""
        self.deaf = self.is_unplugged = True
        Path(self.address["host"], SOCKET).unlink()

    async def relay(self, client: trio.SocketStream) -> None:
        """Relay one connection until either side ends it."""
        with trio.CancelScope() as scope:
            self._scopes.add(scope)
            try:
                async with client:
                    if self.open:
                        async with await trio.open_unix_socket(self._database) as database:
                            await self._both_ways(client, database)
            finally:
                self._scopes.remove(scope)

    async def _both_ways(self, client: trio.SocketStream, database: trio.SocketStream) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._copy, client, database, nursery, False)
            nursery.start_soon(self._copy, database, client, nursery, True)

    async def _copy(
        self, source: trio.SocketStream, target: trio.SocketStream, nursery: trio.Nursery, answers: bool
    ) -> None:
        try:
            async for data in source:
                if self.deaf_from is not None and self.deaf_from in data:
                    self.deaf = True
                if (answers and self._swallows()) or self.is_unplugged:
                    continue
                await target.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        nursery.cancel_scope.cancel()

    def _swallows(self) -> bool:
        """Count an answer, each of which comes in one piece, and say whether it is swallowed. Sync."""
        if self.deaf_after:
            self.deaf_after -= 1
        elif self.deaf_after == 0:
            self.deaf, self.deaf_after = True, None
        return self.deaf


@asynccontextmanager
async def open_line(address: DatabaseAddress) -> AsyncGenerator[Line]:
    """Relay for as long as the block lasts."""
    with TemporaryDirectory(prefix="chat-") as directory:
        line = Line(address, Path(directory))
        listener = trio.socket.socket(trio.socket.AF_UNIX)
        with listener:
            await listener.bind(f"{directory}/{SOCKET}")
            listener.listen(64)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.serve_listeners, line.relay, [trio.SocketListener(listener)])
                yield line
                nursery.cancel_scope.cancel()
