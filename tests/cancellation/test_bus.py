"""The buses, cancelled at many points; PostgreSQL and Redis are real, and so is their time."""

from collections.abc import Generator

import pytest

from tests.cancel_sweep.ledger import Ledger
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


def test_a_bus_in_memory(sweeps: Ledger) -> None:
    sweeps.sweep(bus_scenarios.in_memory, "bus in memory, cancelled")


def test_a_bus_on_sockets(sweeps: Ledger) -> None:
    sweeps.sweep(bus_scenarios.on_sockets, "bus on sockets, cancelled")


def test_a_bus_on_postgres(sweeps: Ledger, server: ServerProcess) -> None:
    with kept_database(server) as address:
        scenario = bus_scenarios.on_postgres(address)
        sweeps.sweep(scenario, "bus on PostgreSQL, cancelled", virtual=False, limit=20, every=50, seeds=1)


def test_a_bus_on_redis(sweeps: Ledger, redis: RedisServer) -> None:
    scenario = bus_scenarios.on_redis(redis)
    sweeps.sweep(scenario, "bus on Redis, cancelled", virtual=False, limit=20, every=50, seeds=1)
