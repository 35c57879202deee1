"""A run that leaves something behind fails: shown with such runs of pytest."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.plugins import leftovers

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

WAITING = """
import subprocess, tempfile
import pytest, trio

@pytest.fixture
def child():
    with tempfile.TemporaryDirectory() as directory, subprocess.Popen(["/bin/sleep", "1006"], cwd=directory) as child:
        yield child
        child.kill()

def test_waits(child):
    async def wait():
        async with trio.open_nursery() as nursery:
            print("pid", child.pid, flush=True)
            await trio.sleep_forever()
    trio.run(wait)

def test_is_not_begun_any_more():
    open("begun", "w").close()
"""


def start_pytest(directory: Path, text: str, *options: str) -> "subprocess.Popen[str]":
    """Start pytest with the two plugins and no other on one file."""
    (directory / "test_it.py").write_text(text)
    (directory / "pytest.ini").write_text("[pytest]\n")
    (directory / "temporary").mkdir(exist_ok=True)
    plugins = ("-p", "tests.support.plugins.leftovers", "-p", "tests.support.plugins.signals")
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *plugins, *options],
        cwd=directory,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "TMPDIR": str(directory / "temporary"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        stdout=subprocess.PIPE,
        text=True,
    )


def run_pytest(directory: Path, text: str) -> "subprocess.CompletedProcess[str]":
    with start_pytest(directory, text) as run:
        output, _ = run.communicate(timeout=60)
        return subprocess.CompletedProcess(run.args, run.returncode, output)


def end_waiting(directory: Path, number: signal.Signals) -> tuple[int, int]:
    """Send a signal to a run whose test waits; return its exit status, and the process that its test has started."""
    with start_pytest(directory, WAITING, "-s") as run:
        assert run.stdout is not None
        child = next(int(line.split()[-1]) for line in run.stdout if "pid " in line)
        run.send_signal(number)
        return run.wait(60), child


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
    assert re.search(r"^  /.*/chat-testrun-\w+/left-\w+$", done.stdout, re.MULTILINE), done.stdout
    assert not any(map(runs, left.values()))
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_run_that_leaves_nothing_passes(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, LEAVING_NOTHING)
    assert done.returncode == 0, done.stdout
    assert list((tmp_path / "temporary").iterdir()) == []


@needs_proc
def test_sigterm_ends_a_run_as_ctrl_c_does(tmp_path: Path) -> None:
    status, child = end_waiting(tmp_path, signal.SIGTERM)
    assert status == pytest.ExitCode.INTERRUPTED
    assert not (tmp_path / "begun").exists()
    assert not runs(child)
    assert list((tmp_path / "temporary").iterdir()) == []


@needs_proc
def test_the_next_run_removes_leftovers_of_a_killed_one(tmp_path: Path) -> None:
    status, child = end_waiting(tmp_path, signal.SIGKILL)
    assert status == -signal.SIGKILL
    assert runs(child)
    (abandoned,) = (tmp_path / "temporary").glob("chat-*")
    assert list(abandoned.iterdir())
    # Whoever still runs has a lock on its directory, as this test has on that of another run.
    in_use, lock = leftovers.make_directory(tmp_path / "temporary")
    done = run_pytest(tmp_path, LEAVING_NOTHING)
    os.close(lock)
    assert done.returncode == 0, done.stdout
    assert not runs(child)
    assert list((tmp_path / "temporary").iterdir()) == [in_use]
