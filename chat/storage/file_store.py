"""Stores the bytes of files in a directory, each named by its SHA-256. A name appears when its bytes are durable.

The directory contains:

    chat-files   the mark: the id of the database whose files these are
    incoming/    files that are being uploaded or removed
    00/ … ff/    the stored files, by their digests

Several servers may share it. No file is held in memory, and blocking calls run in threads.
"""

import hashlib
import os
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from functools import partial
from io import FileIO
from pathlib import Path
from typing import TypeVar

import structlog
import trio

from chat.domain.failures import FileStoreDown
from chat.domain.messages.images import HEAD_BYTES
from chat.domain.ports.files import Stored
from chat.domain.startup import CannotStart
from chat.durable import sync_directory

MARK = "chat-files"

GRACE = 3600.0
"""Seconds for which a stored file is kept without a row in the database: its row is written seconds after it."""

_LEFT_BEHIND = 86_400.0
"""Seconds after which an upload that a crash interrupted is removed: over the slowest connection one takes hours."""

_PIECE = 65_536
"""Bytes read from the disk at once."""

_GATHERED = 262_144
"""Bytes written to the disk at once: for fewer, a call of a thread is too expensive."""

_T = TypeVar("_T")

logger = structlog.get_logger(__name__)


class DiskFileStore:
    """The port `FileStore`."""

    def __init__(self, directory: Path, now: Callable[[], float] = time.time) -> None:
        self._directory = directory
        self._incoming = directory / "incoming"
        self._now = now
        self._has_failed = False  # whether the disk failed the last upload

    async def store(self, pieces: AsyncIterator[bytes]) -> Stored:
        try:
            stored = await self._store(pieces)
        except FileStoreDown as error:
            if not self._has_failed:  # one line for all uploads of an outage
                self._has_failed = True
                logger.error(
                    "upload refused: cannot write to the files directory",
                    directory=str(self._directory),
                    reason=str(error),
                )
            raise
        if self._has_failed:
            self._has_failed = False
            logger.info("the files directory takes uploads again", directory=str(self._directory))
        return stored

    async def _store(self, pieces: AsyncIterator[bytes]) -> Stored:
        path = self._incoming / secrets.token_hex(16)
        file = await _in_thread(lambda: FileIO(path, "xb"))
        digest, head, size = hashlib.sha256(), b"", 0
        try:
            gathered = bytearray()
            async for piece in pieces:
                gathered += piece
                if len(gathered) >= _GATHERED:
                    head = head or bytes(gathered[:HEAD_BYTES])
                    size += len(gathered)
                    await _in_thread(partial(_write, file, digest, bytes(gathered)))
                    gathered.clear()
            head = head or bytes(gathered[:HEAD_BYTES])
            size += len(gathered)
            await _in_thread(partial(_write, file, digest, bytes(gathered)))
            await _in_thread(partial(self._finish, file, path, digest.digest()))
            return Stored(size, digest.digest(), head)
        finally:
            # Cancelling waits for a running thread, so no thread writes to `file` any more.
            file.close()
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _finish(self, file: FileIO, path: Path, digest: bytes) -> None:
        os.fsync(file.fileno())
        final = self._path(digest)
        if not final.parent.is_dir():
            final.parent.mkdir(mode=0o700, exist_ok=True)
            sync_directory(self._directory)
        os.utime(path, (self._now(), self._now()))
        os.replace(path, final)
        sync_directory(final.parent)

    async def has(self, digest: bytes) -> bool:
        return await _in_thread(self._path(digest).exists)

    @asynccontextmanager
    async def reading(self, digest: bytes) -> AsyncGenerator[AsyncIterator[bytes]]:
        file = await _in_thread(lambda: FileIO(self._path(digest)))
        with file:
            async with aclosing(_pieces(file)) as pieces:
                yield pieces

    async def digests(self, after: bytes, limit: int) -> list[bytes]:
        return await _in_thread(partial(self._digests, after, limit))

    def _digests(self, after: bytes, limit: int) -> list[bytes]:
        found: list[bytes] = []
        for folder in sorted(self._directory.glob("[0-9a-f][0-9a-f]")):
            if folder.name >= after[:1].hex() and len(found) < limit:
                found += sorted(filter(None, map(self._old, os.scandir(folder))))
                found = [digest for digest in found if digest > after]
        return found[:limit]

    def _old(self, entry: "os.DirEntry[str]") -> bytes | None:
        """Return the digest of a file that is old enough to have a row; None for others."""
        try:
            is_old = entry.stat().st_mtime < self._now() - GRACE
            return bytes.fromhex(entry.name) if is_old and len(entry.name) == 64 else None
        except (OSError, ValueError):
            return None  # removed in the meantime, or not a file of this store

    async def remove(self, digest: bytes) -> None:
        await _in_thread(partial(self._remove, digest))

    def _remove(self, digest: bytes) -> None:
        aside = self._incoming / f"{digest.hex()}.removed"
        try:
            # Moved aside first, where no upload can replace it: a file that was stored again meanwhile is put back.
            os.replace(self._path(digest), aside)
        except FileNotFoundError:
            return
        if aside.stat().st_mtime < self._now() - GRACE:
            aside.unlink()
        else:
            os.replace(aside, self._path(digest))

    def _path(self, digest: bytes) -> Path:
        name = digest.hex()
        return self._directory / name[:2] / name

    def prepare(self, store_id: str) -> None:
        """Create the directory and clean up after a crash. It blocks. Raises CannotStart."""
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._close_to_others()
            self._incoming.mkdir(mode=0o700, exist_ok=True)
            found = self._marked_with(store_id)
            for left in self._incoming.iterdir():
                digest = left.name.removesuffix(".removed")
                # A removal was interrupted: put the file back, the clean-up decides again.
                if left.name != digest:
                    with suppress(OSError):
                        os.replace(left, self._path(bytes.fromhex(digest)))
                else:
                    with suppress(FileNotFoundError):  # an upload of another server, which ends just now
                        if left.stat().st_mtime < self._now() - _LEFT_BEHIND:
                            left.unlink()
        except (OSError, ValueError) as error:
            raise CannotStart(f"cannot use the files directory {self._directory}: {error}") from error
        if found != store_id:
            raise CannotStart(
                f"the files directory {self._directory} belongs to another database: pass another --files"
            )

    def _close_to_others(self) -> None:
        """Make the directory private if its parent is; a parent that others can enter may be shared on purpose."""
        if not self._directory.parent.stat().st_mode & 0o076 and self._directory.stat().st_mode & 0o077:
            self._directory.chmod(0o700)

    def _marked_with(self, store_id: str) -> str:
        mark = self._directory / MARK
        if not mark.exists():
            new = self._incoming / secrets.token_hex(16)
            new.write_text(f"{store_id}\n", encoding="utf-8")
            with suppress(FileExistsError):
                os.link(new, mark)  # if two servers start at once, the first one wins
            new.unlink()
            sync_directory(self._directory)
        return mark.read_text(encoding="utf-8").strip()


async def open_file_store(directory: Path, store_id: str) -> DiskFileStore:
    """Open the store in `directory`, which is created if it is missing.

    Raises CannotStart, also if the directory belongs to another database. Cancelling may leave the new directory.
    """
    store = DiskFileStore(directory)
    await trio.to_thread.run_sync(partial(store.prepare, store_id))
    return store


def _write(file: FileIO, digest: "hashlib._Hash", data: bytes) -> None:
    digest.update(data)
    with memoryview(data) as rest:
        sent = 0
        while sent < len(data):
            sent += file.write(rest[sent:])


async def _pieces(file: FileIO) -> AsyncGenerator[bytes]:
    while piece := await _in_thread(partial(file.read, _PIECE)):
        yield piece


async def _in_thread(do: Callable[[], _T]) -> _T:
    """Run a blocking function in a thread. Raises FileStoreDown. Cancelling takes effect when it has returned."""
    try:
        return await trio.to_thread.run_sync(do)
    except OSError as error:
        raise FileStoreDown(error.strerror or type(error).__name__) from error
