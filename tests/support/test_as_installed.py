"""Which packages a process started by a test finds installed."""

import subprocess
import sys

import pytest

from tests.support.as_installed.sitecustomize import ONLY_OF_TESTS


def imported_by(*command: str) -> set[str]:
    """The modules that Python imports for a command, as -X importtime lists them."""
    done = subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


def test_a_server_finds_nothing_that_only_tests_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    imported = imported_by("-m", "chat", "serve", "--help")
    assert "structlog" in imported
    # The name itself is listed where it is not found, too.
    inside = tuple(f"{name}." for name in ONLY_OF_TESTS)
    assert [name for name in imported if name.startswith(inside)] == []


def test_another_process_of_a_test_finds_all() -> None:
    imported_by("-c", f"import {', '.join(ONLY_OF_TESTS)}")
