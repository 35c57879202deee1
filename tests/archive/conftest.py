"""Two databases of one server: a world is made in one, and its archive goes into the other."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from chat.features.registry import FEATURES
from chat.storage.file_store import DiskFileStore, open_file_store
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress, open_database
from chat.storage.postgres.storage import PostgresStorage
from chat.storage.postgres.writer import open_writer
from tests.storage.conftest import template
from tests.support.databases import empty, kept_database, open_emptying
from tests.support.server import ServerProcess

__all__ = ["template"]


class Site(NamedTuple):
    """A server's data."""

    storage: PostgresStorage
    store: DiskFileStore


@pytest.fixture(scope="module")
def databases(server: ServerProcess, template: DatabaseAddress) -> Generator[list[DatabaseAddress]]:
    """Two databases, for all tests of a file."""
    with (
        kept_database(server, template) as one,
        kept_database(server, template) as other,
        open_emptying(one),
        open_emptying(other),
    ):
        yield [one, other]


@pytest.fixture
async def sites(databases: list[DatabaseAddress], tmp_path: Path) -> AsyncGenerator[tuple[Site, Site]]:
    """Two empty servers."""
    for address in databases:
        empty(address)
    one, other = databases
    async with (
        open_asyncio(),
        opened(one, tmp_path / "files of one") as here,
        opened(other, tmp_path / "files of the other") as there,
    ):
        yield here, there


@asynccontextmanager
async def opened(address: DatabaseAddress, files: Path) -> AsyncGenerator[Site]:
    """A server's data, in the block of `open_asyncio()`."""
    async with (
        open_database(address, pool_size=2, query_timeout=10) as database,
        open_writer(address, timeout_each=10) as writer,
    ):
        storage = PostgresStorage(address, database, writer, FEATURES, query_timeout=10)
        yield Site(storage, await open_file_store(files, await storage.files.store_id()))
