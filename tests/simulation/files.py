"""The directory with the bytes of files, which all servers of a world have: in memory, slow, and failing at times."""

import hashlib
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import trio

from chat.domain.failures import StorageDown
from chat.domain.ports.files import Stored

_FAILS = 0.1
"""The share of calls that the disk refuses."""


class MemoryFileStore:
    """The port `FileStore`."""

    def __init__(self, chance: random.Random) -> None:
        self.kept: dict[bytes, bytes] = {}  # by digest
        self._chance = chance

    async def store(self, pieces: AsyncIterator[bytes]) -> Stored:
        whole = b"".join([piece async for piece in pieces])
        await self._go()
        digest = hashlib.sha256(whole).digest()
        self.kept[digest] = whole
        return Stored(len(whole), digest, whole[:64])

    async def has(self, digest: bytes) -> bool:
        await self._go()
        return digest in self.kept

    @asynccontextmanager
    async def reading(self, digest: bytes) -> AsyncGenerator[AsyncIterator[bytes]]:
        await self._go()

        async def pieces() -> AsyncIterator[bytes]:
            yield self.kept[digest]

        yield pieces()

    async def digests(self, after: bytes, limit: int) -> list[bytes]:
        await self._go()
        return sorted(digest for digest in self.kept if digest > after)[:limit]

    async def remove(self, digest: bytes) -> None:
        await self._go()
        self.kept.pop(digest, None)

    async def _go(self) -> None:
        await trio.sleep(self._chance.choice((0.0, 0.01, 0.2)))
        if self._chance.random() < _FAILS:
            raise StorageDown("the disk refuses")
