"""The directory of exports: each archive is `NAME.zip` once it is whole, and `.NAME.zip.…` while it is written.

Several servers may share it, beside the files that people attach. All its archives together are bounded.
"""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Collection
from functools import partial
from pathlib import Path

import msgspec
import trio

from chat.domain.ports.files import FileStore
from chat.durable import sync_directory
from chat.storage.export_archive import write_archive

_SPARED = 1 << 30
"""Bytes of the disk that stay free."""


class NoSpace(Exception):
    """The archives would take more than they may, or fill the disk."""


class ArchiveFile(msgspec.Struct, frozen=True):
    """A whole archive that somebody downloads: its file, and the name that it is saved under."""

    path: Path
    file_name: str


class Archives:
    """Writes archives, and removes them. Blocking calls run in threads.

    Args:
        directory: where they are; created by the first one.
        files: the bytes of attached files; None: the archives have none.
        most_bytes: of all archives together.
    """

    def __init__(self, directory: Path, files: FileStore | None, most_bytes: int) -> None:
        self._directory = directory
        self._files = files
        self._most_bytes = most_bytes

    def path(self, name: str) -> Path:
        """Return the file of a whole archive. Sync."""
        return self._directory / f"{name}.zip"

    async def write(
        self,
        name: str,
        person: str,
        kinds: AsyncIterator[tuple[str, list[str]]],
        written: Callable[[int], object],
    ) -> int:
        """Write an archive and return its size; the arguments are those of write_archive().

        Raises NoSpace, OSError and StorageError. Cancelling: there is no archive.
        """
        left = await trio.to_thread.run_sync(self._left)

        def check(size: int) -> None:
            if size > left:
                raise NoSpace
            written(size)

        path = self.path(name)
        await write_archive(path, person, kinds, self._files, check)
        await trio.to_thread.run_sync(sync_directory, self._directory)
        return path.stat().st_size

    def _left(self) -> int:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = sum(entry.stat().st_size for entry in os.scandir(self._directory))
        return min(self._most_bytes - taken, shutil.disk_usage(self._directory).free - _SPARED)

    async def names(self) -> dict[str, str]:
        """Return the files of the directory by the names of their archives; unfinished ones too. Raises OSError."""
        return await trio.to_thread.run_sync(self._names)

    def _names(self) -> dict[str, str]:
        if not self._directory.exists():
            return {}
        return {each: each.removeprefix(".").partition(".")[0] for each in os.listdir(self._directory)}

    async def remove(self, files: Collection[str]) -> None:
        """Remove these files of the directory. Raises OSError. Cancelling takes effect when they are removed."""
        await trio.to_thread.run_sync(partial(self._remove, files))

    def _remove(self, files: Collection[str]) -> None:
        for each in files:
            (self._directory / each).unlink(missing_ok=True)


def archives_beside(place: Path | None, files: FileStore | None, most_bytes: int) -> Archives | None:
    """Return the archives in the directory of files; None: there is none, or nobody may export. Sync."""
    return Archives(place / "exports", files, most_bytes) if place is not None and most_bytes else None
