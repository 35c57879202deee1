"""Messages by their times in the reference model's memory."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.features import Port
from chat.domain.messages.dates import DATES
from chat.domain.messages.outcomes import Saved

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class DatesModel:
    """The port `Dates`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._messages = storage.messages
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {DATES: self}

    async def first_since(self, room_id: int, time: float) -> int | None:
        await trio.lowlevel.checkpoint()
        return next((each.seq for each in self._messages.of_room(room_id) if each.created_at >= time), None)
