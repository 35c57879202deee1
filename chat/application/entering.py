"""Enter a room, then write: the rule of every use case in a room, kept in one place.

A person's access may end at the next `await`. So a sync function decides: it is called with the current access, and its
write reaches the journal before any other task runs.
"""

from collections.abc import Callable

from chat.domain.entities import Person
from chat.domain.messages.changes import Write
from chat.domain.messages.outcomes import Outcome
from chat.domain.refusals import Refusal
from chat.domain.rooms.room_rights import RoomAccess
from chat.engine.services import EngineServices


async def write_in_room(
    services: EngineServices,
    person: Person,
    room_id: int,
    decide: Callable[[RoomAccess], Write | Refusal],
    on_outcome: Callable[[Outcome], object] = lambda _outcome: None,
) -> Outcome:
    """Let `decide` make a write of the person's access to the room, and commit it. Refused: they may not see the room.

    Args:
        decide: called with the access; returns the write, or the reason for a refusal. Sync.
        on_outcome: called with the outcome before anybody else learns it. Sync.

    Raises StorageDown. Cancelling: the write may still be committed.
    """
    access = await services.conversations.enter(person, room_id)
    write = access if isinstance(access, Refusal) else decide(access)
    return write if isinstance(write, Refusal) else await services.writes.write(write, on_outcome)
