"""Earlier conversations in the native protocol, over HTTP."""

from typing import Annotated

from msgspec import Meta

from chat.domain.messages.sync_types import RoomsAt
from chat.domain.refusals import Refusal
from chat.domain.rooms.conversations import may_lead
from chat.engine.services import EngineServices
from chat.features.earlier.port import EARLIER, MOST
from chat.operations.conversions import as_room
from chat.operations.operation import NO_ACCESS, Caller, Cost, Operation
from chat.operations.room_values import Room
from chat.operations.values import Id, Value


class WhichConversation(Value, kw_only=True, frozen=True):
    """A support conversation."""

    room: Id


class EarlierConversations(Value, kw_only=True, frozen=True):
    """Other conversations whose visitors gave the same email address, the last active first; it is not verified."""

    rooms: Annotated[list[Room], Meta(max_length=MOST)]


async def earlier_conversations(
    services: EngineServices, caller: Caller, request: WhichConversation
) -> EarlierConversations | Refusal:
    """List the other conversations with the email address of a conversation's visitor, as an operator."""
    person = caller.known
    access = await services.conversations.enter(person, request.room)
    if isinstance(access, Refusal):
        return access
    if refusal := may_lead(access, person):
        return refusal
    found = await services.feature_ports[EARLIER].with_address_of(request.room, person.id)
    if not found:
        return EarlierConversations(rooms=[])
    asked = RoomsAt(person.id, services.hub.newest_id, tuple(found))
    (seen,) = await services.timelines.snapshots([asked])
    by_id = {room.id: as_room(room) for room in seen}
    return EarlierConversations(rooms=[by_id[room_id] for room_id in found if room_id in by_id])


OPERATIONS = (
    Operation(
        name="earlier_conversations",
        method="GET",
        path="/support/{room}/earlier",
        request=WhichConversation,
        reply=EarlierConversations,
        cost=Cost.TEXTS,
        refuses=NO_ACCESS,
        handler=earlier_conversations,
    ),
)
