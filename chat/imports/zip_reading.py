"""Reads zip files that nobody vouches for: entries by their names, never onto the disk, and not more than a bound.

A zip file may have names that lead elsewhere, links, the same name twice, and entries that grow a thousandfold. It
blocks.
"""

import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from chat.archive.directory import BadArchive
from chat.archive.problems import Problem

_MOST_ENTRIES = 2_000_000
_PIECE = 1 << 18


class ZipReader:
    """An open zip file. Every method may raise BadArchive and OSError."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = ZipFile(path)
        except BadZipFile as error:
            raise BadArchive(f"{path} is no zip file: {error}", Problem.NO_ZIP, file=path) from error
        self._entries: dict[str, ZipInfo] = {}
        for info in self._zip.infolist():
            name = info.filename
            if name in self._entries or len(self._entries) >= _MOST_ENTRIES:
                self.close()
                raise BadArchive(
                    f"{path} has {name!r} twice, or too many files", Problem.UNSAFE, file=path, name=name
                )
            if info.is_dir():
                continue
            parts = name.replace("\\", "/").split("/")
            mode = info.external_attr >> 16
            if not parts[0] or ".." in parts or ":" in parts[0] or stat.S_ISLNK(mode) or info.flag_bits & 1:
                self.close()
                raise BadArchive(
                    f"{path} has {name!r}: a link, an encrypted file, or a name that leads elsewhere",
                    Problem.UNSAFE,
                    file=path,
                    name=name,
                )
            self._entries[name] = info

    def __enter__(self) -> "ZipReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    @property
    def names(self) -> list[str]:
        """The names of all files in it."""
        return [*self._entries]

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def read(self, name: str, most: int) -> bytes:
        """Return the bytes of a file; one of more than `most` bytes is refused."""
        info = self._entries[name]
        if info.file_size <= most:
            with self._opened(info) as file:
                raw = self._some(info, file, most + 1)
            if len(raw) <= most:
                return raw
        raise BadArchive(f"{name} has more than {most} bytes", Problem.TOO_LARGE, file=name, most=most)

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a file, and not more of them than the zip file says."""
        info = self._entries[name]
        left = info.file_size
        with self._opened(info) as file:
            while left > 0 and (piece := self._some(info, file, min(_PIECE, left))):
                left -= len(piece)
                yield piece

    def size(self, name: str) -> int:
        """Return the size of a file, as the zip file says."""
        return self._entries[name].file_size

    def _opened(self, info: ZipInfo) -> IO[bytes]:
        try:
            return self._zip.open(info)
        except (BadZipFile, NotImplementedError, RuntimeError) as error:
            raise BadArchive(
                f"{info.filename}: {error}", Problem.BAD_FILE, file=info.filename, error=error
            ) from error

    def _some(self, info: ZipInfo, file: IO[bytes], most: int) -> bytes:
        try:
            return file.read(most)
        except (BadZipFile, EOFError, ValueError, OSError) as error:
            raise BadArchive(
                f"{info.filename} is damaged: {error}", Problem.DAMAGED, file=info.filename
            ) from error
        except Exception as error:  # zlib.error, lzma.LZMAError: what a decompressor raises
            raise BadArchive(
                f"{info.filename} is damaged: {error}", Problem.DAMAGED, file=info.filename
            ) from error
