"""The directory of exports: each archive is `NAME.zip` once it is whole, and `.NAME.zip.…` while it is written.

Several servers may share it, beside the files that people attach. All its archives together are bounded. Beside it is
the directory of what admins export and import.
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from pathlib import Path

import msgspec
import trio

from chat.domain.ports.files import FileStore
from chat.durable import sync_directory
from chat.storage.disk_space import NoSpace, space_left
from chat.storage.export_archive import write_archive


class Link(msgspec.Struct, frozen=True):
    """The code of a link to an archive, and when it ends, in Unix seconds."""

    code: str
    expires: float


def new_link_code() -> str:
    """Return a code for a link, which nobody can guess. Sync."""
    return secrets.token_urlsafe(32)


def link_digest(code: str) -> bytes:
    """Return the hash of a link's code, which the database stores in its place. Sync and pure."""
    return hashlib.sha256(code.encode("utf-8", "replace")).digest()  # it is random and long: no slow hash


class ArchiveFile(msgspec.Struct, frozen=True):
    """A whole archive that somebody downloads: its file, and the name that it is saved under."""

    path: Path
    file_name: str


class Archives:
    """Writes archives, and removes them. Blocking calls run in threads.

    Args:
        directory: where they are; created by the first one.
        files: the bytes of attached files; None: the archives have none.
        most_bytes: of all archives together; 0: people get none.
        environment: of commands on the data of this server.

    Attributes:
        transfers: the directory of what admins export and import.
    """

    def __init__(
        self,
        directory: Path,
        files: FileStore | None,
        most_bytes: int,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._directory = directory
        self._files = files
        self._most_bytes = most_bytes
        self.environment = environment or {}
        self.transfers = directory.with_name("transfers")

    @property
    def are_for_people(self) -> bool:
        """Whether people may export what they have. Sync."""
        return self._most_bytes > 0

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
        return min(self._most_bytes - taken, space_left(self._directory))

    async def names(self) -> dict[str, str]:
        """Return the files of the directory by the names of their archives; unfinished ones too. Raises OSError."""
        return await trio.to_thread.run_sync(_names, self._directory)

    async def remove(self, files: Collection[str]) -> None:
        """Remove these files of the directory. Raises OSError. Cancelling takes effect when they are removed."""
        await trio.to_thread.run_sync(_remove, self._directory, files)

    async def transfer_files(self) -> dict[str, str]:
        """Return files and directories of transfers by the names of these. Raises OSError."""
        return await trio.to_thread.run_sync(_names, self.transfers)

    async def remove_transfer_files(self, files: Collection[str]) -> None:
        """Remove these, with what is in them. Raises OSError. Cancelling takes effect when they are removed."""
        await trio.to_thread.run_sync(_remove, self.transfers, files)


def _names(directory: Path) -> dict[str, str]:
    if not directory.exists():
        return {}
    return {each: each.removeprefix(".").partition(".")[0] for each in os.listdir(directory)}


def _remove(directory: Path, files: Collection[str]) -> None:
    for each in files:
        path = directory / each
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def archives_beside(
    place: Path | None, files: FileStore | None, most_bytes: int, environment: Mapping[str, str]
) -> Archives | None:
    """Return the archives in the directory of files; None: there is none. Sync."""
    return None if place is None else Archives(place / "exports", files, most_bytes, environment)
