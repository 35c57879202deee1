"""Has the disk write a copy while it is made: gigabytes that are written at once at its end make others wait."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

import trio

_PAUSE = 0.03
"""Seconds between two looks for new bytes of the files that grow: a commit waits for all of a large write."""
_LOOKS = 8
"""Of so many looks one is for files that are new."""


class WriteBehind:
    """The files below some directories, and up to where the disk was asked to write each. All of it blocks."""

    def __init__(self, *directories: Path) -> None:
        self._directories = directories
        self._begun: dict[str, int] = {}
        self._growing: set[str] = set()

    def begin(self) -> int:
        """Have the disk begin to write all that is new in the files; return how many bytes. It waits for none."""
        self._growing.clear()
        paths = (
            os.path.join(folder, name)
            for directory in self._directories
            for folder, _, names in os.walk(directory)
            for name in names
        )
        return sum(map(self._begin, paths))

    def go_on(self) -> int:
        """As begin(), but only for the files that have grown since that was called."""
        return sum(map(self._begin, [*self._growing]))

    def _begin(self, path: str) -> int:
        with suppress(OSError):  # it was renamed or removed meanwhile
            size, begun = os.stat(path).st_size, self._begun.get(path, 0)
            if size > begun:
                file = os.open(path, os.O_RDONLY)
                try:
                    # For bytes that are not needed Linux begins to write, and keeps them until they are written.
                    os.posix_fadvise(file, begun, size - begun, os.POSIX_FADV_DONTNEED)
                finally:
                    os.close(file)
                self._begun[path] = size
                self._growing.add(path)
                return size - begun
        return 0


@asynccontextmanager
async def open_write_behind(*directories: Path) -> AsyncGenerator[None]:
    """Have the disk write what grows below the directories, for the block; nowhere but on Linux.

    Cancelling: the rest is written as always.
    """
    if not hasattr(os, "posix_fadvise"):
        yield
        return
    written = WriteBehind(*directories)

    async def keep() -> None:
        for look in count(1):
            await trio.sleep(_PAUSE)
            await trio.to_thread.run_sync(written.go_on if look % _LOOKS else written.begin)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(keep)
        yield
        nursery.cancel_scope.cancel(reason="the copy is whole")
