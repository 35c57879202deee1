"""Figures that take a query or a system call: the database's, the space left on the disks, and the age of backups.

They are read for a scrape, at most once in ten seconds, and a scrape waits for them for two. So many scrapes cost no
more than one, and a database or a file system that hangs takes its own figures away and no others.
"""

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path

import trio

from chat.domain.failures import StorageError
from chat.inspection.metrics import LabelledReading, Reading

FRESH = 10.0
"""Seconds for which figures are shown again."""

DEADLINE = 2.0
"""Seconds in which they must be read; Prometheus gives a scrape ten by default."""

ReadDatabase = Callable[[], Awaitable[Iterable[Reading]]]
"""Reads the figures of the database. Raises StorageError."""

ReadLocal = Callable[[], Iterable[Reading]]
"""Reads figures from small files. It blocks, and runs in a thread."""


def _nothing() -> Iterable[Reading]:
    return ()


class Figures:
    """The figures of a database, of the file systems of some directories, by what is in them, and of local files."""

    def __init__(
        self,
        read_database: ReadDatabase,
        directories: Mapping[str, Path],
        read_local: ReadLocal = _nothing,
    ) -> None:
        self._read_database = read_database
        self._directories = directories
        self._read_local = read_local
        self._local: tuple[Reading, ...] = ()
        self._database: tuple[Reading, ...] = ()
        self._disks: tuple[LabelledReading, ...] = ()
        self._read_at: float | None = None  # when the last attempt began
        self._one_thread = trio.CapacityLimiter(1)

    async def refresh(self) -> None:
        """Read the figures again unless they are fresh. Cancelling: those of a part may be missing until the next call.

        A call during another returns at once, with the figures as they are.
        """
        now = trio.current_time()
        if self._read_at is not None and now - self._read_at < FRESH:
            await trio.lowlevel.checkpoint()
            return
        self._read_at = now  # no await before this: one call at a time reads
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._refresh_database)
            nursery.start_soon(self._refresh_local)

    def readings(self) -> Iterable[Reading | LabelledReading]:
        """Yield the figures that were read last; nothing of what could not be read."""
        if self._read_at is not None:
            yield (
                "chat_database_up",
                "Whether the database gave its figures in time",
                float(bool(self._database)),
            )
        yield from self._database
        yield from self._disks
        yield from self._local

    async def _refresh_database(self) -> None:
        found: tuple[Reading, ...] = ()
        with trio.move_on_after(DEADLINE):
            try:
                found = tuple(await self._read_database())
            except StorageError:
                found = ()
        self._database = found

    async def _refresh_local(self) -> None:
        found: dict[str, os.statvfs_result] = {}
        others: list[Reading] = []

        def look() -> None:
            _look(self._directories, found)
            others.extend(self._read_local())

        # A thread that hangs on a dead file system is left behind; the limiter lets there be one.
        with trio.move_on_after(DEADLINE):
            await trio.to_thread.run_sync(look, abandon_on_cancel=True, limiter=self._one_thread)
        self._disks, self._local = tuple(_space(dict(found))), tuple(others)


def _look(directories: Mapping[str, Path], found: dict[str, os.statvfs_result]) -> None:
    for name, directory in directories.items():
        try:
            found[name] = os.statvfs(directory)
        except OSError:
            continue


def _space(found: Mapping[str, os.statvfs_result]) -> Iterable[LabelledReading]:
    def each(value: Callable[[os.statvfs_result], int]) -> dict[str, float]:
        return {name: value(disk) for name, disk in found.items()}

    free, size = (
        each(lambda disk: disk.f_bavail * disk.f_frsize),
        each(lambda disk: disk.f_blocks * disk.f_frsize),
    )
    yield LabelledReading("chat_disk_free_bytes", "Bytes left for the server's user", "of", free)
    yield LabelledReading("chat_disk_bytes", "Size of the file system", "of", size)
    yield LabelledReading("chat_disk_free_inodes", "Inodes left", "of", each(lambda disk: disk.f_favail))
    yield LabelledReading(
        "chat_disk_inodes", "Inodes of the file system", "of", each(lambda disk: disk.f_files)
    )
