"""What pytest gets: the fixture `cancel_sweep`, two options, and a summary of all sweeps on the terminal.

Which code is swept says the setting `cancel_sweep_code` (paths under the root directory), or a fixture `swept_code` in
a project's conftest.py. Tests marked `after_sweeps` run last; they look at what all sweeps together have reached.

Where pytest-xdist shares the tests out, the sweeps of all its workers are in one list: what is marked waits for them.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from .await_lines import SweptCode
from .reporting import Point
from .sweeper import Sweeper

SWEEPER = pytest.StashKey[Sweeper]()
COMMON = pytest.StashKey[Path]()
"""Where the workers of pytest-xdist tell each other of their sweeps."""

LONGEST_WAIT = 300.0
"""Seconds for the sweeps of other workers; if one of them has crashed, some never end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the setting."""
    group = parser.getgroup("cancel-sweep", "cancelling Trio code everywhere")
    group.addoption(
        "--cancel-at",
        metavar="POINT",
        type=_point,
        help="make only the run that is cancelled at this point, as a failure names it (0:park:17)",
    )
    group.addoption(
        "--cancel-schedules", metavar="N", type=int, help="how many schedules each sweep looks at"
    )
    parser.addini("cancel_sweep_code", "the file or directory whose await lines are looked at", default="")


def _point(text: str) -> str:
    try:
        return str(Point.parsed(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


@pytest.fixture(scope="session")
def swept_code(pytestconfig: pytest.Config) -> SweptCode:
    """The code whose await lines are looked at; a project may have a fixture of this name in its conftest.py.

    By itself it is what the setting `cancel_sweep_code` names, or `src`, or the whole project.
    """
    root = pytestconfig.rootpath
    named = pytestconfig.getini("cancel_sweep_code")
    return SweptCode.of(root / (named or ("src" if (root / "src").is_dir() else "")))


@pytest.fixture(scope="session")
def cancel_sweep(pytestconfig: pytest.Config, swept_code: SweptCode) -> Sweeper:
    """Sweeps: `cancel_sweep(code, setup=…, check=…)`."""
    sweeper = Sweeper(
        swept_code,
        pytestconfig.stash.get(COMMON, None),
        schedules=pytestconfig.getoption("cancel_schedules"),
        only=pytestconfig.getoption("cancel_at"),
    )
    return pytestconfig.stash.setdefault(SWEEPER, sweeper)


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
    return "cancel_sweep" in getattr(item, "fixturenames", ())


def _is_after(item: pytest.Item) -> bool:
    return item.get_closest_marker("after_sweeps") is not None


def _mark(item: pytest.Item) -> str:
    """The name of the file that says that a test has ended; all workers have the same tests in the same order."""
    return f"{item.session.items.index(item)}.ended"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_is_after)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was swept."""
    sweeper = terminalreporter.config.stash.get(SWEEPER, None)
    if sweeper is not None and sweeper.reports:
        terminalreporter.section("sweeps")
        for report in sweeper.reports:
            terminalreporter.line(str(report))
        points = sum(report.fired for report in sweeper.reports)
        runs = sum(report.runs for report in sweeper.reports)
        terminalreporter.line(
            f"{points} cancelled or failed in {runs} runs; await lines reached {len(sweeper.reached)}, "
            f"cancelled at {len(sweeper.cancelled_at)}"
        )
