"""Files that people attach: the rows that say whose they are and where, and the bytes, which lie on a disk."""

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
    """A file, in which room and whose it is, and the `seq` of the message that it is in; None: it waits for one."""

    file: File
    room_id: int
    owner_id: int
    digest: bytes
    seq: int | None = None


class Files(Protocol):
    """The rows. One that is saved waits for its message, `Messages.save` gives it one, and it goes with that."""

    async def keep_file(self, new: NewFile) -> File:
        """Add a file that waits for its message."""
        ...

    async def file(self, file_id: int) -> KeptFile | None:
        """Return a file; None: there is none, or its message or room is deleted."""
        ...

    async def digests_among(self, digests: Collection[bytes]) -> set[bytes]:
        """Return which of these digests a file has."""
        ...

    async def forget_files(self, limit: int) -> bool:
        """Remove at most `limit` files that have waited for UNATTACHED_KEPT. Returns whether there may be more."""
        ...

    async def store_id(self) -> str:
        """Return what the directory with the bytes of these files is marked with; it stays as long as the rows."""
        ...


class Stored(msgspec.Struct, frozen=True):
    """Bytes that are on the disk for good: how many, their SHA-256, and the first of them."""

    size: int
    digest: bytes
    head: bytes


class FileStore(Protocol):
    """The bytes, by their digests. Every method raises StorageDown where the disk does not take or give them."""

    async def store(self, pieces: AsyncIterator[bytes]) -> Stored:
        """Write all pieces, and return once a power cut can't take them away. Raises what `pieces` raises.

        Cancelling, or an error: nothing of them is left.
        """
        ...

    async def has(self, digest: bytes) -> bool:
        """Whether bytes are there."""
        ...

    def reading(self, digest: bytes) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open bytes that are there; they come piece by piece. Cancelling: nothing happens."""
        ...

    async def digests(self, after: bytes, limit: int) -> list[bytes]:
        """Return the first digests behind this one, in their order, of bytes that have lain here for a while."""
        ...

    async def remove(self, digest: bytes) -> None:
        """Remove bytes, unless they were stored again of late. Cancelling: they are removed, or not."""
        ...
