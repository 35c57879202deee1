"""Defects planted in a small tree: which of them its tests find."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.plant import chosen_files
from tests.support.campaign import in_campaign

ROOT = Path(__file__).parents[2]

CODE = '''\
"""Something to plant defects in."""


def clamp(n):
    if n > 10:
        n = 10
    return n


def first(items):
    found = []
    found.append(items[0])
    return found


def unused(n):
    return not n


def table(*entries):
    return dict(entries)


TABLE = table(("a", 1))


def look(key):
    return TABLE[key]
'''

TESTS = """\
from chat.domain.small import clamp, first, look

def test_clamp():
    assert clamp(5) == 5
    assert clamp(20) == 10

def test_first():
    assert first("ab") == ["a"]

def test_look():
    assert look("a") == 1

def test_that_fails_anyway():
    assert clamp(5) == first("ab") == 0
"""


def plant_in(tree: Path, tests_of_small: str) -> "subprocess.CompletedProcess[str]":
    """Make the small tree, and plant all there is."""
    code, tests = tree / "chat" / "domain", tree / "tests" / "domain"
    for folder in (code, tests):
        folder.mkdir(parents=True)
    (tree / "chat" / "__init__.py").touch()
    (code / "small.py").write_text(CODE)
    (tests / "test_small.py").write_text(tests_of_small)
    (tree / "pytest.ini").write_text("[pytest]\n")
    plant = [sys.executable, "-m", "tests.mutants", "--root", str(tree)]
    return subprocess.run(
        [*plant, "--only", "domain/small.py", "--most", "99", "--seed", "7"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@in_campaign
def test_tests_that_cannot_be_imported_are_reported_as_an_error(tmp_path: Path) -> None:
    done = plant_in(tmp_path, "from chat.domain.small import what_is_not_there\n")
    assert done.returncode == 1
    assert "the tests of domain do not run" in done.stderr
    assert "what_is_not_there" in done.stderr
    assert "survived" not in done.stdout


@in_campaign
def test_survivors_are_listed_and_the_tree_is_not_touched(tmp_path: Path) -> None:
    done = plant_in(tmp_path, TESTS)
    assert done.returncode == 0, done.stderr
    seed, left_out, marks, *survivors, counts, end = done.stdout.splitlines()
    assert seed == "seed 7: up to 99 defects in each of 1 files"
    fails = "tests/domain/test_small.py::test_that_fails_anyway"
    assert left_out == f"fails without a defect, and is left out: {fails}"
    assert survivors == [
        "chat/domain/small.py:5: bound: 10 -> 11",
        "chat/domain/small.py:5: bound: n > 10 -> >=",
        "chat/domain/small.py:17: return: not n -> not (not n)  (no test runs this line)",
    ]
    assert marks.count("S") == len(survivors)
    assert f"{len(marks)} planted: " in counts
    assert "3 survived (1 in lines that no test runs)" in counts
    assert end.startswith("seed 7, ")
    assert {path.name for path in tmp_path.rglob("*.*")} == {
        "__init__.py",
        "small.py",
        "test_small.py",
        "pytest.ini",
    }
    assert (tmp_path / "chat" / "domain" / "small.py").read_text() == CODE


def test_any_folder_that_has_tests_of_its_own_may_be_named(tmp_path: Path) -> None:
    for path in ("chat/storage/deep/rows.py", "chat/web/page.py", "tests/storage/test_rows.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "chat" / "logs.py").touch()
    rows = ["chat/storage/deep/rows.py"]
    for word in ("storage", "chat/storage/deep", "storage/deep/rows.py"):
        assert chosen_files(tmp_path, [word]) == rows
    for word in ("web", "logs.py", "nothing"):
        with pytest.raises(SystemExit):
            chosen_files(tmp_path, [word])
