"""What pytest adds to `sweeping`: a ledger of all sweeps of the session, and its summary on the terminal.

A project names it in `pytest_plugins` of its topmost conftest.py and has a fixture `swept_code` that says which code is
swept; a test that sweeps takes the fixture `sweeps`. Tests marked `after_sweeps` run last; they look at what all sweeps
together have reached. `SWEEP_SEEDS` in the environment is the number of schedules.
"""

import pytest

from .await_lines import SweptCode
from .ledger import Ledger

LEDGER = pytest.StashKey[Ledger]()


@pytest.fixture(scope="session")
def swept_code() -> SweptCode:
    """The code whose await lines are counted: a project has a fixture of this name in its conftest.py."""
    raise pytest.UsageError("a fixture `swept_code` in conftest.py says which code is swept")


@pytest.fixture(scope="session")
def sweeps(request: pytest.FixtureRequest, swept_code: SweptCode) -> Ledger:
    """The ledger of this session."""
    return request.config.stash.setdefault(LEDGER, Ledger(swept_code))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "after_sweeps: looks at what all sweeps of the session have reached")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("after_sweeps") is not None)


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
