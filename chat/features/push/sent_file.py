"""Files of the pushes that this process has sent and not noted yet: they outlive a kill, and the next start reads them.

A note in the database takes milliseconds more, in which the process may die.
"""

import errno
import itertools
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import structlog

from chat.embedded_postgres.data_directory import lock_file
from chat.features.push.ledger import Unanswered

_NAME = "sent-pushes-"

logger = structlog.get_logger(__name__)


class SentFile:
    """The two open files of a process: one takes sent pushes while those in the other are noted.

    One alone would grow under load, when some push is always not noted. Without files nothing is kept.
    All of it is sync: each call takes microseconds.

    Args:
        own: the descriptors of two empty files, or none.
        left: the descriptors of the files of ended processes; they are released once their pushes are noted.
        earlier: the pushes in those files.
        data_id: identifies the data.

    Attributes:
        earlier: the pushes that ended processes have sent.
    """

    def __init__(
        self,
        own: Sequence[int] = (),
        left: Sequence[int] = (),
        earlier: Sequence[Unanswered] = (),
        data_id: str = "",
    ) -> None:
        self.earlier = earlier
        self._own = [*own]
        self._left = [*left]
        self._data_id = data_id
        self._has_failed = False

    def add(self, sent: Unanswered) -> None:
        """Add a push that was handed to a socket."""
        if not self._own:
            return
        try:
            _write(self._own[0], b"\n" + msgspec.json.encode((self._data_id, sent)))
            self._has_failed = False
        except OSError as error:
            if not self._has_failed:
                _warn_not_kept(error)
            self._has_failed = True

    def turn(self) -> None:
        """Begin to note the pushes added until now: later ones go to the other file."""
        self._own.reverse()

    def clear(self) -> None:
        """Forget the pushes added before `turn()`: they are noted."""
        for descriptor in (*self._own[1:], *self._left):
            with suppress(OSError):  # noting twice changes nothing
                os.ftruncate(descriptor, 0)
        self._release(self._left)

    def close(self) -> None:
        """Close the files; pushes that are not noted stay in them."""
        self._release(self._own)
        self._release(self._left)

    def _release(self, descriptors: list[int]) -> None:
        while descriptors:
            os.close(descriptors.pop())


@contextmanager
def open_sent_file(directory: Path | None, data_id: str = "") -> Generator[SentFile]:
    """Open files in the data directory for as long as the block lasts; without a directory nothing is kept.

    Each process of a server has its own. It takes over those of processes that are gone.
    """
    file = SentFile() if directory is None else _open(directory, data_id)
    try:
        yield file
    finally:
        file.close()


def _open(directory: Path, data_id: str) -> SentFile:
    own: list[int] = []
    left: list[int] = []
    earlier: list[Unanswered] = []
    try:
        for path in sorted(directory / name for name in os.listdir(directory) if name.startswith(_NAME)):
            descriptor, content = _taken(path)
            if descriptor is None:
                continue
            if content:
                left.append(descriptor)
                earlier += _parsed(path, content, data_id)
            elif len(own) < 2:
                own.append(descriptor)
            else:
                os.close(descriptor)
        numbers = itertools.count(1)
        while len(own) < 2:
            with suppress(FileExistsError):  # another process has it, or it is not for this one
                descriptor = _take(directory / f"{_NAME}{next(numbers)}", os.O_CREAT | os.O_EXCL)
                own += [] if descriptor is None else [descriptor]
    except OSError as error:
        _warn_not_kept(error)
        while own:
            os.close(own.pop())
    return SentFile(own, left, earlier, data_id)


def _taken(path: Path) -> tuple[int | None, bytes]:
    """Open and lock a file that is there, and read it; None: another process has it, or it can't be read."""
    descriptor = None
    try:
        descriptor = _take(path)
        if descriptor is None:
            return None, b""
        with open(descriptor, "rb", closefd=False) as file:
            return descriptor, file.read()
    except OSError as error:
        logger.warning(
            "sent pushes of a killed process are not read; they may be sent a third time",
            file=str(path),
            error=str(error),
        )
        if descriptor is not None:
            os.close(descriptor)
        return None, b""


def _take(path: Path, flags: int = 0) -> int | None:
    """Open and lock a file; None: another process has it. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | flags, 0o600)
    try:
        lock_file(descriptor)
    except (BlockingIOError, PermissionError):
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _write(descriptor: int, line: bytes) -> None:
    """Write a line. Raises OSError, also where only a part of it has room."""
    if os.write(descriptor, line) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _parsed(path: Path, content: bytes, data_id: str) -> list[Unanswered]:
    found, unreadable, others = [], 0, 0
    for line in filter(None, content.splitlines()):
        try:
            of, sent = msgspec.json.decode(line, type=tuple[str, Unanswered])
        except msgspec.DecodeError:  # half a line: the disk was full, or the power was lost
            unreadable += 1
        else:
            others += of != data_id
            found += [sent] if of == data_id else []
    if unreadable or others:
        logger.warning(
            "sent pushes are not noted: they are of another database, or not readable; these may be sent a third time",
            file=str(path),
            of_another_database=others,
            not_readable=unreadable,
        )
    return found


def _warn_not_kept(error: OSError) -> None:
    logger.warning(
        "sent pushes are not kept in a file; those under way at a kill may be sent a third time",
        error=str(error),
    )
