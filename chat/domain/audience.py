"""Who hears a change: a function of its room, and of who sent it if it is a message, and of nothing else.

So a server that reads a change from the log comes to the same answer as the one that wrote it.
"""

from chat.domain.changes import Change
from chat.domain.entities import (
    AllSupport,
    DirectInbox,
    Message,
    OwnSupport,
    Pair,
    People,
    RoomKind,
    RoomTopic,
    SupportOf,
    Topic,
)


def audience(change: Change) -> tuple[Topic, ...]:
    """Return the topics in which `change` is heard. Sync and pure."""
    match change.people:
        case None:
            return (change.room_id,)
        case Pair() as pair:
            return _of_pair(change, pair)
        case SupportOf(person):
            return (OwnSupport(person.id), AllSupport(), RoomTopic(change.room_id))


def _of_pair(change: Change, pair: Pair) -> tuple[Topic, ...]:
    if not isinstance(change, Message):  # what becomes of a message, both hear; a room with oneself has one
        return (
            *{DirectInbox(pair.one_id): None, DirectInbox(pair.other_id): None},
            RoomTopic(change.room_id),
        )
    inbox = DirectInbox(pair.other_than(change.sender_id))
    # A guest's message is in no room, and not saved.
    return (inbox, RoomTopic(change.room_id)) if change.room_id else (inbox,)


def topic_of(room_id: int, kind: RoomKind | People) -> Topic:
    """Return where whoever hears a room as such hears it: one of this kind, or for these people. Sync and pure."""
    match kind:
        case RoomKind.DIRECT | RoomKind.SUPPORT | Pair() | SupportOf():
            return RoomTopic(room_id)
        case _:
            return room_id
