"""Unpacks a dump of MongoDB that nobody vouches for: collections as files of documents. It blocks.

A dump is one file (`mongodump --archive`), or a folder of files in a tar or zip file; each may be compressed.

Source: the archives of the MongoDB Database Tools: four bytes, documents that describe the dump, a terminator; then
blocks of a header, documents of one collection, and a terminator.
"""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, cast

from chat.archive.directory import BadArchive
from chat.archive.problems import Problem
from chat.imports.rocketchat.bson import BadDocument, decode, documents, read_document
from chat.imports.tar_reading import unpack
from chat.imports.zip_reading import ZipReader
from chat.storage.disk_space import check_space

MAGIC = bytes.fromhex("6de29981")
END = b"\xff\xff\xff\xff"
"""The begin of an archive, and the end of each block."""

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_MOST_DATABASES = 20
_PIECE = 1 << 20


class Dump:
    """What was unpacked: collections, and files that were beside them.

    Args:
        export: the dump.
        directory: where it is unpacked; it is made, and only its owner can read it.
        wanted: the names of the collections.
        marker: one of them, by which the database is found.

    Every method may raise BadArchive and OSError.
    """

    def __init__(self, export: Path, directory: Path, wanted: Collection[str], marker: str) -> None:
        self._export = export
        self._directory = directory
        self._wanted = frozenset(wanted)
        self._databases: dict[str, str] = {}
        try:
            self._unpack()
        except (BadDocument, gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise BadArchive(f"{export} is damaged: {error}", Problem.DAMAGED, file=export) from error
        found = [each for each in self._databases.values() if (directory / f"{each}-{marker}").exists()]
        if len(found) != 1:
            many = "several databases with" if found else "no"
            raise BadArchive(
                f"{export} has {many} {marker}: it is no dump of one Rocket.Chat",
                Problem.NO_EXPORT,
                file=export,
                chat="Rocket.Chat",
            )
        self._database = found[0]

    def collection(self, name: str) -> Iterator[tuple[int, bytes]]:
        """Yield the place and the bytes of each document; of a collection that is missing, nothing."""
        path = self._path(name)
        if not path.exists():
            return
        with path.open("rb") as file:
            try:
                yield from documents(file)
            except BadDocument as error:
                raise BadArchive(f"{name} is damaged: {error}", Problem.DAMAGED, file=name) from error

    def open(self, name: str) -> BinaryIO | None:
        """Open the file of a collection; None: it is missing."""
        path = self._path(name)
        return path.open("rb") if path.exists() else None

    def upload(self, name: str) -> Path | None:
        """Return where a file is that the dump has in a folder `uploads`; None: it has none of this name."""
        path = self._directory / _upload(name)
        return path if path.exists() else None

    def _path(self, name: str) -> Path:
        return self._directory / f"{self._database}-{name}"

    def _unpack(self) -> None:
        with ExitStack() as stack:
            file: BinaryIO = stack.enter_context(self._export.open("rb"))
            head = file.read(4)
            file.seek(0)
            if head == _ZIP:
                self._unpack_zip()
                return
            if head[:2] == _GZIP:
                file = stack.enter_context(cast("BinaryIO", gzip.GzipFile(fileobj=file)))
                head = file.read(4)
            else:
                file.seek(4)
            if head == MAGIC:
                self._unpack_archive(file)
                return
        unpack(self._export, self._directory, self._place)
        for path in sorted(self._directory.glob("*.gz")):
            with gzip.open(path, "rb") as pieces, self._created(path.stem) as write:
                while piece := pieces.read(_PIECE):
                    write(piece)
            path.unlink()

    def _unpack_zip(self) -> None:
        self._directory.mkdir(mode=0o700)
        with ZipReader(self._export) as archive:
            for name in archive.names:
                place = self._place(name)
                if place is None:
                    continue
                with self._created(place.removesuffix(".gz")) as write:
                    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if place.endswith(".gz") else None
                    for piece in archive.pieces(name):
                        write(piece if unzip is None else unzip.decompress(piece, _PIECE))
                        while unzip is not None and unzip.unconsumed_tail:
                            write(unzip.decompress(unzip.unconsumed_tail, _PIECE))

    def _unpack_archive(self, file: BinaryIO) -> None:
        """Write each block to the file of its collection; `file` is behind the first four bytes."""
        self._directory.mkdir(mode=0o700)
        with ExitStack() as stack:
            writers: dict[str, Callable[[bytes], object]] = {}
            for _ in _block(file):
                pass  # the head
            while head := file.read(len(END)):
                header = decode(read_document(head, file))
                name = self._named(str(header.get("db")), str(header.get("collection")))
                for raw in _block(file):
                    if name is None:
                        continue
                    if name not in writers:
                        writers[name] = stack.enter_context(self._created(name))
                    writers[name](raw)

    def _place(self, name: str) -> str | None:
        """Return the name under which a file of a folder is unpacked; None: it is not needed."""
        *folders, last = name.replace("\\", "/").split("/")
        if folders and folders[-1] == "uploads":
            return _upload(last)
        collection, dot, rest = last.rpartition(".bson")
        if not dot or rest not in ("", ".gz"):
            return None
        place = self._named("/".join(folders), collection)
        return None if place is None else f"{place}{rest}"

    def _named(self, database: str, collection: str) -> str | None:
        if collection not in self._wanted:
            return None
        nth = self._databases.setdefault(database, str(len(self._databases)))
        if len(self._databases) > _MOST_DATABASES:
            raise BadArchive(f"{self._export} has too many databases")
        return f"{nth}-{collection}"

    def _created(self, name: str) -> "_Writer":
        return _Writer(self._directory / name)


class _Writer:
    """A new file, which is written while the disk has space."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unchecked = _PIECE

    def __enter__(self) -> Callable[[bytes], object]:
        try:
            self._file = self._path.open("xb")
        except FileExistsError as error:
            raise BadArchive(f"the dump has {self._path.name} twice") from error
        self._path.chmod(0o600)
        return self._write

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _write(self, piece: bytes) -> None:
        self._unchecked += len(piece)
        if self._unchecked > _PIECE * 64:
            self._unchecked = 0
            check_space(self._path.parent)
        self._file.write(piece)


def _upload(name: str) -> str:
    return f"upload-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()}"


def _block(file: BinaryIO) -> Iterator[bytes]:
    """Yield the documents up to the end of a block."""
    while (head := file.read(len(END))) != END:
        yield read_document(head, file)
