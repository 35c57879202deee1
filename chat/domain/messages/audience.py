"""The topics of a change, which depend only on its room and, for a message, on its sender.

So a server that reads a change from the log gets the same topics as the one that wrote it.
"""

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
from chat.domain.messages.changes import Change


def audience(change: Change) -> tuple[Topic, ...]:
    """Return the topics to which `change` is published. Sync and pure."""
    match change.people:
        case None:
            return (change.room_id,)
        case Pair() as pair:
            return _of_pair(change, pair)
        case SupportOf(person):
            return (OwnSupport(person.id), AllSupport(), RoomTopic(change.room_id))


def _of_pair(change: Change, pair: Pair) -> tuple[Topic, ...]:
    # Both people get changes of messages; in a room with oneself they are one.
    if not isinstance(change, Message):
        return (
            *{DirectInbox(pair.one_id): None, DirectInbox(pair.other_id): None},
            RoomTopic(change.room_id),
        )
    inbox = DirectInbox(pair.other_than(change.sender_id))
    # A guest's message has no room, and is not saved.
    return (inbox, RoomTopic(change.room_id)) if change.room_id else (inbox,)


def topic_of(room_id: int, kind: RoomKind | People) -> Topic:
    """Return the topic of a room, by its kind or people, for clients that subscribe to it as a room. Sync and pure."""
    match kind:
        case RoomKind.DIRECT | RoomKind.SUPPORT | Pair() | SupportOf():
            return RoomTopic(room_id)
        case _:
            return room_id
