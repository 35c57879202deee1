"""Defects planted in a small tree: which of them its tests find."""

import subprocess
import sys
from pathlib import Path

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
'''

TESTS = """\
from chat.domain.small import clamp, first

def test_clamp():
    assert clamp(5) == 5
    assert clamp(20) == 10

def test_first():
    assert first("ab") == ["a"]

def test_that_fails_anyway():
    assert clamp(5) == first("ab") == 0
"""


def test_survivors_are_listed_and_the_tree_is_not_touched(tmp_path: Path) -> None:
    code, tests = tmp_path / "chat" / "domain", tmp_path / "tests" / "domain"
    for folder in (code, tests):
        folder.mkdir(parents=True)
    (tmp_path / "chat" / "__init__.py").touch()
    (code / "small.py").write_text(CODE)
    (tests / "test_small.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    before = {path: path.read_text() for path in tmp_path.rglob("*.*")}

    plant = [sys.executable, "-m", "tests.mutants", "--root", str(tmp_path)]
    done = subprocess.run(
        [*plant, "--only", "domain/small.py", "--most", "99", "--seed", "7"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
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
    assert {path: path.read_text() for path in tmp_path.rglob("*.*")} == before
