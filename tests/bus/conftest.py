"""Each kind of bus, opened as often as a test asks on one medium of its own."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from chat.bus.bus import Bus
from chat.bus.local import LocalNetwork

OpenBus = Callable[[], AbstractAsyncContextManager[Bus]]


@pytest.fixture(params=["local"])
async def open_bus(request: pytest.FixtureRequest) -> OpenBus:
    """Open one more end of the medium that all buses of the test share."""
    return LocalNetwork().open_bus
