"""Which messages ring the terminal's bell. Pure, but for the time of the last ring."""

from collections.abc import Mapping

from chat.client import Message, Room

_PAUSE = 1.0
"""Seconds between two rings: many messages that come at once ring once."""


class Bell:
    """Says when to ring.

    Args:
        rooms: those that one is in, as the client has them.
        me: one's id.
    """

    def __init__(self, rooms: Mapping[int, Room], me: int) -> None:
        self._rooms = rooms
        self._me = me
        self._quiet_until = 0.0

    def rings(self, message: Message, now: float) -> bool:
        """Whether a new message rings now, in seconds: by what one wants to be notified of in its room. Sync."""
        if message.kind != "text" or message.sender.id == self._me or message.deleted is not None:
            return False
        room = self._rooms.get(message.room)
        if room is None or room.info.notify == "none" or now < self._quiet_until:
            return False
        is_for_me = self._me in message.mentions or message.all or room.info.kind == "direct"
        if not is_for_me and room.info.notify != "all":
            return False
        self._quiet_until = now + _PAUSE
        return True
