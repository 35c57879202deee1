"""Keep one worker running: start it again whenever it ends, after a pause that grows."""

import signal
from collections.abc import Callable

import structlog
import trio

from chat.workers.messages import Reload
from chat.workers.pauses import Pauses
from chat.workers.process import WorkerProcess

START_TIMEOUT = 600.0
"""Seconds for one start at most: it may upgrade a large database."""

logger = structlog.get_logger(__name__)


class WorkerRunner:
    """Keeps the worker in `slot` running until stop() or leave(). Only run() changes its public attributes.

    `prepare` returns a worker that is yet to be run; `vacate` is called when a worker has ended. Both get the slot.
    """

    def __init__(
        self, slot: int, prepare: Callable[[int], WorkerProcess], vacate: Callable[[int], None]
    ) -> None:
        self.slot = slot
        self.ended = trio.Event()
        self._prepare = prepare
        self._vacate = vacate
        self._worker: WorkerProcess | None = None  # while it runs
        self._leaving = False
        self._pause = trio.CancelScope()  # around the pause between two workers

    @property
    def number(self) -> int:
        """The number of the worker in logs, from 1."""
        return self.slot + 1

    @property
    def serves(self) -> bool:
        """Whether a worker serves here and was not told to leave."""
        return self._worker is not None and self._worker.ready and not self._leaving

    @property
    def pid(self) -> int | None:
        """The worker's process id; None while there is none."""
        return None if self._worker is None else self._worker.pid

    async def run(self, task_status: trio.TaskStatus[str | None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run workers, one after another. Reports None as started once the first serves, or why it does not, and ends.

        Cancelling: the worker is killed.
        """
        pauses, ever_ready = Pauses(), False
        try:
            while not self._leaving:
                began = trio.current_time()
                status, refusal, served = await self._run_once(
                    task_status.started if not ever_ready else _nothing
                )
                ever_ready = ever_ready or served
                if self._leaving:
                    logger.info("worker has ended", worker=self.number, status=_status(status))
                    break
                reason = refusal or f"it ended with {_status(status)}"
                if not ever_ready:
                    task_status.started(reason)
                    return
                pause = pauses.next(trio.current_time() - began)
                logger.error(
                    "worker ended: it is started again after the pause",
                    worker=self.number,
                    reason=reason,
                    pause=pause,
                )
                self._pause = trio.CancelScope()
                with self._pause:
                    await trio.sleep(pause)
            if not ever_ready:
                task_status.started("the server stops")
        finally:
            self.ended.set()

    def stop(self) -> None:
        """Tell the worker to stop as a single server does, and start no other. Sync."""
        self._leaving = True
        self._pause.cancel(reason="told to stop")
        if self._worker is not None:
            self._worker.stop()

    async def leave(self, spread: float) -> None:
        """Have the worker send its clients away over `spread` seconds and end; start no other.

        Cancelling: the message may have been sent.
        """
        self._leaving = True
        self._pause.cancel(reason="replaced")
        if self._worker is not None:
            await self._worker.leave(spread)

    async def reload(self, settings: Reload) -> None:
        """Send the worker new settings; the next worker gets them anyway. Cancelling: they may have been sent."""
        if self._worker is not None and self._worker.ready:
            await self._worker.reload(settings)

    async def _run_once(self, started: Callable[[None], None]) -> tuple[int, str | None, bool]:
        """Run one worker; return its exit status, why it refused to start, and whether it ever served."""
        worker, ready = self._prepare(self.slot), trio.Event()
        self._worker = worker

        async def wait_until_ready() -> None:
            with trio.move_on_after(START_TIMEOUT) as in_time:
                await ready.wait()
            if in_time.cancelled_caught:
                logger.error("worker does not finish its start: it is stopped", worker=self.number)
                worker.stop()
            else:
                logger.info("worker serves", worker=self.number, pid=worker.pid)
                started(None)

        status = -signal.SIGKILL
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(wait_until_ready)
                status = await worker.run(ready)
                nursery.cancel_scope.cancel(reason="the worker has ended")
        except* OSError as errors:  # no memory, descriptors or process numbers left
            worker.refusal = str(errors.exceptions[0])
        finally:
            self._worker = None
            self._vacate(self.slot)
        return status, worker.refusal, ready.is_set()


def _nothing(_: None) -> None:
    pass


def _status(status: int) -> str:
    """Return an exit status for people: "status 1", or "SIGKILL"."""
    try:
        return signal.Signals(-status).name if status < 0 else f"status {status}"
    except ValueError:
        return f"signal {-status}"
