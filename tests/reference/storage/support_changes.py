"""Changes of support conversations in memory, as entries of the log. Sync: part of a write."""

from collections.abc import Callable, Iterable

from chat.domain.administration.audit import idle_act
from chat.domain.entities import Message, Room, RoomKind, SupportOf
from chat.domain.messages.changes import SupportChange, SupportChanged
from chat.domain.messages.outcomes import Saved
from chat.domain.rooms.room_state import Numbers
from tests.reference.storage.audit import MemoryAudit
from tests.reference.storage.room_table import RoomTable
from tests.reference.storage.support import MemorySupport


class MemorySupportChanges:
    """Changes conversations, and hands what that adds to the log to `keep`; `numbers` are those of the next change."""

    def __init__(
        self,
        support: MemorySupport,
        rooms: RoomTable,
        numbers: Callable[[Room], Numbers],
        keep: Callable[[SupportChanged], object],
        audit: MemoryAudit,
    ) -> None:
        self._audit = audit
        self._support = support
        self._rooms = rooms
        self._next = numbers
        self._keep = keep

    def change(self, change: SupportChange) -> Saved:
        """Change a conversation; None: there is none."""
        room = self._rooms.look_up(change.room_id)
        if room is None or room.kind is not RoomKind.SUPPORT:
            return None
        next_id, _room_id, next_pos = self._next(room)
        made = self._support.change(change, next_id, next_pos)
        if isinstance(made, SupportChanged):
            self._keep(made)
            if change.idle_days:
                self._audit.note([idle_act(change)])
        return made

    def follow(self, messages: Iterable[Message]) -> list[Saved]:
        """Let what was said in conversations do what it does, and return the changes."""
        said: dict[int, list[Message]] = {}
        for message in messages:
            if isinstance(message.people, SupportOf):
                said.setdefault(message.room_id, []).append(message)
        made: list[Saved] = []
        for room_id, of_room in sorted(said.items()):
            room = self._rooms.look_up(room_id)
            assert room is not None
            next_id, _room_id, next_pos = self._next(room)
            change = self._support.follow(of_room, next_id, next_pos)
            if change is not None:
                self._keep(change)
                made.append(change)
        return made
