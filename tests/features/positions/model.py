"""Positions of clients in the reference model's memory."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.features import Port
from chat.domain.messages.client_positions import MOST_CLIENTS, STORE, Client
from chat.domain.messages.outcomes import Saved

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class PositionsModel:
    """The port `PositionStore`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users = storage.users
        self._positions: dict[Client, int] = {}  # the one used last comes last
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {STORE: self}

    async def read(self, client: Client) -> int | None:
        await trio.lowlevel.checkpoint()
        return self._positions.get(client) if self._users.is_there(client[0]) else None

    async def write(self, positions: Mapping[Client, int]) -> None:
        await trio.lowlevel.checkpoint()
        for client in sorted(positions):
            if self._users.is_there(client[0]):
                before = self._positions.pop(client, 0)
                self._positions[client] = max(before, positions[client])
        for person_id in {each for each, _ in positions}:
            own = [client for client in self._positions if client[0] == person_id]
            for client in own[: max(0, len(own) - MOST_CLIENTS)]:
                del self._positions[client]
