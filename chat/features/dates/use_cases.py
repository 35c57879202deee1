"""The use case of dates for all protocols."""

from chat.domain.entities import Person
from chat.domain.messages.dates import DATES
from chat.domain.refusals import Refusal
from chat.engine.services import EngineServices


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
