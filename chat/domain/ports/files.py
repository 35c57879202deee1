"""Attached files: rows in the database, and bytes on a disk."""

from collections.abc import AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from chat.domain.entities import File


class NewFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose bytes are on the disk under their `digest` (SHA-256)."""

    room_id: int
    owner_id: int
    name: str
    type: str
    size: int
    digest: bytes
    width: int | None = None
    height: int | None = None


class KeptFile(msgspec.Struct, frozen=True):
    """A file with its room and owner. `seq` is the message that it is attached to; None: no message yet."""

    file: File
    room_id: int
    owner_id: int
    digest: bytes
    seq: int | None = None


class Files(Protocol):
    """The rows. `Messages.save` attaches a kept file to a message; the file is deleted together with that message."""

    async def keep_file(self, new: NewFile) -> File:
        """Add a file that is not attached to a message yet."""
        ...

    async def file(self, file_id: int) -> KeptFile | None:
        """Return a file; None: there is no such file, or its message or room is deleted."""
        ...

    async def unneeded(self, digests: Collection[bytes]) -> set[bytes]:
        """Return those of these digests whose bytes may be removed: no file has them.

        And a file had them and was deleted, or UNKNOWN_KEPT has passed since this was first asked. A restored database
        does not know the files that came after its backup; their bytes stay for another restore. While a backup is
        made there are none.
        """
        ...

    async def removed(self, digests: Collection[bytes]) -> None:
        """Note that these bytes are removed."""
        ...

    async def forget_files(self, limit: int) -> bool:
        """Remove at most `limit` files unattached for UNATTACHED_KEPT. Returns whether there may be more."""
        ...

    async def store_id(self) -> str:
        """Return the id that marks the directory of these files' bytes; it never changes."""
        ...


class Stored(msgspec.Struct, frozen=True):
    """Bytes that a power failure cannot lose: their number, their SHA-256, and the first of them."""

    size: int
    digest: bytes
    head: bytes


class FileStore(Protocol):
    """The bytes, by their digests. Every method raises StorageDown when the disk fails."""

    async def store(self, pieces: AsyncIterator[bytes]) -> Stored:
        """Write all pieces, and return once a power failure cannot lose them. Raises what `pieces` raises.

        Cancelling, or an error: the bytes are removed.
        """
        ...

    async def has(self, digest: bytes) -> bool:
        """Whether there are bytes with this digest."""
        ...

    def reading(self, digest: bytes) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open existing bytes and read them piece by piece. Cancelling: nothing changes."""
        ...

    async def digests(self, after: bytes, limit: int) -> list[bytes]:
        """Return the first digests after this one, in order, of bytes that were stored some time ago."""
        ...

    async def remove(self, digest: bytes) -> None:
        """Remove bytes, unless they were stored again recently. Cancelling: they are removed, or not."""
        ...
