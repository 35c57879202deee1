"""Which messages are new while one is here: those said, and the last one of a room that one comes into. Pure."""

from chat.client import Connected, Event, Message, NewMessage, RoomSnapshot


class News:
    """Tells new messages from those that were there at the start."""

    def __init__(self) -> None:
        self._heard: dict[int, int] = {}  # by room
        self._has_begun = False

    def message_of(self, event: Event) -> Message | None:
        """Return the message that an event is the first to tell. Sync.

        A room that one has not been in, as the direct one with somebody who writes for the first time, is told with its
        last message, and that is not told again.
        """
        match event:
            case Connected():
                self._has_begun = True
            case NewMessage():
                self._heard[event.room] = event.seq
                return event
            case RoomSnapshot(id=room, last=Message() as last):
                is_new = last.seq > max(event.read, self._heard.get(room, 0))
                self._heard[room] = max(last.seq, self._heard.get(room, 0))
                return last if is_new and self._has_begun else None
        return None
