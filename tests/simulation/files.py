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

_GRACE = 30.0
"""Seconds for which bytes are kept that no row has."""


class MemoryFileStore:
    """The port `FileStore`."""

    def __init__(self, chance: random.Random) -> None:
        self.kept: dict[bytes, bytes] = {}  # by digest
        self._stored_at: dict[bytes, float] = {}
        self._chance = chance

    async def store(self, pieces: AsyncIterator[bytes]) -> Stored:
        whole = b"".join([piece async for piece in pieces])
        await self._go()
        digest = hashlib.sha256(whole).digest()
        self.kept[digest], self._stored_at[digest] = whole, trio.current_time()
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
        return sorted(digest for digest in self.kept if digest > after and self._is_old(digest))[:limit]

    async def remove(self, digest: bytes) -> None:
        await self._go()
        if digest in self.kept and self._is_old(digest):
            del self.kept[digest]

    def _is_old(self, digest: bytes) -> bool:
        return trio.current_time() - self._stored_at[digest] > _GRACE

    async def _go(self) -> None:
        await trio.sleep(self._chance.choice((0.0, 0.01, 0.2)))
        if self._chance.random() < _FAILS:
            raise StorageDown("the disk refuses")
