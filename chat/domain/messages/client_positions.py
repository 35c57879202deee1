"""Where clients of a protocol without positions of its own are in the log, kept by the server."""

from collections.abc import Callable, Mapping
from typing import Protocol

import structlog
import trio

from chat.domain.failures import StorageError
from chat.domain.features import Port
from chat.signals import Signal

CLIENT_LENGTH = 64
"""Characters of the name that a person gives one of their clients."""

MOST_CLIENTS = 20
"""Clients of one person whose positions are kept: those that were used last."""

_PAUSE = 5.0
"""Seconds between two writes."""

_ASK = 2.0
"""Seconds after which clients are asked again whether they have received everything."""

Client = tuple[int, str]
"""A person's id, and the name of their client."""

logger = structlog.get_logger(__name__)


class PositionStore(Protocol):
    """Stores the positions. Every method may raise StorageDown, write() OutcomeUnknown too."""

    async def read(self, client: Client) -> int | None:
        """Return the log id up to which the client has received everything; None: it is new. Cancelling is safe."""
        ...

    async def write(self, positions: Mapping[Client, int]) -> None:
        """Store positions, each unless a later one is stored. Cancelling: all of them or none."""
        ...


class ClientPositions:
    """Keeps positions in memory until keep() has written them. A crash loses those of the last seconds.

    `asking` has a function of each connected client, called every _ASK seconds; it pings the client if more was sent.
    """

    def __init__(self, store: PositionStore) -> None:
        self._store = store
        self._waiting: dict[Client, int] = {}
        self._noted = Signal()
        self._has_ended = False
        self._is_due = False  # whether the positions that wait are written at once
        self.asking: dict[Callable[[], object], None] = {}

    def note(self, client: Client, log_id: int) -> None:
        """Note that the client has received everything up to `log_id`. Sync."""
        self._waiting[client] = max(log_id, self._waiting.get(client, 0))
        self._noted.notify()

    async def read(self, client: Client) -> int | None:
        """Return the client's position; None: it is new. Raises StorageDown. Cancelling changes nothing."""
        stored = await self._store.read(client)
        waiting = self._waiting.get(client)
        return stored if waiting is None else max(waiting, stored or 0)

    def write_soon(self) -> None:
        """Write the noted positions without a pause: a client has left, and may come back to another server. Sync."""
        if self._waiting:
            self._is_due = True
            self._noted.notify()

    async def ask(self) -> None:
        """Call the functions in `asking` until end(). Cancelling ends it too."""
        while not self._has_ended:
            with trio.move_on_after(_ASK):
                await self._noted.wait_until(lambda: self._has_ended)
            for ask in tuple(self.asking):
                ask()

    def end(self) -> None:
        """Write the noted positions once more, and end keep() and ask(). Sync."""
        self._has_ended = True
        self._noted.notify()

    async def keep(self) -> None:
        """Write positions until end(). Cancelling: those that wait are lost, and their messages are sent again."""
        while True:
            await self._noted.wait_until(lambda: self._waiting or self._has_ended)
            is_last = self._has_ended
            self._is_due = False
            await self._write()
            if is_last:
                return
            with trio.move_on_after(_PAUSE):
                await self._noted.wait_until(lambda: self._is_due or self._has_ended)

    async def _write(self) -> None:
        positions = dict(self._waiting)
        if not positions:
            return
        try:
            await self._store.write(positions)
        except StorageError as error:
            logger.warning("positions of clients not written: trying again", error=str(error))
            return
        for client, log_id in positions.items():
            if self._waiting.get(client) == log_id:
                del self._waiting[client]


POSITIONS = Port[ClientPositions]("positions of clients")
STORE = Port[PositionStore]("stored positions of clients")
