"""Pictures in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.administration.audit import Act, What
from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.ports import KeptFile
from chat.features.pictures.changes import (
    NewPicture,
    PictureSet,
    SetPicture,
    change_picture,
    hash_of,
    picture_refusal,
)
from chat.features.pictures.use_cases import PICTURES
from tests.reference.storage.room_table import public_person

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class PicturesModel:
    """The port `Pictures`, and how the picture of a room is saved."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._rooms, self._messages = storage.users, storage.rooms, storage.messages
        self._files, self._audit = storage.files, storage.audit
        self._kept: dict[tuple[str, int], KeptFile] = {}
        self.savers: Mapping[type, Callable[[Any], Saved]] = {SetPicture: self._save}
        self.ports: Mapping[Port[Any], Any] = {PICTURES: self}

    async def set_of_person(self, person_id: int, picture: NewPicture | None, by_id: int) -> bool:
        await trio.lowlevel.checkpoint()
        before = self._users.set_picture(person_id, hash_of(picture))
        if before is None:
            return False
        self.keep("person", person_id, person_id, picture)
        if by_id != person_id and before.picture is not None:
            self._audit.note([Act(by_id=by_id, what=What.PICTURE_REMOVED, person_id=person_id)])
        return True

    async def set_of_server(self, picture: NewPicture | None) -> None:
        await trio.lowlevel.checkpoint()
        self.keep("server", 0, 0, picture)

    async def find(self, digest: bytes) -> KeptFile | None:
        await trio.lowlevel.checkpoint()
        self._forget()
        return next((kept for kept in self._kept.values() if kept.digest == digest), None)

    async def people(self, person_ids: Collection[int], *, operators_only: bool) -> list[Person]:
        await trio.lowlevel.checkpoint()
        return [
            public_person(each)
            for each in sorted(self._users.there(), key=lambda each: each.id)
            if each.id in person_ids and not each.is_visitor and (each.is_operator or not operators_only)
        ]

    def _save(self, write: SetPicture) -> Saved:
        room = self._rooms.look_up(write.room_id)
        by = self._rooms.authority(write.room_id, write.actor_id, any_kind=True)
        if room is None or by is None:
            return None
        if refusal := picture_refusal(by):
            return refusal
        new_id, _, _ = self._messages.next(room)
        made = change_picture(room, self._rooms.pictures.get(room.id), write, new_id)
        if isinstance(made, PictureSet):
            self.keep("room", room.id, 0, write.picture)
            self._rooms.pictures.pop(room.id, None)
            if made.picture is not None:
                self._rooms.pictures[room.id] = made.picture
            self._messages.keep(made)
        return made

    def keep(self, kind: str, target_id: int, owner_id: int, picture: NewPicture | None) -> None:
        self._drop(kind, target_id)
        if picture is not None:
            self._kept[kind, target_id] = self._files.keep_picture(owner_id, picture)

    def _drop(self, kind: str, target_id: int) -> None:
        before = self._kept.pop((kind, target_id), None)
        if before is not None:
            self._files.forget([before.file])

    def _forget(self) -> None:
        """Drop the pictures of people and rooms that were deleted meanwhile."""
        for kind, target_id in [*self._kept]:
            is_there = {"person": self._users.is_there, "room": self._rooms.is_there}.get(kind)
            if is_there is not None and not is_there(target_id):
                self._drop(kind, target_id)
