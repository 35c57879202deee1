"""Copies attached files by their digests: what the backup before has is linked, so the next one costs little.

Encrypted files have names that the server's secret makes of their digests: who has a file cannot see that it is there.
"""

import hashlib
import hmac
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import trio

from chat.backup.encryption import SUFFIX, Recipients
from chat.backup.pace import Pace
from chat.durable import sync_directory

_PIECE = 1 << 20


class Encrypted(NamedTuple):
    """How files are encrypted: to whom, the secret of their names, and the checksums in the backup before, by path."""

    recipients: Recipients
    secret: str
    known: Mapping[str, str]

    def path_of(self, digest: str) -> str:
        """Return the path of a file below the files of a backup."""
        key = hmac.digest(self.secret.encode(), b"names of attached files in backups", "sha256")
        name = hmac.digest(key, digest.encode(), "sha256").hex()
        return f"{name[:2]}/{name}{SUFFIX}"


class Copied(msgspec.Struct):
    """The copied files and their bytes, the bytes that are new in this backup, and the damaged files.

    `digests` are those of all others, `checksums` the SHA-256 of encrypted files by their paths.
    """

    files: int = 0
    bytes: int = 0
    new_bytes: int = 0
    damaged: list[str] = []
    digests: set[str] = set()
    checksums: dict[str, str] = {}


async def copy_files(
    source: Path,
    into: Path,
    before: Path | None,
    report: Callable[[str], None],
    pace: Pace,
    encrypted: Encrypted | None = None,
) -> Copied:
    """Copy all files of the store `source`, at a pace; `before` is the same of the backup before.

    Raises OSError. Cancelling: some are copied.
    """
    copied = Copied()
    copy = _Copier(encrypted, copied, pace)

    def begin() -> list[Path]:
        into.mkdir(mode=0o700)
        return sorted(source.glob("[0-9a-f][0-9a-f]"))

    folders = await trio.to_thread.run_sync(begin)
    for nth, folder in enumerate(folders, 1):
        await trio.to_thread.run_sync(copy.folder, folder, into, before)
        report(f"copying files: {copied.files:,} ({100 * nth // len(folders)} %)")
    await trio.to_thread.run_sync(_sync_directories, into)
    return copied


def _sync_directories(files: Path) -> None:
    for folder in (*files.iterdir(), files):
        sync_directory(folder)


class _Copier:
    """Copies folders of the store, in a thread."""

    def __init__(self, encrypted: Encrypted | None, copied: Copied, pace: Pace) -> None:
        self._encrypted = encrypted
        self._copied = copied
        self._pace = pace

    def folder(self, folder: Path, into: Path, before: Path | None) -> None:
        copied, encrypted = self._copied, self._encrypted
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            trio.from_thread.check_cancelled()
            if len(entry.name) != 64:
                continue  # not a file of the store
            name = encrypted.path_of(entry.name) if encrypted else f"{folder.name}/{entry.name}"
            new = into / name
            new.parent.mkdir(mode=0o700, exist_ok=True)
            try:
                size = entry.stat().st_size
                can_link = before is not None and (encrypted is None or name in encrypted.known)
                if before is not None and can_link and _link(before / name, new):
                    if encrypted is not None:
                        copied.checksums[name] = encrypted.known[name]
                    is_right = True
                else:
                    is_right = self._copy(Path(entry.path), new, name)
                    copied.new_bytes += size
                if is_right:
                    copied.digests.add(entry.name)
                else:
                    copied.damaged.append(entry.name)
            except FileNotFoundError:
                continue  # a server of an older release removed it: no row of the backup has it
            copied.files += 1
            copied.bytes += size

    def _copy(self, source: Path, new: Path, name: str) -> bool:
        if self._encrypted is None:
            return copy_file(source, new, self._pace)
        plain, self._copied.checksums[name] = self._encrypted.recipients.encrypt(source, new, self._pace)
        os.utime(
            new, (source.stat().st_atime, source.stat().st_mtime)
        )  # the store keeps files younger than an hour
        return plain == source.name


def _link(old: Path, new: Path) -> bool:
    """Link a file; False: the backup before lacks it, or the file system has no links or no more for this file."""
    try:
        os.link(old, new)
    except OSError:
        return False
    return True


def copy_file(source: Path, new: Path, pace: Pace) -> bool:
    """Copy a file durably; return whether its bytes have the digest that is its name."""
    digest = hashlib.sha256()
    with (
        open(source, "rb") as old,
        open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy,
    ):
        while piece := old.read(_PIECE):
            pace.wait(len(piece))
            digest.update(piece)
            copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
    shutil.copystat(source, new)  # the store keeps files younger than an hour
    new.chmod(0o600)
    return digest.hexdigest() == source.name
