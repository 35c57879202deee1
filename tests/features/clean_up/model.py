"""Recent messages in the reference model's memory."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.entities import MessageKind
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.rooms.room_rights import deletion_refusal
from chat.features.clean_up.use_cases import RECENT_MESSAGES, Found

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class RecentMessagesModel:
    """The port `RecentMessages`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._messages, self._rooms = storage.messages, storage.rooms
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {RECENT_MESSAGES: self}

    async def find(
        self, moderator_id: int, person_id: int, since: float, before_id: int | None, most: int
    ) -> Found:
        await trio.lowlevel.checkpoint()
        found = [
            each
            for each in reversed(self._messages.of_log(0))
            if each.sender_id == person_id
            and each.created_at >= since
            and each.kind is MessageKind.TEXT
            and not self._messages.is_deleted(each)
            and (before_id is None or each.id < before_id)
            and self._is_moderated(each.room_id, moderator_id)
        ][:most]
        next_id = found[-1].id if len(found) == most else None
        return Found([(each.room_id, each.seq) for each in found], next_id)

    def _is_moderated(self, room_id: int, moderator_id: int) -> bool:
        by = self._rooms.authority(room_id, moderator_id, any_kind=True)
        return by is not None and deletion_refusal(by) is None
