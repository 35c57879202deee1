"""Unpacks an archive of this software from a zip file that nobody vouches for. It blocks."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from chat.archive.directory import HEAD, BadArchive
from chat.archive.problems import Problem
from chat.imports.zip_reading import ZipReader
from chat.storage.disk_space import check_space

_NAMES = re.compile(r"[a-z]+\.jsonl|log-\d{6}\.jsonl|files/([0-9a-f]{2})/\1[0-9a-f]{62}")


class PackedArchive:
    """What an archive is made of that came in a zip file; it may be in a folder there.

    Args:
        export: the zip file.
        directory: where the archive is made.
        progress: called with the files that are unpacked, and all of them.
    """

    def __init__(self, export: Path, directory: Path, progress: Callable[[int, int], object]) -> None:
        self._export = export
        self._directory = directory
        self._progress = progress
        self.lost: dict[str, int] = {}

    def make(self) -> None:
        """Unpack the files that an archive has, and no others. Raises BadArchive and OSError."""
        with ZipReader(self._export) as archive:
            heads = [name for name in archive.names if name.rpartition("/")[2] == HEAD]
            if not heads:
                raise BadArchive(
                    f"{self._export.name} has no {HEAD}, so it is no archive of this software",
                    Problem.NO_ARCHIVE,
                    file=self._export.name,
                )
            folder = min(heads, key=len).removesuffix(HEAD)
            places = {
                name: place
                for name in archive.names
                if (place := name.removeprefix(folder)) == HEAD or _NAMES.fullmatch(place)
            }
            check_space(self._directory.parent, sum(map(archive.size, places)))
            self._directory.mkdir(mode=0o700)
            # Its head comes last: without it the archive is not whole.
            for nth, name in enumerate(sorted(places, key=lambda name: places[name] == HEAD), 1):
                self._unpack(archive, name, self._directory / places[name])
                self._progress(nth, len(places))

    def _unpack(self, archive: ZipReader, name: str, path: Path) -> None:
        if path.parent != self._directory:
            path.parent.parent.mkdir(mode=0o700, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for piece in archive.pieces(name):
                file.write(piece)
