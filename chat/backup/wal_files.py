"""Archives attached files beside the WAL, as they are uploaded: a moment after the last backup needs their bytes."""

import os
import time
from contextlib import suppress
from pathlib import Path

from chat.backup.files import copy_file
from chat.backup.pace import Pace
from chat.durable import sync_directory

_TICK = 1_000_000_000
"""Nanoseconds in which a directory may change again without another time of change."""


class FileArchive:
    """Copies new files of the store `store` into `into`. All methods block, for a disk that is away for long."""

    def __init__(self, store: Path, into: Path, since: float) -> None:
        self._store = store
        self._into = into
        self._since = since  # Unix time: older files are in a backup
        self._looked_at: dict[str, int] = {}  # when each folder had changed when it was looked through

    def copy_new(self) -> int:
        """Copy the files that are not there yet; return their number. Raises OSError."""
        copied = 0
        for folder in sorted(self._store.glob("[0-9a-f][0-9a-f]")):
            changed = folder.stat().st_mtime_ns
            if self._looked_at.get(folder.name) == changed:
                continue
            copied += self._copy_folder(folder, self._into / folder.name)
            if time.time_ns() - changed > _TICK:
                self._looked_at[folder.name] = changed
        return copied

    def _copy_folder(self, folder: Path, into: Path) -> int:
        copied = 0
        for entry in os.scandir(folder):
            with suppress(FileNotFoundError):  # removed meanwhile: no message has it
                if len(entry.name) == 64 and self._is_new(entry.stat().st_mtime, into / entry.name):
                    into.mkdir(mode=0o700, parents=True, exist_ok=True)
                    new = into / f"{entry.name}.new"
                    new.unlink(missing_ok=True)
                    copy_file(Path(entry.path), new, Pace())
                    os.replace(new, into / entry.name)
                    copied += 1
        if copied:
            sync_directory(into)
        return copied

    def _is_new(self, stored_at: float, archived: Path) -> bool:
        if stored_at < self._since:
            return False
        try:
            return archived.stat().st_mtime < stored_at  # uploaded again: the copy has to stay for longer
        except FileNotFoundError:
            return True
