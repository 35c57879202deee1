"""Publishes the people whom a person blocks to all clients of the person here, after a change by any session."""

import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import asynccontextmanager

import trio

from chat.domain.accounts.contacts import Contacts
from chat.domain.lru_cache import LRUCache
from chat.domain.messages.live import Blocking
from chat.domain.rooms.blocks import Blocks
from chat.engine.reconciler import Reconciler

_EARLIER = 60.0
"""Seconds before the start of the server from which on changes count, because clocks differ."""

_MOST_PUBLISHED = 10_000
"""People whose last published change is remembered; for others it may be published again."""


class BlockPublisher(Reconciler):
    """Reads the blocks of people who are here and may have changed them, and publishes those that have.

    Args:
        contacts: has the blocks.
        people: returns the ids of the people who are here. Sync.
        publish: publishes to the clients here. Sync.
    """

    def __init__(
        self,
        contacts: Contacts,
        people: Callable[[], Collection[int]],
        publish: Callable[[Blocking], object],
    ) -> None:
        super().__init__(self._publish_changed)
        self._contacts = contacts
        self._people = people
        self._publish = publish
        self._since = time.time() - _EARLIER
        self._published = LRUCache[int, float](_MOST_PUBLISHED)  # the time of the change, by person

    def changed(self, person_id: int | None) -> None:
        """Note that a person may block others than before; None: anybody. Sync."""
        self.note(*(self._people() if person_id is None else [person_id]))

    async def _publish_changed(self, ids: Sequence[int]) -> set[int]:
        here = self._people()
        ids = [each for each in ids if each in here]
        found = await self._contacts.blocks_since(ids, self._since) if ids else {}
        for person_id, now in found.items():
            if self._published.get(person_id) != now.at:
                self._published[person_id] = now.at
                self._publish(Blocking(person_id, now.people))
        return set()


@asynccontextmanager
async def open_block_publisher(publisher: BlockPublisher, blocks: Blocks) -> AsyncGenerator[None]:
    """Publish changes for as long as the block lasts. Cancelling: some changes are not published."""
    blocks.on_change(publisher.changed)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(publisher.reconcile)
        yield
        nursery.cancel_scope.cancel(reason="the server stops")
