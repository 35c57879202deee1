"""Fixtures for tests of several folders: a running server, and a database on its PostgreSQL."""

import math
import unicodedata
from collections.abc import AsyncGenerator, Generator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
import trio
from hypothesis import settings
from trio.testing import MockClock

from chat.storage.postgres.database import DatabaseAddress
from tests.support.databases import new_database
from tests.support.forked import stop_forking
from tests.support.server import (
    DEFAULT_LIMITS,
    ServerProcess,
    remove_used_data,
    running_server,
    used_data_path,
)

pytest_plugins = [
    "tests.support.campaign",
    "tests.support.plugins.as_installed",
    "tests.support.plugins.certificates",
    "tests.support.plugins.collector",
    "tests.support.plugins.in_time",
    "tests.support.plugins.leftovers",
    "tests.support.plugins.logging_as_before",
    "tests.support.plugins.signals",
    "tests.support.plugins.workers",
]

# The same examples in every run, and no verdict about how fast a busy machine is.
settings.register_profile("tests", max_examples=60, deadline=None, derandomize=True)
settings.load_profile("tests")


@pytest.fixture(scope="session", autouse=True)
def _forking() -> Generator[None]:
    yield
    stop_forking()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove what all workers of pytest-xdist have shared, once they have ended."""
    if not hasattr(session.config, "workerinput"):
        remove_used_data()


@pytest.fixture(scope="session")
def server() -> Generator[ServerProcess]:
    """One server for all tests that only talk with it, no faster than it lets everybody."""
    with used_data_path() as data, running_server(data, **DEFAULT_LIMITS) as server:
        yield server


@pytest.fixture
def autojump_clock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> MockClock:
    """pytest-trio's, for a test too that takes it through another fixture: by itself that would run in real time.

    It stands still while a thread works, for which it would take Trio as idle.
    """
    clock = MockClock(autojump_threshold=0)
    clock.jump(1000)  # from 0 a point in time and a span look the same
    request.node.add_marker(pytest.mark.trio(run=partial(_run, clock)), append=False)
    run_sync, under_way = trio.to_thread.run_sync, 0

    async def standing_still(*args: Any, **settings: Any) -> Any:
        nonlocal under_way
        under_way += 1
        clock.autojump_threshold = math.inf
        try:
            return await run_sync(*args, **settings)
        finally:
            under_way -= 1
            clock.autojump_threshold = math.inf if under_way else 0

    monkeypatch.setattr(trio.to_thread, "run_sync", standing_still)
    return clock


def _run(virtual: MockClock, *test: Any, **arguments: Any) -> Any:
    return trio.run(*test, **(arguments | {"clock": virtual}))


@pytest.fixture
def data() -> Generator[Path]:
    """A data directory for a server of the test's own, whose database another has made."""
    with used_data_path() as data:
        yield data


@pytest.fixture
def normalised(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The length of each text that the rules normalise, which takes quadratic time."""
    lengths: list[int] = []

    def normalize(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
        lengths.append(len(text))
        return unicodedata.normalize(form, text)

    noting = SimpleNamespace(normalize=normalize, category=unicodedata.category)
    monkeypatch.setattr("chat.domain.text.rules.unicodedata", noting)
    monkeypatch.setattr("chat.domain.text.skeletons.unicodedata", noting)
    return lengths


@pytest.fixture
async def database(server: ServerProcess) -> AsyncGenerator[DatabaseAddress]:
    """An empty database of the test's own."""
    async with new_database(server) as address:
        yield address
