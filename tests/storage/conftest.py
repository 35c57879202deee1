"""The storages that contract suites run on: memory, and a database that is emptied for each test."""

from collections.abc import AsyncGenerator, Callable, Generator
from functools import partial

import pytest
import trio

from chat.domain.ports import Storage
from chat.features.registry import FEATURES
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress, open_database
from chat.storage.postgres.storage import PostgresStorage, open_postgres_storage
from chat.storage.postgres.writer import open_writer
from tests.reference.storage import MemoryStorage
from tests.storage.one_checkpoint import watch
from tests.support import databases
from tests.support.databases import kept_database, new_database, open_emptying
from tests.support.server import ServerProcess

MIGRATING = ("test_postgres_failures", "test_upgrade", "test_upgrade_plan")
"""Files whose tests begin with an empty database."""


@pytest.fixture(scope="session")
def template(server: ServerProcess) -> Generator[DatabaseAddress]:
    """A migrated database that nobody is connected with: to copy it is cheaper than to migrate another."""
    with kept_database(server) as address:
        trio.run(_migrate, address)
        yield address


@pytest.fixture
async def database(
    request: pytest.FixtureRequest, server: ServerProcess, template: DatabaseAddress
) -> AsyncGenerator[DatabaseAddress]:
    """A migrated database of the test's own, or an empty one where migrations are tested."""
    async with new_database(server, None if request.path.stem in MIGRATING else template) as address:
        yield address


async def _migrate(address: DatabaseAddress) -> None:
    async with open_postgres_storage(
        address, pool_size=1, query_timeout=10, commit_timeout=10, features=FEATURES
    ):
        pass


@pytest.fixture(scope="module")
def shared_database(server: ServerProcess, template: DatabaseAddress) -> Generator[DatabaseAddress]:
    """One migrated database for all tests of a file: emptying it is far cheaper than making one."""
    with kept_database(server, template) as address:
        yield address


@pytest.fixture(scope="module")
def empty(shared_database: DatabaseAddress) -> Generator[Callable[[], None]]:
    """Empties that database."""
    with open_emptying(shared_database):
        yield partial(databases.empty, shared_database)


@pytest.fixture(params=["memory", "postgres"])
def place(request: pytest.FixtureRequest) -> DatabaseAddress | None:
    """Where the storage is, and it is empty: None is in memory."""
    if request.param == "memory":
        return None
    request.getfixturevalue("empty")()
    address: DatabaseAddress = request.getfixturevalue("shared_database")
    return address


@pytest.fixture
async def storage(place: DatabaseAddress | None) -> AsyncGenerator[Storage]:
    """An empty storage."""
    if place is None:
        yield watch(MemoryStorage())
        return
    async with (
        open_asyncio(),
        open_database(place, pool_size=4, query_timeout=10) as database,
        open_writer(place, timeout_each=10) as writer,
    ):
        yield PostgresStorage(place, database, writer, FEATURES, query_timeout=10)
