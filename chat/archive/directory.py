"""An archive on a disk: a directory with files of lines, and the bytes of files by their SHA-256.

    archive.json           written last: version, source, and each file's lines and SHA-256
    rooms.jsonl            people.jsonl, members.jsonl, marks.jsonl, bans.jsonl, follows.jsonl
    log-000001.jsonl …     messages and other changes, in the order of the log
    files/ab/abcd…         the bytes of files

Directories have the mode 0700 and files 0600. A file of lines has its name once it is whole, so a writer that was cut
off goes on after the last one. Nothing here trusts an archive that it reads: a name is never taken from it, links are
not followed, and a line has a longest length.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from chat.archive import format
from chat.archive.format import FORMAT, LONGEST_LINE, Entry, Head, Part
from chat.archive.problems import Problem
from chat.durable import sync_directory

HEAD = "archive.json"
_STATE = ".unfinished.json"
_PIECE = 1 << 20
_MOST_HEAD = 16 * 2**20
_MOST_SHOWN = 300
"""Letters of a value in the text of a problem."""

T = TypeVar("T")


class BadArchive(Exception):
    """The archive can't be read. The text says why and where, for operators.

    `problem` is None unless the page has a text of it in other languages, with these `values`.
    """

    def __init__(self, text: str, problem: Problem | None = None, **values: object) -> None:
        super().__init__(text)
        self.problem = problem
        self.values = {name: _shown(str(value)) for name, value in values.items()}


def _shown(text: str) -> str:
    """Return a text as the database keeps it: names in a file may have NULs and bytes that are no UTF-8."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text[:_MOST_SHOWN])


def log_name(nth: int) -> str:
    """Return the name of the nth file of the log, from 1. Sync and pure."""
    return f"log-{nth:06}.jsonl"


class ArchiveWriter:
    """Writes an archive. It blocks. Every method may raise OSError.

    Args:
        directory: is made if it is missing. One that is neither empty nor an unfinished archive is refused with
            BadArchive.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = {each.name for each in directory.iterdir()}
        if HEAD in names:
            raise BadArchive(f"{directory} has an archive already: choose another directory")
        if names and _STATE not in names:
            raise BadArchive(f"{directory} is not empty: choose another directory")
        directory.chmod(0o700)

    def state(self, kind: type[T]) -> T | None:
        """Return what an earlier run noted; None: there was none. Raises BadArchive."""
        try:
            return msgspec.json.decode((self.directory / _STATE).read_bytes(), type=kind)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise BadArchive(f"{self.directory / _STATE} is damaged: remove the directory") from error

    def keep_state(self, state: object) -> None:
        """Note what the next run needs, should this one be cut off."""
        self._put(_STATE, [msgspec.json.encode(state)])

    def has(self, name: str) -> bool:
        """Whether a file of lines is whole."""
        return (self.directory / name).is_file()

    def write(self, name: str, lines: Iterable[msgspec.Struct]) -> None:
        """Write a file of lines."""
        self._put(name, (b"%b\n" % format.encode(line) for line in lines))

    def _put(self, name: str, pieces: Iterable[bytes]) -> None:
        new = self.directory / f".{name}.new"
        with _created(new) as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self.directory / name)
        sync_directory(self.directory)

    def keep_file(self, sha256: str, pieces: Iterable[bytes]) -> bool:
        """Keep the bytes of a file. False: they have another digest, and are not kept."""
        path = file_path(self.directory, sha256)
        if path.is_file():
            return True
        path.parent.parent.mkdir(mode=0o700, exist_ok=True)  # `parents` would give it another mode
        path.parent.mkdir(mode=0o700, exist_ok=True)
        new = path.with_name(f".{sha256}.new")
        digest = hashlib.sha256()
        try:
            with _created(new) as file:
                for piece in pieces:
                    digest.update(piece)
                    file.write(piece)
            if digest.hexdigest() != sha256:
                return False
            os.replace(new, path)
        finally:
            new.unlink(missing_ok=True)
        return True

    def finish(self, head: Callable[[dict[str, Part]], Head]) -> None:
        """Write `archive.json` with the digests of all files of lines: the archive is whole."""
        parts: dict[str, Part] = {}
        for path in sorted(self.directory.glob("*.jsonl")):
            digest, lines = hashlib.sha256(), 0
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
                    lines += piece.count(b"\n")
            parts[path.name] = Part(lines=lines, sha256=digest.hexdigest())
        self._put(HEAD, [msgspec.json.format(format.encode(head(parts)), indent=2), b"\n"])
        with suppress(FileNotFoundError):
            (self.directory / _STATE).unlink()


def _created(path: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    return open(os.open(path, flags, 0o600), "wb", buffering=_PIECE)


def file_path(directory: Path, sha256: str) -> Path:
    """Return where an archive has the bytes of a file. Sync and pure."""
    return directory / "files" / sha256[:2] / sha256


class ArchiveReader:
    """Reads an archive. It blocks. Every method may raise OSError and BadArchive."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        if not directory.is_dir():
            raise BadArchive(f"{directory} is no directory with an archive")
        try:
            with _opened(directory / HEAD) as file:
                raw = file.read(_MOST_HEAD + 1)
        except FileNotFoundError:
            is_begun = (directory / _STATE).exists()
            raise BadArchive(
                f"the archive {directory} is not whole: run the same `chat export` again"
                if is_begun
                else f"{directory} has no {HEAD}, so it is no archive",
                Problem.NO_ARCHIVE,
                file=directory,
            ) from None
        if len(raw) > _MOST_HEAD:
            raise BadArchive(f"{HEAD} is too long", Problem.TOO_LARGE, file=HEAD, most=_MOST_HEAD)
        try:
            number = msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).get("format")
            if number is None or bytes(number) != b"%d" % FORMAT:
                raise BadArchive(
                    f"{directory} has another format than {FORMAT}: a newer server reads it",
                    Problem.NEWER,
                    file=directory,
                )
            self.head = msgspec.json.decode(raw, type=Head)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise BadArchive(f"{HEAD}: {error}", Problem.BAD_FILE, file=HEAD, error=error) from error
        self.digest = hashlib.sha256(raw).digest()

    def check(self, progress: Callable[[], object] = lambda: None) -> None:
        """Check that each file of lines is there, as it was written. `progress` is called now and then."""
        for name, part in self.head.parts.items():
            digest, lines = hashlib.sha256(), 0
            with self._file(name) as file:
                while piece := file.read(_PIECE):
                    digest.update(piece)
                    lines += piece.count(b"\n")
                    progress()
            if digest.hexdigest() != part.sha256 or lines != part.lines:
                raise BadArchive(f"{name} is damaged: it is not what {HEAD} says", Problem.DAMAGED, file=name)

    def lines(self, name: str, kind: type[T]) -> Iterator[T]:
        """Yield the lines of a file; of one that the archive does not have, none."""
        if name in self.head.parts:
            yield from self._decoded(name, format.decoder(kind))

    def log(self) -> Iterator[Entry]:
        """Yield the lines of the log, in order."""
        nth = 1
        while log_name(nth) in self.head.parts:
            yield from self._decoded(log_name(nth), format.decode_entry)
            nth += 1

    def log_lines(self) -> int:
        """Return how many lines the log has."""
        return sum(part.lines for name, part in self.head.parts.items() if name.startswith("log-"))

    def open_file(self, sha256: str) -> BinaryIO | None:
        """Open the bytes of a file; None: the archive does not have them."""
        try:
            return _opened(file_path(self.directory, sha256))
        except FileNotFoundError:
            return None

    def _file(self, name: str) -> BinaryIO:
        if "/" in name or "\\" in name or not name.endswith(".jsonl"):
            raise BadArchive(f"{HEAD} names {name!r}, which is no file of an archive")
        try:
            return _opened(self.directory / name)
        except FileNotFoundError:
            raise BadArchive(f"{name} is missing", Problem.MISSING, file=name) from None

    def _decoded(self, name: str, decode: Callable[[bytes], T]) -> Iterator[T]:
        with self._file(name) as file:
            nth = 0
            while line := file.readline(LONGEST_LINE + 1):
                nth += 1
                if len(line) > LONGEST_LINE:
                    raise BadArchive(
                        f"{name}, line {nth} is longer than {LONGEST_LINE} bytes",
                        Problem.LONG_LINE,
                        file=name,
                        line=nth,
                        most=LONGEST_LINE,
                    )
                try:
                    decoded = decode(line)
                except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
                    raise BadArchive(
                        f"{name}, line {nth}: {error}", Problem.BAD_LINE, file=name, line=nth, error=error
                    ) from error
                if b"\\u0000" in line and _has_nul(msgspec.to_builtins(decoded)):
                    raise BadArchive(
                        f"{name}, line {nth} has a NUL, which PostgreSQL can't keep",
                        Problem.BAD_LINE,
                        file=name,
                        line=nth,
                        error="a NUL",
                    )
                yield decoded


def _has_nul(value: object) -> bool:
    """Whether a text in a value of JSON has a NUL."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(each) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(map(_has_nul, value))


def _opened(path: Path) -> BinaryIO:
    """Open a regular file, and no link, pipe or device. Raises BadArchive and OSError."""
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if path.is_symlink():
            raise BadArchive(f"{path} is a link, which an archive has none of") from error
        raise
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise BadArchive(f"{path} is no file")
    return open(number, "rb", buffering=_PIECE)
