"""Uploads and downloads: first the bytes are stored, then the row, then a message may attach the file."""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing

from chat.domain.entities import File, Person
from chat.domain.messages.files import NO_FILE, clean_file_name, type_of
from chat.domain.messages.images import read_image
from chat.domain.ports.files import Files, FileStore, KeptFile, NewFile
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.conversations import Conversations, may_speak

_LOST = Refusal(Code.NOT_FOUND, "the server does not have that file's bytes", reason="file_lost")
NO_FILES_HERE = Refusal(Code.FORBIDDEN, "this server takes no files", reason="files_disabled")

_AT_ONCE = 4
"""Concurrent uploads of one person; a slow connection needs no more."""

_TOO_MANY = Refusal(
    Code.TOO_MANY, f"at most {_AT_ONCE} uploads at a time", retry_after=1, reason="too_many_uploads"
)


class _TooBig(Exception):
    """The upload exceeds the size limit of files."""


class Uploads:
    """Every method may raise StorageDown, also of the disk, and OutcomeUnknown.

    Args:
        table: the rows.
        store: the bytes, also of pictures; None: this server takes none.
        conversations: checks who may see a room.
        most_bytes: of one file; 0: uploads are refused, downloads still work.
    """

    def __init__(
        self, table: Files, store: FileStore | None, conversations: Conversations, most_bytes: int
    ) -> None:
        self._table = table
        self.store = store
        self._conversations = conversations
        self.most_bytes = most_bytes if store is not None else 0
        self._under_way: Counter[int] = Counter()

    async def upload(
        self,
        person: Person,
        room_id: int,
        name: str,
        declared_type: str,
        size: int | None,
        pieces: AsyncIterator[bytes],
    ) -> File | Refusal:
        """Save a file that a message of the person in that room can attach; `size` is the announced one, if any.

        Cancelling: nothing of it is left, or all of it, which is removed after a day.
        """
        if self.store is None or not self.most_bytes:
            return NO_FILES_HERE
        access = await self._conversations.enter(person, room_id)
        if isinstance(access, Refusal):
            return access
        if refusal := may_speak(access):
            return refusal
        if size is not None and size > self.most_bytes:
            return self._too_big()
        if self._under_way[person.id] >= _AT_ONCE:
            return _TOO_MANY
        self._under_way[person.id] += 1
        try:
            async with aclosing(_at_most(self.most_bytes, pieces)) as bounded:
                stored = await self.store.store(bounded)
        except _TooBig:
            return self._too_big()
        finally:
            self._under_way[person.id] -= 1
            if not self._under_way[person.id]:
                del self._under_way[person.id]
        image = read_image(stored.head)
        return await self._table.keep_file(
            NewFile(
                room_id=room_id,
                owner_id=person.id,
                name=clean_file_name(name),
                type=type_of(declared_type, image and image.type),
                size=stored.size,
                digest=stored.digest,
                width=image and image.width,
                height=image and image.height,
            )
        )

    async def find(self, person: Person, file_id: int) -> KeptFile | Refusal:
        """Return a file that the person may read: of a room that they see, or their own that waits for its message.

        The refusal is the same whether the file does not exist or the person may not read it. Cancelling changes
        nothing.
        """
        kept = await self._table.file(file_id)
        if kept is None or (kept.seq is None and kept.owner_id != person.id):
            return NO_FILE
        is_here = self.store is not None and await self.store.has(kept.digest)
        access = await self._conversations.enter(person, kept.room_id)
        if isinstance(access, Refusal):
            return NO_FILE
        return kept if is_here else _LOST

    def reading(self, kept: KeptFile) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open the bytes of a found file, to read piece by piece. Cancelling changes nothing."""
        assert self.store is not None
        return self.store.reading(kept.digest)

    def _too_big(self) -> Refusal:
        return Refusal(Code.TOO_BIG, f"a file has at most {self.most_bytes} bytes", reason="file_too_big")


async def whole(data: bytes) -> AsyncGenerator[bytes]:
    """Yield bytes that are there already, as an upload has its pieces. Cancelling changes nothing."""
    yield data


async def _at_most(most_bytes: int, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > most_bytes:
            raise _TooBig
        yield piece
