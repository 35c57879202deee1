"""The use case of dates for all protocols, and what it reads from the storage."""

from typing import Protocol

from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.refusals import Refusal
from chat.engine.services import EngineServices


class Dates(Protocol):
    """Finds messages by their times. May raise StorageDown. Cancelling changes nothing."""

    async def first_since(self, room_id: int, time: float) -> int | None:
        """Return the seq of a room's first message at this time (Unix seconds) or later; None: there is none."""
        ...


DATES = Port[Dates]("dates")


async def first_since(
    services: EngineServices, person: Person, room_id: int, time: float
) -> int | Refusal | None:
    """Return the seq of the first message since a time in a room that the person may read; None: there is none.

    Raises StorageDown. Cancelling changes nothing.
    """
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    return await services.feature_ports[DATES].first_since(room_id, time)
