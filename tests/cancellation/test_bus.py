"""The buses, cancelled at many points; PostgreSQL and Redis are real, and so is their time."""

from collections.abc import Generator

import pytest
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from trio_cancel_sweep import Sweeper

from tests.cancellation import bus_scenarios
from tests.support.databases import kept_database
from tests.support.redis import RedisServer, redis_server
from tests.support.server import ServerProcess


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.bus.liveness.SILENCE", 0.02)
    monkeypatch.setattr("chat.bus.notify.PAUSE", 0.02)
    monkeypatch.setattr("chat.bus.redis.PAUSE", 0.02)


@pytest.fixture(scope="module")
def redis() -> Generator[RedisServer]:
    """One Redis for all runs of a sweep."""
    with redis_server() as server:
        yield server


def test_a_bus_in_memory(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(bus_scenarios.in_memory, "bus in memory, cancelled")


def test_a_bus_on_sockets(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(bus_scenarios.on_sockets, "bus on sockets, cancelled")


def test_a_bus_on_postgres(cancel_sweep: Sweeper, server: ServerProcess) -> None:
    with kept_database(server) as address:
        scenario = bus_scenarios.on_postgres(address)
        cancel_sweep.scenario(
            scenario, "bus on PostgreSQL, cancelled", virtual=False, limit=20, every=50, seeds=1
        )


def test_a_bus_on_redis(cancel_sweep: Sweeper, redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    # coredis closes no buffers of a connection that is cancelled while it connects: they are memory, and freed.
    for stream in (MemoryObjectSendStream, MemoryObjectReceiveStream):
        monkeypatch.delattr(stream, "__del__")
    scenario = bus_scenarios.on_redis(redis)
    cancel_sweep.scenario(scenario, "bus on Redis, cancelled", virtual=False, limit=20, every=50, seeds=1)
