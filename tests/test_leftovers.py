"""A run that leaves something behind fails: shown with runs of pytest that do."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc")

LEAVING = """
import os, subprocess, tempfile
from tests.support.plugins import leftovers

leftovers._LAST_SECONDS = 0.0

def test_leaves_a_child():
    subprocess.Popen(["/bin/sleep", "1001"], env={}, cwd="/").returncode = 0  # so that Popen does not warn

def test_leaves_an_orphan_with_our_environment():
    subprocess.run(["/bin/sh", "-c", "sleep 1002 >&- 2>&- &"], cwd="/", check=True)

def test_leaves_an_orphan_that_knows_only_the_path():
    env = {"PATH": os.environ["PATH"]}
    subprocess.run(["/bin/sh", "-c", "sleep 1003 >&- 2>&- &"], cwd="/", env=env, check=True)

def test_leaves_an_orphan_in_a_directory():
    subprocess.run(["/bin/sh", "-c", "sleep 1004 >&- 2>&- &"], cwd=tempfile.mkdtemp(prefix="left-"), env={}, check=True)
"""

LEAVING_NOTHING = """
import subprocess, tempfile

def test_cleans_up():
    with tempfile.TemporaryDirectory() as directory, subprocess.Popen(["/bin/sleep", "1005"], cwd=directory) as child:
        child.kill()
"""


def run_pytest(directory: Path, text: str) -> "subprocess.CompletedProcess[str]":
    """Run pytest with the plugin and no other on one file."""
    (directory / "test_it.py").write_text(text)
    (directory / "pytest.ini").write_text("[pytest]\n")
    temporary = directory / "temporary"
    temporary.mkdir()
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.support.plugins.leftovers"],
        cwd=directory,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "TMPDIR": str(temporary),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@needs_proc
def test_a_run_that_leaves_processes_and_files_fails_names_them_and_ends_them(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, LEAVING)
    assert done.returncode == 1, done.stdout
    assert re.search(r"4 passed, 1 error in ", done.stdout.splitlines()[-1]), done.stdout
    left = {number: int(pid) for pid, number in re.findall(r"process (\d+): \S*sleep (\d+)", done.stdout)}
    assert left.keys() == {"1001", "1002", "1003", "1004"}, done.stdout
    assert re.search(r"^  /.*/chat-tests-\w+/left-\w+$", done.stdout, re.MULTILINE), done.stdout
    assert not any(map(runs, left.values()))
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_run_that_leaves_nothing_passes(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, LEAVING_NOTHING)
    assert done.returncode == 0, done.stdout
    assert list((tmp_path / "temporary").iterdir()) == []
