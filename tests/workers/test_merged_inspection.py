"""The merged answers of several workers, each on a real control socket."""

import socket
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
import trio

from chat.domain.failures import StorageDown
from chat.inspection.connection_report import ConnectionReport, Summary
from chat.inspection.control_socket import open_control_socket
from chat.inspection.inspection import InspectionFailed
from chat.inspection.metrics import Metrics
from chat.inspection.remote_inspection import RemoteInspection
from chat.inspection.task_tree import Awaits, TaskNode
from chat.inspection.watch import Client, Snapshot, Unwound
from chat.workers.merged_inspection import MergedInspection

if sys.platform == "win32":
    pytest.skip("has no workers", allow_module_level=True)


class Answers:
    """One worker's answers: two connections, the first with more bytes queued; the others ended."""

    def __init__(self, number: int, *, healthy: bool = True) -> None:
        self.number = number
        self.healthy = healthy
        self.cancelled: list[int] = []

    async def tree(self, most: int) -> Snapshot:
        await trio.lowlevel.checkpoint()
        clients = [self._client(1, 100 * self.number), self._client(2, self.number)][:most]
        tree = TaskNode("main", Awaits("here", "main", "sleep"), [], [])
        return Snapshot(17.0 * self.number, {"messages": 10.0 * self.number}, clients, 2 - len(clients), tree)

    def _client(self, place: int, queued: int) -> Client:
        number = 10 * self.number + place
        return Client(number, "ada", "talker", "127.0.0.1", 1.0, 1.0, 1, 1, queued, 1, None)

    async def cancel(self, connection: int) -> Unwound | None:
        await trio.lowlevel.checkpoint()
        self.cancelled.append(connection)
        return Unwound(connection, "ada", []) if connection // 10 == self.number else None

    async def ends(self) -> list[Summary]:
        await trio.lowlevel.checkpoint()
        return [self._end(3, 5.0 + self.number), self._end(4, 50.0 - self.number)]

    def _end(self, place: int, ago: float) -> Summary:
        return Summary(
            10 * self.number + place, None, "talker", "127.0.0.1", 1.0, ago, "reset", "It was reset."
        )

    async def report(self, connection: int) -> ConnectionReport | None:
        await trio.lowlevel.checkpoint()
        return ConnectionReport(self._end(3, 1.0), [], []) if connection == 10 * self.number + 3 else None

    async def metrics(self) -> str:
        await trio.lowlevel.checkpoint()
        metrics = Metrics()
        metrics.changed(["message"] * self.number)
        return metrics.render().decode()

    async def health(self) -> None:
        await trio.lowlevel.checkpoint()
        if not self.healthy:
            raise StorageDown("no route to it")


class Together:
    """Three workers of which the last does not answer."""

    def __init__(self, directory: Path, *answers: Answers) -> None:
        self.answers = answers
        self.directory = directory
        self.silent = 1
        self.merged = MergedInspection(self._workers)

    def _workers(self) -> list[RemoteInspection]:
        names = [each.number for each in self.answers] + [9] * self.silent
        return [RemoteInspection(self.directory, f"{name}.socket", f"worker {name}") for name in names]

    async def __aenter__(self) -> "Together":
        self._stack = AsyncExitStack()
        for each in self.answers:
            await self._stack.enter_async_context(
                open_control_socket(self.directory, each, f"{each.number}.socket")
            )
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()


async def test_clients_of_all_are_listed_the_slowest_first_and_totals_added_up(tmp_path: Path) -> None:
    with trio.fail_after(10):
        async with Together(tmp_path, Answers(1), Answers(2)) as together:
            snapshot = await together.merged.tree(3)
    assert [client.connection for client in snapshot.clients] == [21, 11, 22]
    assert (snapshot.more, snapshot.totals) == (1, {"messages": 30.0})
    nests = snapshot.tree.nurseries
    assert nests[-1].scope.where == "the workers"
    assert [task.name for task in nests[-1].tasks] == ["worker 1: main", "worker 2: main"]
    assert len(nests) > 1, "this process's own tasks are missing"
    assert msgspec.json.decode(msgspec.json.encode(snapshot), type=Snapshot) == snapshot


async def test_the_clock_is_one_for_two_looks(tmp_path: Path) -> None:
    """The workers' own clocks begin anywhere; rates are counted by the difference of two looks."""
    with trio.fail_after(10):
        async with Together(tmp_path, Answers(1)) as together:
            before = trio.current_time()
            first, second = await together.merged.tree(0), await together.merged.tree(0)
    assert before <= first.clock <= second.clock <= before + 10


async def test_a_connection_is_found_with_whichever_worker_has_it(tmp_path: Path) -> None:
    with trio.fail_after(10):
        async with Together(tmp_path, Answers(1), Answers(2)) as together:
            merged = together.merged
            unwound = await merged.cancel(22)
            assert unwound is not None
            assert unwound.connection == 22
            assert await merged.cancel(99) is None
            assert [answers.cancelled for answers in together.answers] == [[22, 99]] * 2
            report = await merged.report(23)
            assert report is not None
            assert report.summary.connection == 23
            assert await merged.report(99) is None
            assert [end.connection for end in await merged.ends()] == [13, 23, 24, 14]


async def test_metrics_are_the_sum_and_each_workers(tmp_path: Path) -> None:
    with trio.fail_after(10):
        async with Together(tmp_path, Answers(1), Answers(2)) as together:
            lines = (await together.merged.metrics()).splitlines()
    assert [line for line in lines if line.startswith("chat_messages_total")] == [
        "chat_messages_total 3.0",
        'chat_messages_total{worker="1"} 1.0',
        'chat_messages_total{worker="2"} 2.0',
    ]


async def test_they_can_work_while_one_of_them_can_and_nobody_waits_for_one_that_hangs(
    tmp_path: Path,
) -> None:
    """The one that hangs would be waited for longer than this test lasts."""
    with trio.fail_after(4), socket.socket(socket.AF_UNIX) as hanging:
        hanging.bind(str(tmp_path / "9.socket"))
        hanging.listen()
        async with Together(tmp_path, Answers(1, healthy=False), Answers(2)) as together:
            await together.merged.health()
    with trio.fail_after(10):
        (tmp_path / "9.socket").unlink()
        async with Together(tmp_path, Answers(1, healthy=False), Answers(2)) as together:
            await together.merged.health()
            together.answers[1].healthy = False
            with pytest.raises(InspectionFailed, match=r"no route to it|does not answer"):
                await together.merged.health()


async def test_without_workers_it_raises(tmp_path: Path) -> None:
    with trio.fail_after(10):
        async with Together(tmp_path) as together:
            with pytest.raises(InspectionFailed, match=r"^worker 9 does not answer$"):
                await together.merged.tree(5)
            together.silent = 0
            with pytest.raises(InspectionFailed, match=r"^no worker runs$"):
                await together.merged.metrics()
