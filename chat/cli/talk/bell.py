"""Decides which messages ring the terminal's bell. Pure, but for the time of the last ring."""

from collections.abc import Mapping

from chat.client import Message, Room

_PAUSE = 1.0
"""Seconds between two rings: many messages at once ring once."""


class Bell:
    """Says when to ring.

    Args:
        rooms: the rooms of the client.
        person_id: the person who is logged in.
    """

    def __init__(self, rooms: Mapping[int, Room], person_id: int) -> None:
        self._rooms = rooms
        self._person_id = person_id
        self._quiet_until = 0.0

    def rings(self, message: Message, now: float) -> bool:
        """Whether a new message rings, by the notification setting of its room. `now` is in seconds. Sync."""
        if message.kind != "text" or message.sender.id == self._person_id or message.deleted is not None:
            return False
        room = self._rooms.get(message.room)
        if room is None or room.info.notify == "none" or now < self._quiet_until:
            return False
        is_direct = room.info.kind == "direct" or room.info.others is not None
        is_for_me = self._person_id in message.mentions or message.all or is_direct
        if not is_for_me and room.info.notify != "all":
            return False
        self._quiet_until = now + _PAUSE
        return True
