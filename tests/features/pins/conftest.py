"""A storage with all features, in memory and in PostgreSQL."""

from collections.abc import AsyncGenerator

import pytest
import trio

from chat.domain.ports import Storage
from chat.features.registry import FEATURES
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.protocols.native.site import Site, open_site
from tests.reference.storage import MemoryStorage
from tests.storage.one_checkpoint import watch
from tests.support.databases import EMPTY, execute


@pytest.fixture
async def storage(place: DatabaseAddress | None) -> AsyncGenerator[Storage]:
    """An empty storage."""
    with trio.fail_after(60):
        if place is None:
            yield watch(MemoryStorage())
            return
        await execute(place, f"{EMPTY}; UPDATE lanes SET last_id = 0")
        async with open_postgres_storage(
            place, pool_size=4, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as opened:
            yield opened


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    """The native protocol over HTTP, and the sockets of all protocols."""
    async with open_site() as site:
        yield site
