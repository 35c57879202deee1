"""Setting slow mode in the reference model's memory; `tests/reference/storage/saving.py` holds messages to it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.features.slow_mode.changes import (
    SetSlowMode,
    SlowModeSet,
    change_slow_mode,
    slow_mode_act,
    slow_mode_refusal,
)

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class SlowModeModel:
    """How a slow mode is saved."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._rooms, self._messages, self._audit = storage.rooms, storage.messages, storage.audit
        self.savers: Mapping[type, Callable[[Any], Saved]] = {SetSlowMode: self._save}
        self.ports: Mapping[Port[Any], Any] = {}

    def _save(self, write: SetSlowMode) -> Saved:
        room = self._rooms.look_up(write.room_id)
        by = self._rooms.authority(write.room_id, write.actor_id, any_kind=True)
        if room is None or by is None:
            return None
        if refusal := slow_mode_refusal(by, write.seconds):
            return refusal
        new_id, _, _ = self._messages.next(room)
        made = change_slow_mode(room, self._rooms.slow_seconds.get(room.id, 0), write, new_id)
        if isinstance(made, SlowModeSet):
            self._rooms.slow_seconds[room.id] = made.seconds
            if not made.seconds:
                self._rooms.forget_sends(room.id)
            self._messages.keep(made)
            self._audit.note([slow_mode_act(made)])
        return made
