"""Keep one worker running: whenever it ends, another takes its place, after a pause that grows."""

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


class Keeper:
    """Keeps the worker in `seat` running until it is told to stop or to leave. Only run() changes what is public.

    `prepare` returns a worker that is yet to be run, `vacate` is told that one has ended; both get the seat.
    """

    def __init__(
        self, seat: int, prepare: Callable[[int], WorkerProcess], vacate: Callable[[int], None]
    ) -> None:
        self.seat = seat
        self.ended = trio.Event()
        self._prepare = prepare
        self._vacate = vacate
        self._worker: WorkerProcess | None = None  # while it runs
        self._leaving = False
        self._pause = trio.CancelScope()  # what there is to wait for, while no worker runs

    @property
    def number(self) -> int:
        """The number by which the worker is called."""
        return self.seat + 1

    @property
    def serves(self) -> bool:
        """Whether there is a worker that serves, and is to stay."""
        return self._worker is not None and self._worker.ready and not self._leaving

    @property
    def pid(self) -> int | None:
        """The worker's process id; None while there is none."""
        return None if self._worker is None else self._worker.pid

    async def run(self, task_status: trio.TaskStatus[str | None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep it running. Started with None once it serves, or with why it does not; then this ends.

        Cancelling: the worker is cut.
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
                    logger.info("a worker has ended", worker=self.number, status=_status(status))
                    break
                reason = refusal or f"it ended with {_status(status)}"
                if not ever_ready:
                    task_status.started(reason)
                    return
                pause = pauses.next(trio.current_time() - began)
                logger.error(
                    "a worker ended and is started again", worker=self.number, reason=reason, pause=pause
                )
                self._pause = trio.CancelScope()
                with self._pause:
                    await trio.sleep(pause)
            if not ever_ready:
                task_status.started("it was told to stop")
        finally:
            self.ended.set()

    def stop(self) -> None:
        """Tell the worker to stop as a single server does, and start it no more. Sync."""
        self._leaving = True
        self._pause.cancel(reason="told to stop")
        if self._worker is not None:
            self._worker.stop()

    async def leave(self, spread: float) -> None:
        """Have the worker send its clients away over `spread` seconds and end; it is started no more.

        Cancelling: it may have been told.
        """
        self._leaving = True
        self._pause.cancel(reason="replaced")
        if self._worker is not None:
            await self._worker.leave(spread)

    async def reload(self, settings: Reload) -> None:
        """Give the worker new settings; the next one gets them anyway. Cancelling: it may have got them."""
        if self._worker is not None and self._worker.ready:
            await self._worker.reload(settings)

    async def _run_once(self, started: Callable[[None], None]) -> tuple[int, str | None, bool]:
        """Return how the worker ended, why it refused to start, and whether it ever served."""
        worker, ready = self._prepare(self.seat), trio.Event()
        self._worker = worker

        async def wait_until_ready() -> None:
            with trio.move_on_after(START_TIMEOUT) as in_time:
                await ready.wait()
            if in_time.cancelled_caught:
                logger.error("a worker is stuck in its start", worker=self.number)
                worker.stop()
            else:
                logger.info("a worker serves", worker=self.number, pid=worker.pid)
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
            self._vacate(self.seat)
        return status, worker.refusal, ready.is_set()


def _nothing(_: None) -> None:
    pass


def _status(status: int) -> str:
    """As people say it: "status 1", or "SIGKILL"."""
    try:
        return signal.Signals(-status).name if status < 0 else f"status {status}"
    except ValueError:
        return f"signal {-status}"
