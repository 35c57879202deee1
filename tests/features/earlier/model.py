"""Earlier conversations in the reference model's memory."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.entities import Message
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.features.earlier.port import EARLIER, MOST

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class EarlierModel:
    """The port `Earlier`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._rooms, self._messages = storage.users, storage.rooms, storage.messages
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {EARLIER: self}

    async def with_address_of(self, room_id: int, besides_id: int) -> list[int]:
        await trio.lowlevel.checkpoint()
        own = self._rooms.look_up(room_id)
        address = own and self._address(own.creator_id or 0)
        found: list[tuple[int, int]] = []
        for person_id in self._users.visits if address else ():
            other_id = self._rooms.support_of(person_id)
            if other_id is None or other_id == room_id or person_id == besides_id:
                continue
            said = [each for each in self._messages.log_of(other_id) if isinstance(each, Message)]
            if said and self._users.is_there(person_id) and self._address(person_id) == address:
                found.append((said[-1].id, other_id))
        return [room_id for _, room_id in sorted(found, reverse=True)[:MOST]]

    def _address(self, person_id: int) -> str:
        visit = self._users.visits.get(person_id)
        return (visit.email or "").lower() if visit else ""
