"""What pytest adds to `sweeping`: a ledger of all sweeps of the session, and its summary on the terminal.

A project names it in `pytest_plugins` of its topmost conftest.py and has a fixture `swept_code` that says which code is
swept; a test that sweeps takes the fixture `sweeps`. Tests marked `after_sweeps` run last; they look at what all sweeps
together have reached. `SWEEP_SEEDS` in the environment is the number of schedules.

Where pytest-xdist shares the tests out, the sweeps of all its workers are in one ledger: what is marked waits for them.
"""

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from .await_lines import SweptCode
from .ledger import Ledger

LEDGER = pytest.StashKey[Ledger]()
COMMON = pytest.StashKey[Path]()
"""Where the workers of pytest-xdist tell each other of their sweeps."""

LONGEST_WAIT = 300.0
"""Seconds for the sweeps of other workers; if one of them has crashed, some never end."""


@pytest.fixture(scope="session")
def swept_code() -> SweptCode:
    """The code whose await lines are counted: a project has a fixture of this name in its conftest.py."""
    raise pytest.UsageError("a fixture `swept_code` in conftest.py says which code is swept")


@pytest.fixture(scope="session")
def sweeps(request: pytest.FixtureRequest, swept_code: SweptCode) -> Ledger:
    """The ledger of this session."""
    common = request.config.stash.get(COMMON, None)
    return request.config.stash.setdefault(LEDGER, Ledger(swept_code, common))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "after_sweeps: looks at what all sweeps of the session have reached")
    if hasattr(config, "workerinput"):
        config.stash[COMMON] = Path(config.workerinput["sweeps"])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the others are told of its sweeps."""
    if COMMON not in node.config.stash:
        node.config.stash[COMMON] = Path(tempfile.mkdtemp(prefix="sweeps-"))
    node.workerinput["sweeps"] = str(node.config.stash[COMMON])


@pytest.hookimpl(trylast=True)  # after the ends of the workers
def pytest_sessionfinish(session: pytest.Session) -> None:
    if COMMON in session.config.stash and not hasattr(session.config, "workerinput"):
        shutil.rmtree(session.config.stash[COMMON], ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    common = item.config.stash.get(COMMON, None)
    if common is None or not _is_after(item):
        return
    awaited = {_mark(each) for each in item.session.items if _sweeps(each) and not _is_after(each)}
    deadline = time.monotonic() + LONGEST_WAIT
    while awaited - {file.name for file in common.glob("*.ended")}:
        if time.monotonic() > deadline:
            pytest.fail("sweeps of other workers have not ended")
        time.sleep(0.1)  # they are other processes


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    common = item.config.stash.get(COMMON, None)
    if common is not None and _sweeps(item):
        (common / _mark(item)).touch()


def _sweeps(item: pytest.Item) -> bool:
    return "sweeps" in getattr(item, "fixturenames", ())


def _is_after(item: pytest.Item) -> bool:
    return item.get_closest_marker("after_sweeps") is not None


def _mark(item: pytest.Item) -> str:
    """The name of the file that says that a test has ended; all workers have the same tests in the same order."""
    return f"{item.session.items.index(item)}.ended"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_is_after)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    ledger = terminalreporter.config.stash.get(LEDGER, None)
    if ledger is not None and ledger.reports:
        terminalreporter.section("sweeps")
        for report in ledger.reports:
            terminalreporter.line(str(report))
        points = sum(report.fired for report in ledger.reports)
        runs = sum(report.runs for report in ledger.reports)
        terminalreporter.line(
            f"{points} cancelled or failed in {runs} runs; await lines reached {len(ledger.reached)}, "
            f"cancelled at {len(ledger.cancelled_at)}"
        )
