"""The native protocol over HTTP, for its tests."""

from collections.abc import AsyncGenerator

import pytest

from tests.protocols.native.site import Site, open_site


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    async with open_site() as site:
        yield site
