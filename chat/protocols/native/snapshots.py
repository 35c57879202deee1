"""Whose a room is, as its snapshot for one person says. All of it is sync and pure."""

from chat.domain.entities import Pair, Peer, People, Person, RoomKind, SupportOf
from chat.domain.timeline import RoomSnapshot


def is_of_another(person: Person, room: RoomSnapshot) -> bool:
    """Whether it is somebody else's support conversation."""
    return room.kind is RoomKind.SUPPORT and room.peer is not None and room.peer.id != person.id


def is_closed_to(person: Person, room: RoomSnapshot) -> bool:
    """Whether it is somebody else's support conversation, and closed."""
    return room.support is not None and room.support.is_closed and is_of_another(person, room)


def people_of(room: RoomSnapshot, person: Person) -> People:
    """Return the people that it is for."""
    if room.peer is None:
        return None
    if room.kind is RoomKind.DIRECT:
        return Pair(person.id, room.peer.id)
    return SupportOf(Peer(room.peer.id, room.peer.name))
