"""The messages of one room that a client holds: each as it is after the newest change that was heard of it. Pure."""

from collections.abc import Iterator, Mapping

from msgspec.structs import asdict, replace

from chat.client.events import Deleted, Edited, Reacted, Said
from chat.client.values import Deletion, Message, Reaction

MOST_PEOPLE = 20
"""A reaction names the first so many people; the server names no more either."""


class Messages(Mapping[int, Message]):
    """Messages by `seq`; what is not here was not loaded, or was let go of: at most `keep` are held, the newest.

    A change is applied to a message that has not seen it: whose `pos` is smaller. So history pages, which are read
    ahead of the events, and events that come again do no harm.
    """

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._held: dict[int, Message] = {}

    def __getitem__(self, seq: int) -> Message:
        return self._held[seq]

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._held))

    def __len__(self) -> int:
        return len(self._held)

    def put(self, message: Message) -> None:
        """Hold a message, unless it is already held in a newer state. Sync."""
        known = self._held.get(message.seq)
        if known is None or known.pos < message.pos:
            if isinstance(message, Said):
                message = Message(**asdict(message))
            self._held[message.seq] = message
            if len(self._held) > self._keep:
                del self._held[min(self._held)]

    def clear(self) -> None:
        """Let go of all. Sync."""
        self._held.clear()

    def change(self, change: Edited | Deleted | Reacted, me: int) -> None:
        """Apply a change to its message, if that is held and has not seen it. Sync."""
        message = self._held.get(change.seq)
        if message is not None and message.pos < change.pos:
            self._held[change.seq] = changed(message, change, me)


def changed(message: Message, change: Edited | Deleted | Reacted, me: int) -> Message:
    """Return a message as it is after a change. Sync and pure."""
    message = replace(message, pos=change.pos)
    if isinstance(change, Deleted):
        deletion = Deletion(at=change.at, by=change.by)
        return replace(message, text="", mentions=(), all=False, reactions=(), deleted=deletion)
    if message.deleted is not None:
        return message  # it was told late, as it is now: what came before its deletion is over
    if isinstance(change, Edited):
        return replace(message, text=change.text, mentions=change.mentions, all=change.all, edited=change.at)
    return replace(message, reactions=tuple(_reacted(message.reactions, change, me)))


def _reacted(reactions: tuple[Reaction, ...], change: Reacted, me: int) -> Iterator[Reaction]:
    """The reactions of a message after one more; an emoji that nobody reacts with is gone."""
    is_new = True
    for each in reactions:
        if each.emoji != change.emoji:
            yield each
            continue
        is_new = False
        people = tuple(person for person in each.people if person != change.person)
        if change.on:
            people = each.people if change.person in each.people else (*people, change.person)[:MOST_PEOPLE]
        if change.count:
            mine = change.on if change.person == me else each.mine
            yield Reaction(emoji=each.emoji, count=change.count, people=people, mine=mine)
    if is_new and change.count:
        people = (change.person,) if change.on else ()
        yield Reaction(
            emoji=change.emoji, count=change.count, people=people, mine=change.on and change.person == me
        )
