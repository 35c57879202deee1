"""Look-ups that are asked for at the same time are made together: one query for all that wait.

The journal's batching, for reads: take one look-up, then all that are waiting. When two thousand clients come back at
once they do not ask two thousand times who they are, nor what was said last.
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
"""Passes of the loop in which those who ask beside others are gathered: a query costs as much as twenty of its rows."""


class _Asked(Generic[K, V]):
    """One look-up that waits for its answer."""

    def __init__(self, key: K) -> None:
        self.key = key
        self.known = trio.Event()
        self.answer: V | None = None
        self.failure: str | None = None


class BatchLoader(Generic[K, V]):
    """Submits look-ups to the task that makes them."""

    def __init__(self, feed: trio.MemorySendChannel[_Asked[K, V]]) -> None:
        self._feed = feed

    async def get(self, key: K) -> V | None:
        """Return what there is for `key` at some moment between now and the answer, or None.

        Raises StorageDown. Cancelling: the query goes on for the others.
        """
        asked = _Asked[K, V](key)
        self._feed.send_nowait(asked)
        await asked.known.wait()  # the query has its own deadline
        if asked.failure is not None:
            raise StorageDown(asked.failure)
        return asked.answer


async def _look_up(
    fetch: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]],
    questions: trio.MemoryReceiveChannel[_Asked[K, V]],
) -> None:
    """Answer until the feed is closed."""
    async for first in questions:
        waiting = [first, *receive_all_nowait(questions, _MOST - 1)]
        if len(waiting) > 1:
            for _ in range(_PASSES):
                await trio.lowlevel.checkpoint()
                waiting += receive_all_nowait(questions, _MOST - len(waiting))
        try:
            # The query starts after each of them asked, so no result is stale.
            found = await fetch(list(dict.fromkeys(asked.key for asked in waiting)))
        except StorageError as error:
            for asked in waiting:
                asked.failure = str(error)
        else:
            for asked in waiting:
                asked.answer = found.get(asked.key)
        for asked in waiting:
            asked.known.set()


@asynccontextmanager
async def open_batch_loader(
    fetch: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]],
) -> AsyncGenerator[BatchLoader[K, V]]:
    """Look up with `fetch` for as long as the block lasts. Cancelling ends it.

    `fetch` gets distinct keys, those first that were asked for first. A key that it leaves out has no answer.
    """
    feed, questions = trio.open_memory_channel[_Asked[K, V]](math.inf)  # one for each client at most
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_look_up, fetch, questions)
        with feed:
            yield BatchLoader(feed)
