"""Who hears a message: a function of its room and of who sent it, and of nothing else.

So a server that reads a message from the log comes to the same answer as the one that wrote it.
"""

from chat.domain.entities import Desk, Inbox, Message, Pair, SupportLine, SupportOf, Topic


def audience(message: Message) -> tuple[Topic, ...]:
    """Return the topics in which `message` is heard. Sync and pure."""
    match message.people:
        case None:
            return (message.room_id,)
        case Pair() as pair:
            return (Inbox(pair.other_than(message.sender_id)),)
        case SupportOf(person):
            return (SupportLine(person.id), Desk())
