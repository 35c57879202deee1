"""Groups in the native protocol: opening one over HTTP."""

from typing import Annotated

from msgspec import Meta

from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.groups import use_cases
from chat.features.groups.use_cases import MOST_PEOPLE
from chat.operations.operation import Caller, Cost, Operation
from chat.operations.room_values import Room
from chat.operations.rooms import as_seen
from chat.operations.values import Id, Value


class GroupOf(Value, kw_only=True, frozen=True):
    """The people of a group; oneself is one of them in any case."""

    people: Annotated[list[Id], Meta(max_length=MOST_PEOPLE)]


async def open_group(services: EngineServices, caller: Caller, request: GroupOf) -> Room | Refusal:
    """Get the room of several people; the first call makes it."""
    room_id = await use_cases.open_group(services, caller.known, request.people)
    return room_id if isinstance(room_id, Refusal) else await as_seen(services, caller.known, room_id)


OPERATIONS = (
    Operation(
        name="open_group",
        method="PUT",
        path="/direct",
        request=GroupOf,
        reply=Room,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=open_group,
    ),
)
