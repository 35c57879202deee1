"""The list of visitors in the reference model's memory."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.accounts.program_names import is_program
from chat.domain.entities import Visit
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.features.visitor_list.port import VISITOR_LIST, ListedVisitor

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class VisitorListModel:
    """The port `VisitorList`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._rooms = storage.users, storage.rooms
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {VISITOR_LIST: self}

    async def page(self, part: str, before_id: int, limit: int) -> list[ListedVisitor]:
        await trio.lowlevel.checkpoint()
        found = []
        for person in sorted(self._users.there(), key=lambda each: -each.id):
            visit = self._users.visits.get(person.id, Visit())
            words = " ".join(filter(None, (person.name, person.display_name, visit.email)))
            is_visitor = person.is_visitor and not is_program(person)
            if is_visitor and person.id < before_id and part in words.lower():
                room_id = self._rooms.support_of(person.id)
                is_begun = room_id is not None and bool(self._rooms.said[room_id])
                found.append(ListedVisitor(person, visit, room_id if is_begun else None))
        return found[:limit]
