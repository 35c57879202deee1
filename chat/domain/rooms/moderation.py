"""Moderation of rooms and messages by commands, whether or not the server runs."""

import structlog

from chat.domain.entities import Message, RoomKind, RoomSummary
from chat.domain.messages.changes import Deleted, Deletion, RoomDeleted, RoomDeletion
from chat.domain.ports import Messages, Rooms
from chat.domain.refusals import NO_MESSAGE, NO_ROOM, Refusal
from chat.domain.timestamps import current_time

_HIGHEST_ID = 2**63 - 1
_PAGE = 1_000
"""Rooms that are read at once."""

_MOST_BYTES = 16_777_216
"""Bytes of text in one list of messages."""

logger = structlog.get_logger(__name__)


class Moderation:
    """Every method may raise StorageDown; those that delete may raise OutcomeUnknown. Each deletion is logged.

    Cancelling: the target is deleted completely, or not at all.
    """

    def __init__(self, rooms: Rooms, messages: Messages) -> None:
        self._rooms = rooms
        self._messages = messages

    async def rooms(self) -> list[RoomSummary]:
        """Return the rooms that people made, oldest first."""
        found: list[RoomSummary] = []
        while page := await self._rooms.summaries("", found[-1].id if found else 0, _PAGE):
            found += page
        return [room for room in found if room.kind is RoomKind.ROOM]

    async def delete_room(self, room_id: int) -> Refusal | None:
        """Delete a room that people made, with its messages; all memberships end."""
        if not 0 < room_id <= _HIGHEST_ID:
            return NO_ROOM
        (outcome,) = await self._messages.save([RoomDeletion(room_id, None, current_time())])
        if not isinstance(outcome, RoomDeleted):
            return NO_ROOM
        logger.info("room deleted", room=room_id, by="a command")
        return None

    async def messages(self, room_id: int, last: int, up_to_id: int | None = None) -> list[Message] | Refusal:
        """Return the `last` messages of a room with ids up to `up_to_id`, oldest first."""
        if not 0 < room_id <= _HIGHEST_ID or await self._rooms.by_id(room_id) is None:
            return NO_ROOM
        up_to = min(up_to_id or _HIGHEST_ID, _HIGHEST_ID)
        return await self._messages.timeline(room_id, last, _MOST_BYTES, up_to_id=up_to)

    async def delete_message(self, message_id: int) -> Refusal | None:
        """Delete a message: its text is erased for good. Clients that received it may keep it."""
        message = await self._messages.by_id(message_id) if 0 < message_id <= _HIGHEST_ID else None
        if message is None:
            return NO_MESSAGE
        deletion = Deletion(message.room_id, message.seq, None, current_time())
        (outcome,) = await self._messages.save([deletion])
        if not isinstance(outcome, Deleted):
            return NO_MESSAGE
        logger.info("message deleted", message=message_id, by="a command")
        return None
