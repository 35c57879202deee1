"""The messages of one room that a client holds, each after its latest known change. Pure."""

from collections.abc import Iterator, Mapping

from msgspec.structs import asdict, replace

from chat.client.wire import (
    Deletion,
    Message,
    MessageDeleted,
    MessageEdited,
    NewMessage,
    Reaction,
    ReactionChanged,
)

MAX_PEOPLE = 20
"""How many people a reaction names, the first ones; as on the server."""


class Messages(Mapping[int, Message]):
    """Messages by `seq`: at most `max_messages`, the newest; others were not loaded or are dropped.

    A change applies only to a message with a smaller `pos`. A history page may therefore be ahead of the events, and an
    event may come again.
    """

    def __init__(self, max_messages: int) -> None:
        self._max = max_messages
        self._held: dict[int, Message] = {}

    def __getitem__(self, seq: int) -> Message:
        return self._held[seq]

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._held))

    def __len__(self) -> int:
        return len(self._held)

    def put(self, message: Message) -> None:
        """Hold a message, unless a newer state of it is held. Sync."""
        known = self._held.get(message.seq)
        if known is None or known.pos < message.pos:
            if isinstance(message, NewMessage):
                message = Message(**asdict(message))
            self._held[message.seq] = message
            if len(self._held) > self._max:
                del self._held[min(self._held)]

    def drop_before(self, seq: int) -> None:
        """Drop the messages before this one. Sync."""
        self._held = {each: message for each, message in self._held.items() if each >= seq}

    def clear(self) -> None:
        """Drop all messages. Sync."""
        self._held.clear()

    def apply(self, change: MessageEdited | MessageDeleted | ReactionChanged, person_id: int) -> None:
        """Apply a change to its message, if it is held and older. Sync."""
        message = self._held.get(change.seq)
        if message is not None and message.pos < change.pos:
            self._held[change.seq] = changed(message, change, person_id)


def changed(
    message: Message, change: MessageEdited | MessageDeleted | ReactionChanged, person_id: int
) -> Message:
    """Return the message after a change, as the person sees it. Sync and pure."""
    message = replace(message, pos=change.pos)
    if isinstance(change, MessageDeleted):
        deletion = Deletion(at=change.at, by=change.by)
        return replace(message, text="", mentions=(), all=False, reactions=(), deleted=deletion)
    if message.deleted is not None:
        return message  # a late reader gets the message already deleted, then its earlier changes
    if isinstance(change, MessageEdited):
        return replace(message, text=change.text, mentions=change.mentions, all=change.all, edited=change.at)
    return replace(message, reactions=tuple(_reactions(message.reactions, change, person_id)))


def _reactions(
    reactions: tuple[Reaction, ...], change: ReactionChanged, person_id: int
) -> Iterator[Reaction]:
    """The reactions of a message after a change, without emoji that nobody reacts with any more."""
    is_new = True
    for each in reactions:
        if each.emoji != change.emoji:
            yield each
            continue
        is_new = False
        people = tuple(person for person in each.people if person != change.person)
        if change.on:
            people = each.people if change.person in each.people else (*people, change.person)[:MAX_PEOPLE]
        if change.count:
            mine = change.on if change.person == person_id else each.mine
            yield Reaction(emoji=each.emoji, count=change.count, people=people, mine=mine)
    if is_new and change.count:
        people = (change.person,) if change.on else ()
        yield Reaction(
            emoji=change.emoji,
            count=change.count,
            people=people,
            mine=change.on and change.person == person_id,
        )
