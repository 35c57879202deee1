"""Groups in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import BLOCKED, NO_PERSON, Refusal
from chat.features.groups.names import made_name
from chat.features.groups.use_cases import GROUPS, Group

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class GroupsModel:
    """The port `Groups`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._rooms = storage.users, storage.rooms
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {GROUPS: self}

    async def open(self, maker_id: int, people: Sequence[int]) -> Group | Refusal:
        await trio.lowlevel.checkpoint()
        key, rooms = tuple(people), self._rooms
        if not all(map(self._users.may_be_written_to, people)):
            return NO_PERSON
        known = [room_id for room_id, kept in rooms.people_keys.items() if kept == key]
        if not known:
            if any((each, maker_id) in self._users.blocks for each in people):
                return BLOCKED
            names = [person.name for each in people if (person := self._users.look_up(each)) is not None]
            known = [rooms.make_group(made_name(names), key)]
        return Group(known[0], [each for each in people if not rooms.has_member(known[0], each)])
