"""Counts unread messages by the rule of the server, so that a reload shows the same numbers. Pure.

An unread message is a text by somebody else after the read mark, and not deleted. Those that mention the person are
counted separately. Both counts end at 100.
"""

from collections.abc import Mapping

from chat.client.wire import Message, MessageEdited

MAX_COUNT = 100
"""Means that many or more."""


def is_countable(message: Message, person_id: int, read: int) -> bool:
    """Whether a message, unless deleted, is unread by a person who has read up to `read`. Sync."""
    return message.kind == "text" and message.sender.id != person_id and message.seq > read


def mentions_person(text: Message | MessageEdited, person_id: int) -> bool:
    """Whether a text mentions the person. Sync."""
    return text.all or person_id in text.mentions


def count_mentions(messages: Mapping[int, Message], person_id: int, read: int, last: int) -> int | None:
    """Count the messages after `read`, up to `last`, that mention the person; None if not all are held. Sync."""
    count = 0
    for seq in range(last, read, -1):
        message = messages.get(seq)
        if message is None:
            return None
        count += is_countable(message, person_id, read) and mentions_person(message, person_id)
    return min(count, MAX_COUNT)


def count_unread(
    messages: Mapping[int, Message], person_id: int, read: int, last: int, pos: int
) -> int | None:
    """Count the unread messages, as of the room's change `pos`; None if not all are held. Sync.

    Args:
        messages: the messages held, by `seq`.
        person_id: the reader.
        read: the reader's read mark.
        last: the `seq` of the latest message of the room.
        pos: a message deleted by a later change still counts.
    """
    unread = 0
    for seq in range(last, read, -1):
        message = messages.get(seq)
        if message is None:
            return None
        is_deleted = message.deleted is not None and message.pos <= pos
        unread += is_countable(message, person_id, read) and not is_deleted
        if unread == MAX_COUNT:
            break
    return unread
