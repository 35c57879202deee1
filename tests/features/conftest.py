"""The storages of the contract suites, for features have parts in both, a site, and the code that sweeps look at."""

from collections.abc import AsyncGenerator

import pytest

from tests.cancellation.conftest import one_database, swept_code
from tests.protocols.native.site import Site, open_site
from tests.storage.conftest import empty, place, shared_database, storage, template

__all__ = ["empty", "one_database", "place", "shared_database", "site", "storage", "swept_code", "template"]


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    """The native protocol over HTTP, and the sockets of all protocols."""
    async with open_site() as site:
        yield site
