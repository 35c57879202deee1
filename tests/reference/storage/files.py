"""Files that people attach, in memory. A method's work is done in one go after its checkpoint."""

import secrets
from collections.abc import Callable, Collection, Sequence

import trio
from msgspec import structs

from chat.domain.entities import Draft, File
from chat.domain.messages.files import NO_SUCH_FILES, UNATTACHED_KEPT, UNKNOWN_KEPT
from chat.domain.ports.files import KeptFile, NewFile
from chat.domain.refusals import Refusal
from chat.features.pictures.changes import NewPicture
from tests.reference.storage.room_table import RoomTable


class MemoryFiles:
    """The port `Files`. `now` is its clock, in seconds."""

    def __init__(self, rooms: RoomTable, now: Callable[[], float]) -> None:
        self._rooms = rooms
        self._now = now
        self._kept: dict[int, tuple[KeptFile, float]] = {}  # with when they came
        self._deleted: set[bytes] = set()
        self._unknown: dict[bytes, float] = {}  # digests that no file had, and since when
        self._newest_id = 0
        self._store_id = secrets.token_hex(16)

    async def keep_file(self, new: NewFile) -> File:
        await trio.lowlevel.checkpoint()
        self._newest_id += 1
        file = File(self._newest_id, new.name, new.type, new.size, new.width, new.height)
        self._kept[file.id] = KeptFile(file, new.room_id, new.owner_id, new.digest), self._now()
        return file

    async def file(self, file_id: int) -> KeptFile | None:
        await trio.lowlevel.checkpoint()
        kept, _ = self._kept.get(file_id, (None, 0.0))
        return kept if kept is not None and self._rooms.is_there(kept.room_id) else None

    async def unneeded(self, digests: Collection[bytes]) -> set[bytes]:
        await trio.lowlevel.checkpoint()
        used = {kept.digest for kept, _ in self._kept.values() if self._is_used(kept)}
        had = {kept.digest for kept, _ in self._kept.values()} | self._deleted
        for digest in {*digests} - used - had:
            self._unknown.setdefault(digest, self._now())
        for digest in used:
            self._unknown.pop(digest, None)
        old = {digest for digest, at in self._unknown.items() if at < self._now() - UNKNOWN_KEPT}
        return ({*digests} - used) & (had | old)

    def _is_used(self, kept: KeptFile) -> bool:
        return not kept.room_id or self._rooms.is_there(kept.room_id)

    async def removed(self, digests: Collection[bytes]) -> None:
        await trio.lowlevel.checkpoint()
        self._deleted.difference_update(digests)
        for digest in digests:
            self._unknown.pop(digest, None)

    async def forget_files(self, limit: int) -> bool:
        await trio.lowlevel.checkpoint()
        old = [
            file_id
            for file_id, (kept, came_at) in self._kept.items()
            if kept.seq is None and came_at < self._now() - UNATTACHED_KEPT
        ][:limit]
        for file_id in old:
            self._deleted.add(self._kept.pop(file_id)[0].digest)
        return len(old) == limit

    async def store_id(self) -> str:
        await trio.lowlevel.checkpoint()
        return self._store_id

    def keep_picture(self, owner_id: int, picture: NewPicture) -> KeptFile:
        """Keep the bytes of a picture, as part of a write. Sync."""
        self._newest_id += 1
        file = File(
            self._newest_id, "picture", picture.type, picture.size, width=picture.side, height=picture.side
        )
        kept = KeptFile(file, 0, owner_id, picture.digest, 0)
        self._kept[file.id] = kept, self._now()
        return kept

    def look_up(self, draft: Draft) -> Draft | Refusal:
        """Return a draft with its files, or why it can't have them. Sync."""
        found = [self._kept[file_id][0] for file_id in draft.file_ids if file_id in self._kept]
        good = [
            kept.file
            for kept in found
            if (kept.owner_id, kept.room_id, kept.seq) == (draft.sender_id, draft.room_id, None)
        ]
        if len(good) < len(draft.file_ids):
            return NO_SUCH_FILES
        return structs.replace(draft, files=tuple(good))

    def is_waiting(self, file: File, room_id: int, owner_id: int) -> bool:
        """Whether it is somebody's in this room, and waits for its message. Sync."""
        kept, _ = self._kept.get(file.id, (None, 0.0))
        return kept is not None and (kept.room_id, kept.owner_id, kept.seq) == (room_id, owner_id, None)

    def attach(self, files: Sequence[File], seq: int) -> None:
        """Give files to a message of their room. Sync."""
        for file in files:
            kept, came_at = self._kept[file.id]
            self._kept[file.id] = structs.replace(kept, seq=seq), came_at

    def forget(self, files: Sequence[File]) -> None:
        """Remove the files of a message that is deleted. Sync."""
        for file in files:
            if file.id in self._kept:
                self._deleted.add(self._kept.pop(file.id)[0].digest)
