"""How many messages are unread, counted by the server's rule, so that it is what a reload would say. Pure.

A message counts if it is a text, of somebody else, after the mark, and not deleted; of those, the ones that mention
one are counted too. The server counts to 100.
"""

from collections.abc import Mapping

from chat.client.events import Edited
from chat.client.values import Message

MOST_UNREAD = 100
"""That many or more."""


def counts(message: Message, me: int, read: int) -> bool:
    """Whether a message that is not deleted counts as unread to somebody who has read up to `read`. Sync."""
    return message.kind == "text" and message.sender.id != me and message.seq > read


def mentions(text: Message | Edited, me: int) -> bool:
    """Whether a text mentions somebody. Sync."""
    return text.all or me in text.mentions


def count_mentions(messages: Mapping[int, Message], me: int, read: int, last: int) -> int | None:
    """Count what mentions somebody after `read`, up to `last`; None where not all of it is held. Sync."""
    count = 0
    for seq in range(last, read, -1):
        message = messages.get(seq)
        if message is None:
            return None
        count += counts(message, me, read) and mentions(message, me)
    return min(count, MOST_UNREAD)


def count(messages: Mapping[int, Message], me: int, read: int, last: int, pos: int) -> int | None:
    """Count what comes after `read`, as of the room's change `pos`; None where not all of it is held. Sync.

    Args:
        messages: those held, by `seq`.
        me: who counts.
        read: up to where that person has read.
        last: the latest message of the room.
        pos: a deletion after this change has not happened yet.
    """
    unread = 0
    for seq in range(last, read, -1):
        message = messages.get(seq)
        if message is None:
            return None
        is_deleted = message.deleted is not None and message.pos <= pos
        unread += counts(message, me, read) and not is_deleted
        if unread == MOST_UNREAD:
            break
    return unread
