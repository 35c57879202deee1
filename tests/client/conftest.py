"""A model server in memory."""

from collections.abc import AsyncGenerator

import pytest

from tests.client.model import ModelRoom, ModelWorld
from tests.client.model_server import PEOPLE, ModelServer
from tests.client.people import Reach, reached


@pytest.fixture
def model() -> ModelServer:
    """A model server with nobody on it."""
    return ModelServer(ModelWorld(dict(PEOPLE)))


@pytest.fixture
def garden(model: ModelServer) -> ModelRoom:
    """A room of all three people."""
    return model.world.add_room(1, 2, 3)


@pytest.fixture
async def reach(model: ModelServer) -> AsyncGenerator[Reach]:
    """Opens clients of the model server; for tests that take autojump_clock, an hour of which there is."""
    async with reached(model) as reach:
        yield reach
