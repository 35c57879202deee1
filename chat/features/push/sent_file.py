"""A file of the pushes that this process has sent and not noted yet: it outlives a kill, and the next start reads it.

A note in the database takes milliseconds more, in which the process may die.
"""

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
    """The open file; None: there is none. All of it is sync: each call takes microseconds.

    Attributes:
        earlier: what the file had when it was opened, and those of processes that are gone.
    """

    def __init__(self, descriptor: int | None = None, earlier: Sequence[Unanswered] = ()) -> None:
        self.earlier = earlier
        self._descriptor = descriptor
        self._has_failed = False

    def add(self, sent: Unanswered) -> None:
        """Add a push that was handed to a socket."""
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, b"\n" + msgspec.json.encode(sent))
            self._has_failed = False
        except OSError as error:
            if not self._has_failed:
                logger.warning("sent pushes are not kept in a file", error=str(error))
            self._has_failed = True

    def clear(self) -> None:
        """Forget all: it is noted."""
        if self._descriptor is not None:
            with suppress(OSError):  # noting twice changes nothing
                os.ftruncate(self._descriptor, 0)


@contextmanager
def open_sent_file(directory: Path | None) -> Generator[SentFile]:
    """Open a file in the data directory for as long as the block lasts; without a directory nothing is kept.

    Each process of a server has its own. It takes over those of processes that are gone.
    """
    if directory is None:
        yield SentFile()
        return
    try:
        descriptor = next(filter(None, (_take(directory, number) for number in itertools.count(1))))
    except OSError as error:
        logger.warning("sent pushes are not kept in a file", error=str(error))
        yield SentFile()
        return
    try:
        for other in directory.glob(f"{_NAME}*"):
            _move(other, descriptor)
        yield SentFile(descriptor, _parsed(_read(descriptor)))
    finally:
        os.close(descriptor)


def _take(directory: Path, number: int) -> int | None:
    """Open and lock a file; None: another process has it. Raises OSError."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    descriptor = os.open(directory / f"{_NAME}{number}", flags, 0o600)
    try:
        lock_file(descriptor)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _move(other: Path, descriptor: int) -> None:
    """Append what another process left; the own file and those in use are locked."""
    with suppress(OSError):
        left = os.open(other, os.O_RDWR)
        try:
            lock_file(left)
            os.write(descriptor, _read(left))
            os.ftruncate(left, 0)
        finally:
            os.close(left)


def _read(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, "rb", closefd=False) as file:
        return file.read()


def _parsed(content: bytes) -> list[Unanswered]:
    found = []
    for line in content.splitlines():
        with suppress(msgspec.DecodeError):  # half a line: the disk was full
            found.append(msgspec.json.decode(line, type=Unanswered))
    return found
