"""Folders in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import NO_PERSON, Refusal
from chat.features.folders.folders import FOLDERS, NONE, Change, Folders

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class FoldersModel:
    """The port `FolderStore`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users = storage.users
        self._folders: dict[int, Folders] = {}
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {FOLDERS: self}

    async def read(self, person_id: int) -> Folders:
        await trio.lowlevel.checkpoint()
        return self._folders.get(person_id, NONE) if self._users.is_there(person_id) else NONE

    async def change(self, person_id: int, change: Change) -> Folders | Refusal:
        await trio.lowlevel.checkpoint()
        if not self._users.is_there(person_id):
            return NO_PERSON
        changed = change(self._folders.get(person_id, NONE))
        if isinstance(changed, Folders):
            self._folders[person_id] = changed
        return changed
