"""Finds the new messages among the events, for the bell and the log. Pure."""

from chat.client import Connected, Event, Message, NewMessage, RoomSnapshot


class NewMessages:
    """Distinguishes new messages from those that were there at the start."""

    def __init__(self) -> None:
        self._last_seqs: dict[int, int] = {}  # by room
        self._has_begun = False

    def message_in(self, event: Event) -> Message | None:
        """Return the new message in an event, if there is one. Sync.

        The first message of a direct room has no event of its own: it comes as the last message of a RoomSnapshot.
        """
        match event:
            case Connected():
                self._has_begun = True
            case NewMessage():
                self._last_seqs[event.room] = event.seq
                return event
            case RoomSnapshot(id=room, last=Message() as last):
                is_new = last.seq > max(event.read, self._last_seqs.get(room, 0))
                self._last_seqs[room] = max(last.seq, self._last_seqs.get(room, 0))
                return last if is_new and self._has_begun else None
        return None
