"""What pytest adds to `sweeping`: a ledger of all sweeps of the session, and its summary on the terminal.

A test module that sweeps says `pytest_plugins = ["tests.cancellation.sweeping_plugin"]` and takes the fixture
`sweeps`. Tests marked `after_sweeps` run last; they look at what all sweeps together have reached. `SWEEP_SEEDS` in
the environment is the number of schedules.
"""

import pytest

from tests.cancellation.ledger import Ledger

LEDGER = pytest.StashKey[Ledger]()


@pytest.fixture(scope="session")
def sweeps(request: pytest.FixtureRequest) -> Ledger:
    """The ledger of this session."""
    return request.config.stash.setdefault(LEDGER, Ledger())


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
