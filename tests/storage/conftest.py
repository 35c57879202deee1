"""The storages that contract suites run on: memory, and a database that is emptied for each test."""

import os
from collections.abc import AsyncGenerator, Generator

import pytest
import trio

from chat.domain.ports import Storage
from chat.features.registry import FEATURES
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.reference.storage import MemoryStorage
from tests.storage.one_checkpoint import watch
from tests.support.databases import EMPTY, execute
from tests.support.server import ServerProcess


@pytest.fixture(scope="module")
def shared_database(server: ServerProcess) -> Generator[DatabaseAddress]:
    """One migrated database for all tests of a file: emptying it is far cheaper than making one."""
    name = f"contract_{os.urandom(6).hex()}"
    address = {**server.address, "database": name}

    async def make() -> None:
        await execute(server.address, f"CREATE DATABASE {name}")
        async with open_postgres_storage(
            address, pool_size=1, query_timeout=10, commit_timeout=10, features=FEATURES
        ):
            pass

    trio.run(make)
    yield address
    trio.run(execute, server.address, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["memory", "postgres"])
def place(request: pytest.FixtureRequest) -> DatabaseAddress | None:
    """Where the storage is: None is in memory."""
    return request.getfixturevalue("shared_database") if request.param == "postgres" else None


@pytest.fixture
async def storage(place: DatabaseAddress | None) -> AsyncGenerator[Storage]:
    """An empty storage."""
    if place is None:
        yield watch(MemoryStorage())
        return
    await execute(place, f"{EMPTY}; UPDATE lanes SET last_id = 0")
    async with open_postgres_storage(
        place, pool_size=4, query_timeout=10, commit_timeout=10, features=FEATURES
    ) as storage:
        yield storage
