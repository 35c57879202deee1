"""Workers are started, kept running, replaced and stopped; small programs stand in their places."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from chat.domain.startup import CannotStart
from chat.workers.messages import Reload, Serve
from chat.workers.pauses import FIRST, LONGEST, STEADY, Pauses
from chat.workers.process import WorkerProcess
from chat.workers.supervisor import open_supervisor
from tests.support.processes import child, has_ended, wait_until_ended

if sys.platform == "win32":
    pytest.skip("has no workers", allow_module_level=True)

STAND_IN = Path(__file__).with_name("stand_in.py")


class Note(NamedTuple):
    """A line of the journal."""

    slot: int
    pid: int
    what: str


class Places:
    """Stand-ins for workers, that all write to one journal; `behaviours` are of the first ones, then all are the last.

    `hangs_for` is in seconds: after them one that hangs is killed. The others have longer than they need.
    """

    def __init__(self, journal: Path, *behaviours: str, hangs_for: float = 0.3) -> None:
        self.prepared: list[int] = []
        self.vacated: list[int] = []
        self._journal = journal
        self._behaviours = list(behaviours)
        self._hangs_for = hangs_for

    def prepare(self, slot: int) -> WorkerProcess:
        self.prepared.append(slot)
        behaviour = self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]
        stop_time = self._hangs_for if behaviour == "hangs" else 20.0
        return WorkerProcess(self.command(behaviour), serve(slot), (), stop_time)

    def command(self, behaviour: str) -> tuple[str, ...]:
        return (sys.executable, "-I", "-S", str(STAND_IN), behaviour, str(self._journal))

    def notes(self, what: str | None = None) -> list[Note]:
        """What the stand-ins wrote: all of it, or those lines that begin with `what`."""
        lines = self._journal.read_text().splitlines() if self._journal.exists() else []
        notes = [Note(int(slot), int(pid), got) for slot, pid, got in (each.split(" ", 2) for each in lines)]
        return notes if what is None else [note for note in notes if note.what.startswith(what)]

    def assert_nobody_is_left(self) -> None:
        assert [note.pid for note in self.notes() if not has_ended(note.pid)] == []


def serve(slot: int) -> Serve:
    return Serve({}, "/nowhere", {}, "", (), (), slot, 9, 0)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 - what other processes do sets no Event
        await trio.sleep(0.01)


async def test_all_workers_serve_at_the_start_and_are_stopped_together(journal: Path) -> None:
    places = Places(journal, "waits")
    with trio.fail_after(30):
        async with (
            trio.open_nursery() as nursery,
            open_supervisor(3, places.prepare, places.vacated.append) as supervisor,
        ):
            assert [runner.serves for runner in supervisor] == [True] * 3
            assert sorted(note.slot for note in places.notes("started")) == [0, 1, 2]
            pids = {runner.pid for runner in supervisor if runner.pid is not None}
            assert len(pids) == 3
            # A Ctrl-C in the terminal reaches the parent alone, who tells them.
            assert os.getpgid(0) not in {os.getpgid(pid) for pid in pids}

            async def end_them_when_all_were_told() -> None:
                await until(lambda: len(places.notes("SIGTERM")) == 3)
                for pid in pids:
                    os.kill(pid, signal.SIGINT)

            nursery.start_soon(end_them_when_all_were_told)
    assert [note.what for note in places.notes()[-3:]] == ["SIGINT"] * 3
    assert sorted(places.vacated) == [0, 1, 2]
    places.assert_nobody_is_left()


async def test_the_first_starts_alone_so_that_one_worker_makes_the_tables(journal: Path) -> None:
    places = Places(journal, "silent")
    with trio.move_on_after(30) as in_time:
        async with trio.open_nursery() as nursery:

            async def open_it() -> None:
                async with open_supervisor(3, places.prepare):
                    raise AssertionError("nobody serves")

            nursery.start_soon(open_it)
            await until(lambda: places.notes("started"))
            await trio.testing.wait_all_tasks_blocked()
            assert len(places.notes("started")) == 1
            nursery.cancel_scope.cancel()
    assert not in_time.cancelled_caught
    places.assert_nobody_is_left()


@pytest.mark.parametrize("behaviours", [("refuses",), ("serves", "refuses", "serves")])
async def test_a_worker_that_does_not_start_is_why_the_parent_does_not(
    journal: Path, behaviours: tuple[str, ...]
) -> None:
    places = Places(journal, *behaviours)
    with trio.fail_after(30), pytest.raises(CannotStart, match=r"^it does not like it here$"):
        async with open_supervisor(3, places.prepare):
            raise AssertionError("one of them does not serve")
    places.assert_nobody_is_left()


async def test_a_worker_that_ends_silently_is_reported_by_its_status(journal: Path) -> None:
    places = Places(journal, "silent")
    got: list[str] = []
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_kill_the_first, places)
            try:
                async with open_supervisor(1, places.prepare):
                    raise AssertionError("nobody serves")
            except CannotStart as error:
                got.append(str(error))
    assert got == ["it ended with SIGKILL"]


async def _kill_the_first(places: Places) -> None:
    await until(lambda: places.notes("started"))
    os.kill(places.notes("started")[0].pid, signal.SIGKILL)


async def test_a_worker_that_ends_is_restarted_in_its_slot(journal: Path) -> None:
    places = Places(journal, "serves")
    with trio.fail_after(30), capture_logs() as logs:
        async with open_supervisor(3, places.prepare, places.vacated.append) as supervisor:
            before = [runner.pid for runner in supervisor]
            assert before[1] is not None
            os.kill(before[1], signal.SIGKILL)
            await until(lambda: all(runner.serves and runner.pid != before[1] for runner in supervisor))
            now = [runner.pid for runner in supervisor]
            assert (now[0], now[2]) == (before[0], before[2])
            assert places.notes("started")[-1].slot == 1
            assert places.vacated == [1], "the others wait for one that is dead before they accept"
    lines = [line for line in logs if line["event"] == "worker ended: it is started again after the pause"]
    assert [(line["worker"], line["reason"], line["pause"]) for line in lines] == [
        (2, "it ended with SIGKILL", FIRST)
    ]


def test_pauses_double_up_to_a_limit_and_reset_after_a_steady_run() -> None:
    pauses = Pauses()
    got = [pauses.next(0.1) for _ in range(8)]
    assert got == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST, 16 * FIRST, 32 * FIRST, LONGEST, LONGEST]
    assert pauses.next(STEADY - 1) == LONGEST
    assert pauses.next(STEADY) == FIRST
    assert pauses.next(0.0) == 2 * FIRST
    for _ in range(2000):
        assert pauses.next(0.0) <= LONGEST


async def test_a_worker_that_ends_again_and_again_is_started_with_growing_pauses(journal: Path) -> None:
    places = Places(journal, "dies", "dies", "dies", "serves")
    with trio.fail_after(30), capture_logs() as logs:
        async with open_supervisor(1, places.prepare):
            await until(lambda: len(places.notes("started")) == 4)
    lines = [line for line in logs if line["event"] == "worker ended: it is started again after the pause"]
    assert [line["reason"] for line in lines] == ["it ended with status 3"] * 3
    assert [line["pause"] for line in lines] == [FIRST, 2 * FIRST, 4 * FIRST]


async def test_a_stop_does_not_wait_for_a_pause(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for pause in ("FIRST", "LONGEST"):
        monkeypatch.setattr(f"chat.workers.pauses.{pause}", 3600.0)
    places = Places(journal, "dies")
    with trio.fail_after(30), capture_logs() as logs:
        async with open_supervisor(1, places.prepare):
            await until(lambda: [line for line in logs if "pause" in line])
    places.assert_nobody_is_left()


async def test_a_worker_that_hangs_at_a_stop_is_killed_and_the_others_end_by_themselves(
    journal: Path,
) -> None:
    places = Places(journal, "hangs", "serves")
    with trio.fail_after(30), capture_logs() as logs:
        async with open_supervisor(2, places.prepare):
            pass
    ended = {line["worker"]: line["status"] for line in logs if line["event"] == "worker has ended"}
    assert ended == {1: "SIGKILL", 2: "status 0"}
    places.assert_nobody_is_left()


async def test_cancelling_a_stop_is_a_second_signal_to_all(journal: Path) -> None:
    places = Places(journal, "waits")
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:

            async def open_it() -> None:
                async with open_supervisor(2, places.prepare):
                    pass

            nursery.start_soon(open_it)
            await until(lambda: len(places.notes("SIGTERM")) == 2)
            assert places.notes("SIGINT") == []
            nursery.cancel_scope.cancel()
    assert len(places.notes("SIGINT")) == 2
    places.assert_nobody_is_left()


async def test_a_restart_replaces_one_after_the_other_each_by_one_that_serves_already(journal: Path) -> None:
    places = Places(journal, "serves")
    with trio.fail_after(30), capture_logs() as logs:
        async with open_supervisor(
            2, places.prepare, places.vacated.append, spread=lambda: 7.5
        ) as supervisor:
            old = [runner.pid for runner in supervisor]
            supervisor.restart()
            await until(lambda: any(line["event"] == "all workers have been replaced" for line in logs))
            assert [runner.serves for runner in supervisor] == [True] * 2
            assert not {runner.pid for runner in supervisor} & set(old)
    first, second = old
    happened = [(note.slot, note.what) for note in places.notes() if note.what != "SIGTERM"]
    assert sorted(happened[:2]) == [(0, "started"), (1, "started")]
    assert happened[2:] == [(2, "started"), (0, "leave 7.5"), (0, "started"), (1, "leave 7.5")]
    assert [note.pid for note in places.notes("leave")] == [first, second]
    assert places.vacated[:2] == [0, 1]
    places.assert_nobody_is_left()


async def test_where_the_new_one_does_not_start_the_old_ones_stay(journal: Path) -> None:
    """As when the program on the disk is broken."""
    places = Places(journal, "serves", "serves", "refuses")
    with trio.fail_after(30), capture_logs() as logs:
        async with open_supervisor(2, places.prepare) as supervisor:
            old = [runner.pid for runner in supervisor]
            supervisor.restart()
            await until(lambda: [line for line in logs if line["log_level"] == "error"])
            assert [runner.pid for runner in supervisor if runner.serves] == old
    (got,) = (line for line in logs if line["log_level"] == "error")
    assert got["reason"] == "it does not like it here"
    assert places.notes("leave") == []
    places.assert_nobody_is_left()


async def test_a_worker_that_does_not_leave_in_time_is_killed(journal: Path) -> None:
    places = Places(journal, "hangs", "serves")
    with trio.fail_after(30), capture_logs() as logs:
        async with open_supervisor(2, places.prepare) as supervisor:
            supervisor.restart()
            await until(lambda: any(line["event"] == "all workers have been replaced" for line in logs))
    ended = [(line["worker"], line["status"]) for line in logs if line["event"] == "worker has ended"]
    assert ended[:2] == [(1, "SIGKILL"), (2, "status 0")]
    places.assert_nobody_is_left()


async def test_a_restart_requested_during_one_is_done_afterwards(journal: Path) -> None:
    places = Places(journal, "serves")
    with trio.fail_after(30), capture_logs() as logs:
        async with open_supervisor(1, places.prepare) as supervisor:
            supervisor.restart()
            await until(lambda: len(places.notes("started")) == 2)
            supervisor.restart()
            supervisor.restart()
            await until(lambda: [line["event"] for line in logs].count("all workers have been replaced") == 2)
            await trio.testing.wait_all_tasks_blocked()
    assert [line["event"] for line in logs].count("replacing all workers, one by one") == 2
    assert len(places.notes("started")) == 3


async def test_a_stop_in_the_middle_of_a_restart_ends_old_and_new(journal: Path) -> None:
    places = Places(journal, "serves", "silent")
    with trio.fail_after(30):
        async with open_supervisor(1, places.prepare) as supervisor:
            supervisor.restart()
            await until(lambda: len(places.notes("started")) == 2)
    places.assert_nobody_is_left()


async def test_a_stop_during_a_restart_does_not_wait_for_a_stuck_worker(
    journal: Path,
) -> None:
    places = Places(journal, "serves", "stuck")
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:

            async def kill_who_is_stuck_when_the_other_was_told() -> None:
                old, new = (note.pid for note in places.notes("started"))
                await until(lambda: old in {note.pid for note in places.notes("SIGTERM")})
                os.kill(new, signal.SIGKILL)

            async with open_supervisor(1, places.prepare) as supervisor:
                supervisor.restart()
                await until(lambda: len(places.notes("started")) == 2)
                nursery.start_soon(kill_who_is_stuck_when_the_other_was_told)
    places.assert_nobody_is_left()


async def test_new_settings_reach_all_workers(journal: Path) -> None:
    places = Places(journal, "serves")
    with trio.fail_after(30):
        async with open_supervisor(2, places.prepare) as supervisor:
            await supervisor.reload(Reload({"log_level": "debug"}))
            await until(lambda: len(places.notes("reload")) == 2)
    assert {note.what for note in places.notes("reload")} == {"reload {'log_level': 'debug'}"}


PARENT = """
import sys, trio
from pathlib import Path
from chat.workers.supervisor import open_supervisor
from tests.workers.test_supervisor import Places

async def serve():
    async with open_supervisor(2, Places(Path(sys.argv[1]), "serves").prepare):
        print("they serve", flush=True)
        await trio.sleep_forever()

trio.run(serve)
"""


def test_workers_whose_parent_is_killed_end_on_their_own(journal: Path) -> None:
    with child(sys.executable, "-c", PARENT, journal, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        line: Any = b"?"
        while line and b"they serve" not in line:  # before that it may log
            line = parent.stdout.readline()
        assert line
        parent.kill()
        parent.wait(30)
        places = Places(journal, "serves")
        wait_until_ended([note.pid for note in places.notes("started")])
    assert len(places.notes("alone")) == 2
