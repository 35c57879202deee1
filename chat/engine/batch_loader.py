"""Makes look-ups of the same moment together: one query for all that wait.

This is the journal's batching, for reads: take one look-up, then all that are waiting. When two thousand clients come
back at once, their people and last messages take a few queries.
"""

import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

import trio

from chat.channels import receive_all_nowait
from chat.domain.failures import StorageDown, StorageError

K = TypeVar("K")
V = TypeVar("V")

_MOST = 1000
"""Look-ups in one query."""

_PASSES = 4
"""Passes of the loop in which more look-ups gather, if there is more than one: a query costs as much as twenty rows."""


class _LookUp(Generic[K, V]):
    """One look-up that waits for its answer."""

    def __init__(self, key: K) -> None:
        self.key = key
        self.done = trio.Event()
        self.answer: V | None = None
        self.failure: str | None = None


class BatchLoader(Generic[K, V]):
    """Submits look-ups to the task that makes the queries."""

    def __init__(self, feed: trio.MemorySendChannel[_LookUp[K, V]]) -> None:
        self._feed = feed

    async def get(self, key: K) -> V | None:
        """Return the value of `key` at some moment between the call and the answer, or None.

        Raises StorageDown. Cancelling: the query goes on for the others.
        """
        look_up = _LookUp[K, V](key)
        self._feed.send_nowait(look_up)
        await look_up.done.wait()  # the query has its own deadline
        if look_up.failure is not None:
            raise StorageDown(look_up.failure)
        return look_up.answer


async def _look_up(
    fetch: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]],
    look_ups: trio.MemoryReceiveChannel[_LookUp[K, V]],
) -> None:
    """Answer look-ups until the feed is closed."""
    async for first in look_ups:
        waiting = [first, *receive_all_nowait(look_ups, _MOST - 1)]
        if len(waiting) > 1:
            for _ in range(_PASSES):
                await trio.lowlevel.checkpoint()
                waiting += receive_all_nowait(look_ups, _MOST - len(waiting))
        try:
            # The query starts after each look-up began, so no result is stale.
            found = await fetch(list(dict.fromkeys(look_up.key for look_up in waiting)))
        except StorageError as error:
            for look_up in waiting:
                look_up.failure = str(error)
        else:
            for look_up in waiting:
                look_up.answer = found.get(look_up.key)
        for look_up in waiting:
            look_up.done.set()


@asynccontextmanager
async def open_batch_loader(
    fetch: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]],
) -> AsyncGenerator[BatchLoader[K, V]]:
    """Look up with `fetch` for as long as the block lasts. Cancelling ends it.

    `fetch` gets distinct keys, those first that were look_up for first. A key that it leaves out has no answer.
    """
    feed, look_ups = trio.open_memory_channel[_LookUp[K, V]](math.inf)  # one for each client at most
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_look_up, fetch, look_ups)
        with feed:
            yield BatchLoader(feed)
