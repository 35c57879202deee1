"""The task tree, read from outside; nothing is measured while nobody watches."""

import inspect
import math
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
import trio
import trio.testing

from chat.domain.closing import NO_PONG
from chat.engine.broadcaster import open_broadcaster
from chat.engine.hub import Hub
from chat.engine.journal import Journal, open_journal
from chat.engine.log_follower import open_log_follower
from chat.inspection.metrics import Metrics
from chat.inspection.recorder import Record, Recorder
from chat.inspection.task_tree import NurseryNode, Scope, TaskNode
from chat.inspection.watch import LOOKING, MOST, Client, Watch, open_watch
from tests.reference.storage import MemoryStorage


def nests(task: TaskNode) -> Iterator[NurseryNode]:
    for nest in task.nurseries:
        yield nest
        for child in nest.tasks:
            yield from nests(child)


def tasks(task: TaskNode) -> Iterator[TaskNode]:
    yield task
    for nest in nests(task):
        yield from nest.tasks


def named(task: TaskNode, name: str) -> TaskNode:
    (found,) = [each for each in tasks(task) if each.name.endswith(name)]
    return found


async def look(watch: Watch) -> TaskNode:
    """Look from a task beside the test's own: what runs itself can't be seen into."""
    seen: list[TaskNode] = []

    async def look() -> None:
        seen.append(watch.look().tree)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(look)
    return seen[0]


class Installed(list[trio.abc.Instrument]):
    """The installed instruments, tracked through the real functions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        add, remove = trio.lowlevel.add_instrument, trio.lowlevel.remove_instrument
        monkeypatch.setattr(trio.lowlevel, "add_instrument", lambda one: (self.append(one), add(one)))
        monkeypatch.setattr(trio.lowlevel, "remove_instrument", lambda one: (self.remove(one), remove(one)))


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Installed:
    return Installed(monkeypatch)


async def test_nothing_is_installed_while_nobody_looks(
    installed: Installed, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_watch(Recorder(), Metrics()) as watch:
        await trio.sleep(1)
        assert not installed
        for _ in range(3):
            watch.look()
            await trio.sleep(LOOKING - 1)
            assert len(installed) == 1, "while somebody looks, and once however often"
        await trio.sleep(1.5)
        assert not installed, "nor a while after the last look"
        watch.look()
        await trio.sleep(1)
        assert len(installed) == 1, "the next one is welcome"
    assert not installed, "nor when the server ends meanwhile"


async def test_a_snapshot_has_the_waiting_time_of_each_task(autojump_clock: trio.testing.MockClock) -> None:
    async def doze(times: float) -> None:
        for _ in range(9):
            await trio.sleep(times)

    async with open_watch(Recorder(), Metrics()) as watch, trio.open_nursery() as nursery:
        nursery.start_soon(doze, math.inf, name="long")
        nursery.start_soon(doze, 10, name="short")
        await trio.sleep(5)
        assert named(watch.look().tree, "long").awaits.seconds is None, "nobody watched yet"
        await trio.sleep(4)
        awaits = named(watch.look().tree, "long").awaits
        assert (awaits.seconds, awaits.at_least) == (4.0, True)
        await trio.sleep(4)
        awaits = named(watch.look().tree, "short").awaits
        assert (awaits.seconds, awaits.at_least) == (3.0, False)
        nursery.cancel_scope.cancel()


async def test_a_task_shows_its_line_function_and_call() -> None:
    storage = MemoryStorage()
    async with (
        open_broadcaster(Hub()) as broadcaster,
        open_log_follower(storage.messages, broadcaster, 0) as follower,
        open_journal(storage.messages, broadcaster, follower),
        open_watch(Recorder(), Metrics()) as watch,
    ):
        await trio.testing.wait_all_tasks_blocked()
        tree = await look(watch)
    writer = named(tree, "Journal.write").awaits
    lines, first = inspect.getsourcelines(Journal.write)
    (line,) = [number for number, text in enumerate(lines, first) if "_entries.receive()" in text]
    assert (writer.where, writer.function) == (f"chat/engine/journal.py:{line}", "Journal.write")
    assert writer.calls == "receive"
    opened = {nest.scope.where: [task.name for task in nest.tasks] for nest in nests(tree)}
    assert opened["open_journal"] == ["chat.engine.journal.Journal.write"]
    assert opened["open_broadcaster"] == ["chat.engine.broadcaster.Broadcaster.fan_out"]


async def test_scopes_show_deadline_shield_and_cancellation(autojump_clock: trio.testing.MockClock) -> None:
    async def sleeper() -> None:
        with trio.CancelScope(shield=True), trio.fail_after(30):
            async with trio.open_nursery() as inner:
                inner.cancel_scope.deadline = trio.current_time() + 20
                inner.start_soon(trio.sleep_forever, name="innermost")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(sleeper, name="sleeper")
        await trio.sleep(5)
        nursery.cancel_scope.cancel()
        with trio.CancelScope(shield=True):
            tree = await look(Watch(Recorder(), Metrics()))
    sleeping = named(tree, "sleeper")
    where = "test_scopes_show_deadline_shield_and_cancellation.sleeper"
    assert sleeping.scopes == [Scope(where, None, True, False), Scope(where, 25.0, False, False)]
    (nest,) = sleeping.nurseries
    assert nest.scope == Scope(where, 15.0, False, False)
    assert [task.name for task in nest.tasks] == ["innermost"]
    (ours,) = [each for each in nests(tree) if sleeping in each.tasks]
    assert ours.scope.cancelled


async def test_more_tasks_than_fit_are_only_counted() -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(MOST + 40):
            nursery.start_soon(trio.sleep_forever, name="one of many")
        await trio.testing.wait_all_tasks_blocked()
        tree = await look(Watch(Recorder(), Metrics()))
        (crowd,) = [nest for nest in nests(tree) if any(task.name == "one of many" for task in nest.tasks)]
        assert (len(crowd.tasks), crowd.more) == (MOST, 40)
        nursery.cancel_scope.cancel()


async def test_a_client_that_blocks_the_loop_is_recorded_while_watched(
    autojump_clock: trio.testing.MockClock,
) -> None:
    recorder = Recorder()
    record = Record()
    session: Any = SimpleNamespace(person=None)

    async def serve(task_status: trio.TaskStatus[None]) -> None:
        recorder.admit(record, session, trio.CancelScope())
        task_status.started()
        for _ in range(2):
            await trio.sleep(1)
            autojump_clock.jump(0.25)  # as long work without a checkpoint does

    async with trio.open_nursery() as nursery:
        await nursery.start(serve)
        await trio.sleep(1.5)
        assert record.events is None, "nobody looks"
        async with open_watch(recorder, Metrics()) as watch:
            watch._attention.deadline = trio.current_time() + LOOKING
            watch._looked.notify()
            await trio.sleep(1)
        assert [event.what for event in record.events or ()] == ["its task ran for 250 ms at a stretch"]


class Served:
    """A connection that is served by a task of its own, with two tasks in its nursery."""

    def __init__(self, recorder: Recorder, name: str | None = None, queued: int = 0) -> None:
        self.record = Record()
        self._recorder = recorder
        self.session: Any = SimpleNamespace(
            person=None if name is None else SimpleNamespace(name=name),
            address="192.0.2.1",
            dialect=SimpleNamespace(name="talker"),
            send_queue=SimpleNamespace(queued=queued, waiting=lambda: (queued, queued // 10)),
            receiver=SimpleNamespace(last_received_at=trio.current_time()),
        )

    async def serve(self, task_status: trio.TaskStatus[None]) -> None:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                self._recorder.admit(self.record, self.session, scope)
                nursery.start_soon(self._linger, name="writer")
                nursery.start_soon(trio.sleep_forever, name="reader")
                task_status.started()
        self._recorder.forget(self.record)

    async def _linger(self) -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):  # as a goodbye does
                await trio.sleep(2)


async def test_a_cancelled_client_reports_how_it_unwound(autojump_clock: trio.testing.MockClock) -> None:
    recorder = Recorder()
    watch, ada, ben = Watch(recorder, Metrics()), Served(recorder, "ada"), Served(recorder)
    async with trio.open_nursery() as nursery:
        await nursery.start(ada.serve, name="client")
        await nursery.start(ben.serve)
        await trio.testing.wait_all_tasks_blocked()
        assert await watch.cancel(3) is None
        unwound = await watch.cancel(1)
        assert unwound is not None
        assert (unwound.connection, unwound.name) == (1, "ada")
        assert [(ended.task, ended.seconds) for ended in unwound.tasks] == [
            ("reader", 0.0),
            ("writer", 2.0),
            ("client", 2.0),
        ]
        assert "Served._linger ‹sleep_forever›" in unwound.tasks[1].awaited
        assert ada.record.cut
        assert [event.what for event in ada.record.events or ()][-1] == "cancelled by an administrator"
        assert list(recorder.open) == [2]
        assert not ben.record.cut
        second = await watch.cancel(2)
        assert second is not None
        assert second.name is None


async def test_a_client_that_does_not_unwind_is_reported(autojump_clock: trio.testing.MockClock) -> None:
    recorder = Recorder()
    watch, ada = Watch(recorder, Metrics()), Served(recorder, "ada")
    released = trio.Event()

    async def hang() -> None:
        with trio.CancelScope(shield=True):
            await released.wait()

    ada._linger = hang  # type: ignore[method-assign]
    async with trio.open_nursery() as nursery:
        await nursery.start(ada.serve, name="client")
        await trio.testing.wait_all_tasks_blocked()
        began = trio.current_time()
        try:
            unwound = await watch.cancel(1)
        finally:
            released.set()
        assert trio.current_time() - began == 5
        assert unwound is not None
        assert [(ended.task, ended.seconds) for ended in unwound.tasks][:1] == [("reader", 0.0)]
        assert {ended.task: ended.seconds for ended in unwound.tasks} == {
            "reader": 0.0,
            "writer": None,
            "client": None,
        }


async def test_clients_are_listed_with_the_longest_queues_first(
    autojump_clock: trio.testing.MockClock,
) -> None:
    recorder = Recorder()
    watch = Watch(recorder, Metrics())
    clients = [Served(recorder, "ada", 10), Served(recorder, None, 30), Served(recorder, "cem", 20)]
    async with trio.open_nursery() as nursery:
        for client in clients:
            await nursery.start(client.serve)
        await trio.sleep(4)
        clients[1].session.receiver.last_received_at = trio.current_time()
        clients[1].record.closing = NO_PONG
        clients[1].record.message(trio.current_time(), 94)
        await trio.sleep(1)
        snapshot = watch.look(2)
        assert [client.connection for client in snapshot.clients] == [2, 3]
        assert snapshot.more == 1
        slowest, second = snapshot.clients
        assert slowest == Client(2, None, "talker", "192.0.2.1", 5.0, 1.0, 1, 100, 30, 3, 4009)
        assert second == Client(3, "cem", "talker", "192.0.2.1", 5.0, 5.0, 0, 0, 20, 2, None)
        assert snapshot.totals["connections"] == 3
        shown = [branch.client for branch in tasks(snapshot.tree) if branch.client is not None]
        assert shown == [2, 3]
        assert len(watch.look().clients) == 3
        nursery.cancel_scope.cancel()


async def test_tasks_that_end_while_watched_are_not_kept(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with open_watch(Recorder(), Metrics()) as watch:
        watch.look()
        await trio.sleep(1)
        assert watch._waits is not None
        async with trio.open_nursery() as nursery:
            for _ in range(50):
                nursery.start_soon(trio.sleep, 1)
        assert len(watch._waits._since) < 20


async def test_scopes_inside_exit_stacks_are_shown_too(autojump_clock: trio.testing.MockClock) -> None:
    async def sleeper() -> None:
        async with AsyncExitStack() as stack:
            stack.enter_context(trio.move_on_after(30))
            stack.callback(print, end="")
            with ExitStack() as inner:
                inner.enter_context(trio.move_on_after(40, shield=True))
                await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(sleeper, name="sleeper")
        await trio.testing.wait_all_tasks_blocked()
        scopes = named(await look(Watch(Recorder(), Metrics())), "sleeper").scopes
        assert [(scope.deadline, scope.shield) for scope in scopes] == [(30.0, False), (40.0, True)]
