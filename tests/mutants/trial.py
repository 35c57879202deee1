"""Tests run in a process of their own, forked from one that has imported the libraries already.

Importing them takes longer than most tests do. Nothing of the project is imported here: the child imports it from
its own copy of the tree.
"""

import importlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from typing import Any

import pytest

LIBRARIES = (
    *(
        "asyncpg",
        "bcrypt",
        "httpx",
        "hypercorn",
        "hypothesis",
        "jwt",
        "msgspec",
        "prometheus_client",
        "pytest_trio",
    ),
    *(
        "quart_trio",
        "structlog",
        "trio",
        "trio_asyncio",
        "trio_websocket",
        "trustme",
        "websockets.sync.client",
    ),
)

NONSENSE = ("NameError", "UnboundLocalError", "SyntaxError", "ImportError", "ModuleNotFoundError")
"""Errors of a text that does not run: that a test shows them says nothing about the test."""


class Outcome(Enum):
    """What came of a trial. NONSENSE: the text with the defect does not run, which proves nothing."""

    PASSED = auto()
    FAILED = auto()
    TOO_LONG = auto()
    NONSENSE = auto()


def import_libraries() -> None:
    for name in LIBRARIES:
        with suppress(ImportError):
            importlib.import_module(name)


class Chosen:
    """A pytest plugin: runs these tests in this order, and notes the errors that the first failure shows."""

    def __init__(self, tests: Sequence[str], notes: Path) -> None:
        self._places = {test: place for place, test in enumerate(tests)}
        self._notes = notes

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._places),
            key=lambda item: self._places[item.nodeid],
        )

    def pytest_exception_interact(self, call: pytest.CallInfo[Any]) -> None:
        if call.excinfo is not None and not self._notes.exists():
            self._notes.write_text(json.dumps([_told(leaf) for leaf in _leaves(call.excinfo.value)]))


def _leaves(error: BaseException) -> Generator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error


def _told(error: BaseException) -> str:
    """Name an error; an attribute that was never set is a name that does not exist."""
    if isinstance(error, pytest.Collector.CollectError):
        return "ImportError"
    if isinstance(error, AttributeError) and not str(error).startswith("'NoneType'"):
        return "NameError"
    return type(error).__name__


class Trial:
    """A run of pytest under way in `copy`, with what it says in `place`, which is made and removed.

    Args:
        paths: files or folders with tests, relative to `copy`.
        plugin: makes another plugin for pytest, in the child.
        seconds: how long it may take.
        planted: whether there is a defect in `copy`. Then it ends with the first failure, and no bytecode is kept.
    """

    def __init__(
        self,
        copy: Path,
        place: Path,
        paths: Iterable[str],
        plugin: Callable[[], object],
        seconds: float,
        *,
        planted: bool,
    ) -> None:
        self.errors = place / "errors"
        self._place = place
        self._deadline = time.monotonic() + seconds
        place.mkdir()
        place.chmod(0o755)  # PostgreSQL's user goes through it
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                _become(copy, place)
                sys.dont_write_bytecode = planted
                first = ("--maxfail", "1" if planted else "0")
                os._exit(pytest.main([*paths, *first, *QUIETLY], [plugin()]))
            finally:
                os._exit(70)

    def outcome(self) -> Outcome | None:
        """Return what came of it; None while it runs."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            code = os.waitstatus_to_exitcode(status)
            assert code not in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED), self.said()
            return self._end(Outcome.FAILED if code else Outcome.PASSED)
        if time.monotonic() > self._deadline:
            os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            return self._end(Outcome.TOO_LONG)
        return None

    def kill(self) -> None:
        """End it at once, with what it started; it may have ended before that."""
        with suppress(ProcessLookupError, ChildProcessError):
            os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        shutil.rmtree(self._place, ignore_errors=True)

    def said(self) -> str:
        return (self._place / "output").read_text(errors="replace")

    def _end(self, outcome: Outcome) -> Outcome:
        if outcome is Outcome.FAILED and self.errors.exists():
            shown = json.loads(self.errors.read_text())
            if any(name in NONSENSE for name in shown):
                outcome = Outcome.NONSENSE
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)  # what it may have left
        return outcome


# The libraries are imported before pytest asks, and no cache is wanted.
QUIETLY = ("-W", "ignore::pytest.PytestAssertRewriteWarning", "-q", "-p", "no:cacheprovider")


def _become(copy: Path, place: Path) -> None:
    """Let this process, a child, be one that was started in `copy`."""
    os.setsid()
    with (place / "output").open("wb") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.chdir(copy)
    os.environ |= {"TMPDIR": str(place), "PYTHONPATH": str(copy)}
    sys.path.insert(0, str(copy))
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]  # ours: the tests of the copy are imported from there
