"""Lines about changes, shown among the messages of a room while the program runs. Pure."""

from collections import deque
from typing import NamedTuple

_MOST = 200
"""Lines of one room."""


class Note(NamedTuple):
    """A line under message `seq`, about a change at a time in Unix milliseconds."""

    seq: int
    at: int
    text: str


class Notes:
    """The newest lines of each room."""

    def __init__(self) -> None:
        self._rooms: dict[int, deque[Note]] = {}

    def add(self, room: int, note: Note) -> None:
        """Add a line below the others. Sync."""
        self._rooms.setdefault(room, deque(maxlen=_MOST)).append(note)

    def under(self, room: int, seq: int) -> list[Note]:
        """Return the lines under a message, in their order. Sync."""
        return [note for note in self._rooms.get(room, ()) if note.seq == seq]

    def clear(self, room: int) -> None:
        """Forget the lines of a room. Sync."""
        self._rooms.pop(room, None)
