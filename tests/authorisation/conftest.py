"""One site for the tests that leave it as it is: rooms, memberships and accounts. What is written there stays."""

from collections.abc import Generator

import pytest

from tests.authorisation.site import Site, open_site


@pytest.fixture(scope="package")
def site() -> Generator[Site]:
    """A site in which nobody gets a room or loses one."""
    with open_site() as site:
        yield site
