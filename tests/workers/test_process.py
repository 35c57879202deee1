"""Which program a worker is, and how one ends that got no message yet."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trio

from chat.workers.messages import Serve
from chat.workers.process import WorkerProcess, command

ROOT = Path(__file__).parents[2]

if sys.platform == "win32":
    pytest.skip("has no workers", allow_module_level=True)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_it_is_this_very_package_wherever_its_parent_was_started(
    elsewhere: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chat").mkdir()
    (tmp_path / "chat" / "__init__.py").write_text("raise SystemExit('another package')")
    monkeypatch.chdir(tmp_path if elsewhere else ROOT)
    done = subprocess.run([*command(), "--help"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Serve as one of several workers." in done.stdout


HEEDS_NOTHING = """
import pathlib, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
pathlib.Path(sys.argv[1]).touch()
signal.pause()
"""


async def test_a_worker_whose_parent_is_cancelled_before_its_first_message_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heeds_nothing = tmp_path / "heeds-nothing"
    real, started = trio.lowlevel.open_process, list[trio.Process]()

    async def cancelled_when_it_has_started(*arguments: Any, **options: Any) -> trio.Process:
        started.append(await real(*arguments, **options))
        while not heeds_nothing.exists():  # noqa: ASYNC110 - what other processes do sets no Event
            await trio.sleep(0.01)
        cancelled.cancel()
        return started[0]

    monkeypatch.setattr(trio.lowlevel, "open_process", cancelled_when_it_has_started)
    first = Serve({}, "/nowhere", {}, "", (), (), 0, 1, 0)
    worker = WorkerProcess(
        (sys.executable, "-I", "-S", "-c", HEEDS_NOTHING, str(heeds_nothing)), first, (), stop_time=30
    )
    with trio.fail_after(20):
        with trio.CancelScope() as cancelled:
            await worker.run(trio.Event())
        await trio.lowlevel.checkpoint()  # where being late shows, if a shield has hidden it
    assert cancelled.cancelled_caught
    assert [process.returncode for process in started] == [-signal.SIGKILL]


ENDS_AT_A_SIGNAL = "import signal; signal.pause()"


async def test_a_worker_that_is_to_leave_while_it_is_started_ends_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It has no clients to send away. It got no message, and was killed at the end of its time."""
    real = trio.lowlevel.open_process

    async def told_when_it_has_started(*arguments: Any, **options: Any) -> trio.Process:
        process = await real(*arguments, **options)
        await worker.leave(spread=60)
        return process

    monkeypatch.setattr(trio.lowlevel, "open_process", told_when_it_has_started)
    first = Serve({}, "/nowhere", {}, "", (), (), 0, 1, 0)
    worker = WorkerProcess((sys.executable, "-I", "-S", "-c", ENDS_AT_A_SIGNAL), first, (), stop_time=30)
    with trio.fail_after(20):
        assert await worker.run(trio.Event()) == -signal.SIGTERM
