"""Enter a room, then write: the one rule of every use case in a room, kept in one place.

Whether somebody may write is true only until the next `await`. So what is decided of the room is a sync function: it is
called with the room as it is, and what it returns is handed to the journal before anything else can happen.
"""

from collections.abc import Callable

from chat.domain.changes import Write
from chat.domain.entities import Person
from chat.domain.outcomes import Outcome
from chat.domain.refusals import Refusal
from chat.domain.room_rights import RoomAccess
from chat.engine.services import EngineServices


async def write_in_room(
    services: EngineServices,
    person: Person,
    room_id: int,
    decide: Callable[[RoomAccess], Write | Refusal],
    on_outcome: Callable[[Outcome], object] = lambda _outcome: None,
) -> Outcome:
    """Write what `decide` makes of the room, if the person may see it.

    Args:
        decide: called with the room as the person sees it; returns the write, or why there is none. Sync.
        on_outcome: called with the outcome before anybody else learns it. Sync.

    Raises StorageDown. Cancelling: the write may still be committed.
    """
    access = await services.conversations.enter(person, room_id)
    write = access if isinstance(access, Refusal) else decide(access)
    return write if isinstance(write, Refusal) else await services.writes.write(write, on_outcome)
