"""Fixtures that open each kind of bus, several times on one medium of the test's own."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import pytest

from chat.bus.bus import Bus
from chat.bus.notify import open_notify_bus
from chat.storage.postgres.asyncio_bridge import open_asyncio
from tests.bus.media import FailingMedium, PostgresMedium, RedisMedium, worker_buses
from tests.reference.bus import LocalNetwork
from tests.storage.postgres_line import open_line
from tests.support.databases import new_database
from tests.support.redis import redis_server
from tests.support.server import ServerProcess

OpenBus = Callable[[], AbstractAsyncContextManager[Bus]]


@pytest.fixture(params=["local", "sockets", "notify", "redis"])
async def open_bus(request: pytest.FixtureRequest) -> AsyncGenerator[OpenBus]:
    """Open one more end of the medium that all buses of the test share."""
    async with AsyncExitStack() as stack:
        match request.param:
            case "local":
                yield LocalNetwork().open_bus
            case "sockets":
                with worker_buses(4) as open_seated_bus:
                    yield open_seated_bus
            case "notify":
                server: ServerProcess = request.getfixturevalue("server")
                address = await stack.enter_async_context(new_database(server))
                await stack.enter_async_context(open_asyncio())
                yield lambda: open_notify_bus(address, timeout=10)
            case "redis":
                yield RedisMedium(stack.enter_context(redis_server())).open_bus


@pytest.fixture(params=["notify", "redis"])
async def medium(request: pytest.FixtureRequest) -> AsyncGenerator[FailingMedium]:
    """A medium of the test's own that can fail."""
    async with AsyncExitStack() as stack:
        if request.param == "notify":
            server: ServerProcess = request.getfixturevalue("server")
            address = await stack.enter_async_context(new_database(server))
            line = await stack.enter_async_context(open_line(address))
            await stack.enter_async_context(open_asyncio())
            yield PostgresMedium(line, address)
        else:
            yield RedisMedium(stack.enter_context(redis_server()))
