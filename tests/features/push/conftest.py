"""A push service that servers of the tests trust."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
import trustme

from tests.features.push.push_service import PushService, open_push_service, trusted_authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Generator[trustme.CA]:
    directory: Path = tmp_path_factory.mktemp("authority")
    with trusted_authority(directory) as made:
        yield made


@pytest.fixture
async def service(authority: trustme.CA) -> AsyncGenerator[PushService]:
    async with open_push_service(authority) as service:
        yield service
