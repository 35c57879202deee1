"""Checks that a person may send to a room, for each message and activity; usually without a query."""

from chat.domain.conversations import Conversations, may_speak
from chat.domain.entities import People, Person
from chat.domain.refusals import Refusal
from chat.protocols.native.room_sync import RoomSync


async def people_to_speak_to(
    conversations: Conversations, room_sync: RoomSync, person: Person, room_id: int
) -> People | Refusal:
    """Return the people of a room if the person may send there now, else the refusal.

    A room to which their socket is subscribed takes no query. May raise StorageDown. Cancelling changes nothing.
    """
    if not room_sync.is_subscribed(room_id):
        access = await conversations.enter(person, room_id)
        return access if isinstance(access, Refusal) else may_speak(access) or access.people
    people = room_sync.people.get(room_id)
    return await conversations.may_go_on(person, people) or people
