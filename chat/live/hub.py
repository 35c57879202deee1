"""Who is connected, and who listens where. The only place that knows; all of it is sync.

Publishing writes to every listener of a room without waiting for any: what a socket does not take at once goes
to its outbox. Nothing here awaits, so nobody joins or leaves while a batch goes round.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from chat.dialects.dialect import Dialect
from chat.model.entities import Message
from chat.model.events import Said


class Listener(Protocol):
    """One connected client, as the hub sees it; compared by identity."""

    def offer(self, blob: bytes) -> None:
        """Take whole frames without waiting."""
        ...


class Announcement(NamedTuple):
    """A committed message and the listener that sent it, if it is one."""

    message: Message
    author: object | None


class Hub:
    """Rooms, in them dialects, in them listeners: a message is encoded once for each dialect in its room."""

    def __init__(self) -> None:
        self._rooms: defaultdict[int, dict[Dialect, set[Listener]]] = defaultdict(dict)

    def join(self, room_id: int, dialect: Dialect, listener: Listener) -> None:
        """Let `listener` hear the room from the next message on, in `dialect`."""
        self._rooms[room_id].setdefault(dialect, set()).add(listener)

    def leave(self, room_id: int, dialect: Dialect, listener: Listener) -> None:
        """End what join() began; the listener hears nothing of the room after this returns."""
        listeners = self._rooms[room_id][dialect]
        listeners.remove(listener)
        if not listeners:
            del self._rooms[room_id][dialect]
            if not self._rooms[room_id]:
                del self._rooms[room_id]

    def publish(self, announcements: Iterable[Announcement]) -> None:
        """Tell each message to everyone who listens in its room, in the order given."""
        by_room: defaultdict[int, list[Announcement]] = defaultdict(list)
        for announcement in announcements:
            by_room[announcement.message.room_id].append(announcement)
        for room_id, said in by_room.items():
            for dialect, listeners in self._rooms.get(room_id, {}).items():
                _tell(dialect, listeners, said)


def _tell(dialect: Dialect, listeners: set[Listener], said: list[Announcement]) -> None:
    # The inner loop of the server: one join for all, and one call for each listener.
    frames = [dialect.encode(Said(message)) for message, _ in said]
    authors = set() if dialect.echoes else listeners.intersection(author for _, author in said)
    blob = b"".join(frames)
    for listener in listeners - authors if authors else listeners:
        listener.offer(blob)
    for listener in authors:
        listener.offer(
            b"".join(f for f, (_, author) in zip(frames, said, strict=True) if author is not listener)
        )
