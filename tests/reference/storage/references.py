"""The references of a text in memory: its mentions, the replied-to message and the root of its thread. Sync."""

from msgspec import structs

from chat.domain.entities import Draft, Room, RoomKind
from chat.domain.messages.changes import Write
from chat.domain.messages.mentions import (
    MOST_MEMBERS,
    NO_SUCH_REPLY,
    author_of,
    mentioned,
    possible_names,
    refers,
)
from chat.domain.refusals import Refusal
from chat.domain.rooms.membership import RoomRole
from chat.domain.text.rules import same_name_key
from tests.reference.storage.room_table import RoomTable
from tests.reference.storage.users import MemoryUsers


def resolve(write: Write, users: MemoryUsers, rooms: RoomTable) -> Write | Refusal:
    """Return a write with whom it mentions, or why it can't be done."""
    room = rooms.look_up(write.room_id)
    if room is None or not refers(write):
        return write
    if isinstance(write, Draft) and write.reply is not None and write.reply > room.last_seq:
        return NO_SUCH_REPLY
    hook_may = users.hooks.get(author_of(write))
    places = [] if hook_may is False else possible_names(write.text)
    people = {same_name_key(person.name): person.id for person in rooms.people_in(room)}
    may_mention_all = hook_may or _may_mention_all(author_of(write), room, users, rooms)
    found = mentioned(places, people, may_mention_all=may_mention_all)
    unblocked = tuple(each for each in found if (each, author_of(write)) not in users.blocks)
    if isinstance(write, Draft):
        return structs.replace(write, mentions=unblocked, root=_root(write, rooms))
    return structs.replace(write, mentions=unblocked)


def _root(write: Draft, rooms: RoomTable) -> int | None:
    if write.reply is None or write.reply < rooms.first_seqs.get(write.room_id, 1):
        return write.reply
    return rooms.said[write.room_id][write.reply - 1].root or write.reply


def _may_mention_all(person_id: int, room: Room, users: MemoryUsers, rooms: RoomTable) -> bool:
    person = users.look_up(person_id)
    assert person is not None
    if person.is_admin or rooms.role_of(room.id, person_id) in (RoomRole.MODERATOR, RoomRole.OWNER):
        return True
    if room.kind is RoomKind.ROOM:
        return sum(room_id == room.id for room_id, _ in rooms.memberships()) <= MOST_MEMBERS
    return len(rooms.people_in(room)) <= MOST_MEMBERS
