"""Copies attached files by their digests: what the backup before has is linked, so the next one costs little."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import trio

from chat.durable import sync_directory

_PIECE = 1 << 20


class Copied(msgspec.Struct):
    """The copied files and their bytes, the bytes that are new in this backup, and the damaged files."""

    files: int = 0
    bytes: int = 0
    new_bytes: int = 0
    damaged: list[str] = []


async def copy_files(source: Path, into: Path, before: Path | None, report: Callable[[str], None]) -> Copied:
    """Copy all files of the store `source`. `before` is the same of the backup before.

    Raises OSError. Cancelling: some are copied.
    """
    copied = Copied()

    def begin() -> list[Path]:
        into.mkdir(mode=0o700)
        return sorted(source.glob("[0-9a-f][0-9a-f]"))

    folders = await trio.to_thread.run_sync(begin)
    for nth, folder in enumerate(folders, 1):
        last = None if before is None else before / folder.name
        await trio.to_thread.run_sync(_copy_folder, folder, into / folder.name, last, copied)
        report(f"copying files: {copied.files:,} ({100 * nth // len(folders)} %)")
    await trio.to_thread.run_sync(sync_directory, into)
    return copied


def _copy_folder(folder: Path, into: Path, before: Path | None, copied: Copied) -> None:
    into.mkdir(mode=0o700)
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        trio.from_thread.check_cancelled()
        if len(entry.name) != 64:
            continue  # not a file of the store
        new = into / entry.name
        try:
            size = entry.stat().st_size
            if before is None or not _link(before / entry.name, new):
                if not _copy(Path(entry.path), new):
                    copied.damaged.append(entry.name)
                copied.new_bytes += size
        except FileNotFoundError:
            continue  # a server of an older release removed it: no row of the backup has it
        copied.files += 1
        copied.bytes += size
    sync_directory(into)


def _link(old: Path, new: Path) -> bool:
    """Link a file; False: the backup before lacks it, or the file system has no links or no more for this file."""
    try:
        os.link(old, new)
    except OSError:
        return False
    return True


def _copy(source: Path, new: Path) -> bool:
    """Copy a file durably; return whether its bytes have the digest that is its name."""
    digest = hashlib.sha256()
    with (
        open(source, "rb") as old,
        open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy,
    ):
        while piece := old.read(_PIECE):
            trio.from_thread.check_cancelled()
            digest.update(piece)
            copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
    shutil.copystat(source, new)  # the store keeps files younger than an hour
    new.chmod(0o600)
    return digest.hexdigest() == source.name
