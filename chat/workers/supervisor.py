"""All workers: started, kept running, replaced one by one, and told to stop."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager

import structlog
import trio

from chat.domain.startup import CannotStart
from chat.signals import Signal
from chat.workers.messages import Reload
from chat.workers.process import WorkerProcess
from chat.workers.worker_runner import WorkerRunner

logger = structlog.get_logger(__name__)


class Supervisor:
    """Runs `count` workers, each in a slot of its own; one slot more is for the successor of one that leaves.

    Args:
        prepare: returns a worker for a slot, yet to be run.
        vacate: called with the slot of a worker that has ended.
    """

    def __init__(
        self, count: int, prepare: Callable[[int], WorkerProcess], vacate: Callable[[int], None]
    ) -> None:
        self._count = count
        self._prepare = prepare
        self._vacate = vacate
        self._runners: list[WorkerRunner] = []  # the oldest first
        self._asked = Signal()
        self._must_restart = False

    def __iter__(self) -> Iterator[WorkerRunner]:
        """Iterate over all workers, those that start or leave too. The caller must not await in between."""
        return iter(tuple(self._runners))

    def restart(self) -> None:
        """Have all workers replaced, one by one; a call meanwhile has them replaced once more. Sync."""
        self._must_restart = True
        self._asked.notify()

    async def reload(self, settings: Reload) -> None:
        """Send all workers new settings. Cancelling: some may have got them."""
        async with trio.open_nursery() as nursery:
            for runner in self:
                nursery.start_soon(runner.reload, settings)

    def stop(self) -> None:
        """Tell all workers to stop, at once; those that have not started are not started. Sync."""
        for runner in self:
            runner.stop()

    async def start(self, keeping: trio.Nursery) -> str | None:
        """Start all workers; return None once they serve, or why one does not. Cancelling: they are cut.

        The first one makes or upgrades the tables of the database, so the others wait for it.
        """
        refusals = [await self._keep_another(keeping)]

        async def start() -> None:
            refusals.append(await self._keep_another(keeping))

        if refusals == [None]:
            async with trio.open_nursery() as nursery:
                for _ in range(self._count - 1):
                    nursery.start_soon(start)
        return next((refusal for refusal in refusals if refusal is not None), None)

    async def serve_restarts(self, keeping: trio.Nursery, spread: Callable[[], float]) -> None:
        """Replace all workers after each restart(), until cancelled.

        The clients of each old one are sent away over `spread()` seconds, when the new one serves.
        """
        while True:
            await self._asked.wait_until(lambda: self._must_restart)
            self._must_restart = False
            logger.info("replacing all workers, one by one")
            for old in self:
                if (refusal := await self._keep_another(keeping)) is not None:
                    logger.error(
                        "new worker does not start: the old ones stay",
                        reason=refusal,
                    )
                    break
                await old.leave(spread())
                await old.ended.wait()
            else:
                logger.info("all workers have been replaced")

    async def _keep_another(self, keeping: trio.Nursery) -> str | None:
        taken = {runner.slot for runner in self._runners}
        slot = next(slot for slot in range(self._count + 1) if slot not in taken)
        runner = WorkerRunner(slot, self._prepare, self._vacate)
        self._runners.append(runner)  # no await since its slot was chosen
        refusal: str | None = await keeping.start(self._keep, runner)
        return refusal

    async def _keep(self, runner: WorkerRunner, task_status: trio.TaskStatus[str | None]) -> None:
        try:
            await runner.run(task_status)
        finally:
            self._runners.remove(runner)


@asynccontextmanager
async def open_supervisor(
    count: int,
    prepare: Callable[[int], WorkerProcess],
    vacate: Callable[[int], None] = lambda _slot: None,
    spread: Callable[[], float] = lambda: 0.0,
) -> AsyncGenerator[Supervisor]:
    """Run `count` workers for as long as the block lasts; see Supervisor and serve_restarts().

    Leaving the block tells all of them to stop at once, and waits until they have. Raises CannotStart where one
    does not start. Cancelling: all are cut, and gone.
    """
    supervisor = Supervisor(count, prepare, vacate)
    async with trio.open_nursery() as keeping:
        refusal = await supervisor.start(keeping)
        if refusal is None:
            async with trio.open_nursery() as restarting:
                restarting.start_soon(supervisor.serve_restarts, keeping, spread)
                try:
                    yield supervisor
                finally:
                    supervisor.stop()  # before a new one that is stuck in its start is waited for
                    restarting.cancel_scope.cancel(reason="the workers stop")
        else:
            supervisor.stop()
    if refusal is not None:  # outside the nursery, which would wrap it
        raise CannotStart(refusal)
