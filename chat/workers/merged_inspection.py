"""The inspection of all workers: asks all of them concurrently, over their control sockets."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import trio
from msgspec import structs

from chat.inspection.connection_report import ConnectionReport, Summary
from chat.inspection.inspection import Inspection, InspectionFailed
from chat.inspection.remote_inspection import RemoteInspection
from chat.inspection.task_tree import NurseryNode, Scope, TaskFacts, TaskNode, draw
from chat.inspection.watch import LIMIT, Snapshot, Unwound
from chat.workers.merged_metrics import merge_metrics

T = TypeVar("T")

_NOTHING_SHOWN = TaskFacts({}, (), lambda _task: None, 100)


class MergedInspection:
    """The port `Inspection` for several workers. Workers that do not answer are left out.

    `workers` returns the running workers. Methods raise InspectionFailed if none answers.
    """

    def __init__(self, workers: Callable[[], Sequence[RemoteInspection]]) -> None:
        self._workers = workers

    async def tree(self, most: int) -> Snapshot:
        """Return the clients of all workers, and their task trees below this process's own tasks."""
        answers = await self._ask_all(lambda worker: worker.tree(most))
        snapshots = [snapshot for _, snapshot in answers]
        clients = sorted(
            (client for snapshot in snapshots for client in snapshot.clients),
            key=lambda client: -client.queued_bytes,
        )
        shown = clients[: min(most, LIMIT)]
        totals: dict[str, float] = {}
        for snapshot in snapshots:
            for name, value in snapshot.totals.items():
                totals[name] = totals.get(name, 0.0) + value
        return Snapshot(
            trio.current_time(),
            totals,
            shown,
            sum(snapshot.more for snapshot in snapshots) + len(clients) - len(shown),
            _with_workers([(worker.who, snapshot.tree) for worker, snapshot in answers]),
        )

    async def cancel(self, connection: int) -> Unwound | None:
        answers = await self._ask_all(lambda worker: worker.cancel(connection))
        return next((unwound for _, unwound in answers if unwound is not None), None)

    async def ends(self) -> list[Summary]:
        answers = await self._ask_all(lambda worker: worker.ends())
        return sorted((end for _, ends in answers for end in ends), key=lambda end: end.ended_ago or 0.0)

    async def report(self, connection: int) -> ConnectionReport | None:
        answers = await self._ask_all(lambda worker: worker.report(connection))
        return next((report for _, report in answers if report is not None), None)

    async def metrics(self) -> str:
        """Return each sample's sum, and the samples of each worker with the label `worker`."""
        answers = await self._ask_all(lambda worker: worker.metrics())
        return merge_metrics({worker.who.removeprefix("worker "): text for worker, text in answers})

    async def health(self) -> None:
        """Return as soon as one worker is healthy; others may be starting, or hang."""
        problems: list[InspectionFailed] = []
        healthy = False

        async def ask_one(worker: RemoteInspection, nursery: trio.Nursery) -> None:
            nonlocal healthy
            try:
                await worker.health()
            except InspectionFailed as problem:
                problems.append(problem)
            else:
                healthy = True
                nursery.cancel_scope.cancel(reason="one is enough")

        async with trio.open_nursery() as nursery:
            for worker in self._workers():
                nursery.start_soon(ask_one, worker, nursery)
        if not healthy:
            raise problems[0] if problems else InspectionFailed("no worker runs")

    async def _ask_all(self, ask: Callable[[Inspection], Awaitable[T]]) -> list[tuple[RemoteInspection, T]]:
        """Return the workers that answered with their answers, in order. Raises InspectionFailed if none does."""
        workers = self._workers()
        answers: dict[RemoteInspection, T] = {}
        problems: list[InspectionFailed] = []

        async def ask_one(worker: RemoteInspection) -> None:
            try:
                answers[worker] = await ask(worker)
            except InspectionFailed as problem:
                problems.append(problem)

        async with trio.open_nursery() as nursery:
            for worker in workers:
                nursery.start_soon(ask_one, worker)
        if not answers:
            raise problems[0] if problems else InspectionFailed("no worker runs")
        return [(worker, answers[worker]) for worker in workers if worker in answers]


def _with_workers(trees: list[tuple[str, TaskNode]]) -> TaskNode:
    """Return this process's own tasks, with the workers' trees below its root."""
    root = trio.lowlevel.current_root_task()
    assert root is not None
    own = draw(root, _NOTHING_SHOWN)
    workers = [
        TaskNode(f"{who}: {tree.name}", tree.awaits, tree.scopes, tree.nurseries, tree.client)
        for who, tree in trees
    ]
    all_workers = NurseryNode(Scope("the workers", None, False, False), workers, 0)
    return structs.replace(own, nurseries=[*own.nurseries, all_workers])
