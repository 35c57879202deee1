"""A pytest plugin that records which tests run which lines of a folder, and how long each test takes."""

import json
from collections.abc import Generator, Iterable
from pathlib import Path

import coverage
import pytest

_IMPORTED = ""
"""Coverage's name for what runs outside of any test."""


class Covering:
    """Notes it for the files under `folder`, and writes it to `notes` when the session ends."""

    def __init__(self, folder: Path, notes: Path) -> None:
        self._notes = notes
        self._seconds: dict[str, float] = {}
        self._failed: set[str] = set()
        self._coverage = coverage.Coverage(
            data_file=None, source=[str(folder)], config_file=False, messages=False
        )
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._coverage.switch_context(item.nodeid)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._coverage.stop()
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return  # a file could not be imported, and no test was run
        data = self._coverage.get_data()
        lines = {file: data.contexts_by_lineno(file) for file in data.measured_files()}
        noted = {"lines": lines, "seconds": self._seconds, "failed": sorted(self._failed)}
        self._notes.write_text(json.dumps(noted))


class Covered:
    """What was noted: the tests that run a line, the quickest first, without those that fail in any case.

    Attributes:
        failed: the names of these.
    """

    def __init__(self, notes: Path, root: Path) -> None:
        noted = json.loads(notes.read_text())
        self.failed: list[str] = noted["failed"]
        self._seconds: dict[str, float] = {
            test: seconds for test, seconds in noted["seconds"].items() if test not in self.failed
        }
        self._lines: dict[str, dict[str, list[str]]] = {
            str(Path(file).relative_to(root)): lines for file, lines in noted["lines"].items()
        }

    def tests_of(self, file: str, *lines: int) -> list[str]:
        """Name the tests that run one of these lines, or what a line has made that runs when the file is imported."""
        by_line = self._lines.get(file, {})
        found = {test for line in lines for test in by_line.get(str(line), ())}
        if found == {_IMPORTED}:
            found = {test for tests in by_line.values() for test in tests}
        return sorted(found & self._seconds.keys(), key=lambda test: (self._seconds[test], test))

    def seconds_of(self, tests: Iterable[str]) -> float:
        return sum(self._seconds[test] for test in tests)
