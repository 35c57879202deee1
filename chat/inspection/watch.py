"""Shows the server live. While nobody looks, nothing is measured.

Only an instrument knows how long a task has been waiting, and Trio calls it at every step of every task. So it is added
at the first look, and removed a few seconds after the last.
"""

import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec
import trio
from trio.lowlevel import Task

from chat.inspection.metrics import Metrics
from chat.inspection.recorder import Open, Recorder
from chat.inspection.task_tree import TaskFacts, TaskNode, awaited_by, below, draw
from chat.signals import Signal

LOOKING = 5.0
"""Seconds after the last look until the instrument is removed."""

LONG_STEP = 0.01
"""Seconds without a checkpoint after which a step is noted: meanwhile no other client was served."""

MOST = 100
"""Tasks of one nursery that are shown, and clients by default; each takes 0.2 ms."""

LIMIT = 500
"""Most clients that can be requested: the server stands still while they are read."""

_UNWINDING = 5.0
"""Seconds for which a cancelled client is watched; its end should take far less."""


class Client(msgspec.Struct, frozen=True):
    """One connected client. Times are in seconds, `closing` is the code with which the server ends it."""

    connection: int
    name: str | None
    dialect: str
    address: str
    age: float
    silent: float
    messages_in: int
    bytes_in: int
    queued_bytes: int
    queued_batches: int
    closing: int | None


class Snapshot(msgspec.Struct, frozen=True):
    """The server at one moment. `totals` count from its start; `clock` is in seconds, for the difference of two.

    `clients` are those with the most bytes queued first; `more` are connected beside them.
    """

    clock: float
    totals: dict[str, float]
    clients: list[Client]
    more: int
    tree: TaskNode


class Ended(msgspec.Struct, frozen=True):
    """A task of a cancelled client: what it awaited, and after how many seconds it ended, if it did."""

    task: str
    awaited: str
    seconds: float | None


class Unwound(msgspec.Struct, frozen=True):
    """How a cancelled client ended: its tasks in the order of their ends."""

    connection: int
    name: str | None
    tasks: list[Ended]


class _Waits(trio.abc.Instrument):
    """Notes when each task was suspended, and in a client's record each long step of its task."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._began = self._stepped = trio.current_time()
        self._since: dict[Task, float] = {}
        self._ended: Task | None = None  # the last task to end

    def before_task_step(self, task: Task) -> None:
        self._stepped = trio.current_time()

    def after_task_step(self, task: Task) -> None:
        now = trio.current_time()
        if task is not self._ended:  # Trio calls task_exited before the end of the last step
            self._since[task] = now
        if now - self._stepped > LONG_STEP:
            for known in self._recorder.open.values():
                if known.task is task:
                    known.record.note(f"its task ran for {(now - self._stepped) * 1000:.0f} ms at a stretch")

    def task_exited(self, task: Task) -> None:
        self._since.pop(task, None)
        self._ended = task

    def waited(self, task: Task) -> tuple[float, bool]:
        """Return the seconds since the task was suspended, and whether it may be longer."""
        since = self._since.get(task)
        return trio.current_time() - (self._began if since is None else since), since is None


class _Exits(trio.abc.Instrument):
    """Notes when some tasks end, and when all have ended."""

    def __init__(self, tasks: list[Task]) -> None:
        self._left = set(tasks)
        self.ended: dict[Task, float] = {}
        self.all_ended = trio.Event()

    def task_exited(self, task: Task) -> None:
        if task in self._left:
            self._left.remove(task)
            self.ended[task] = trio.current_time()
            if not self._left:
                self.all_ended.set()


class Watch:
    """Shows one server, and cancels clients."""

    def __init__(self, recorder: Recorder, metrics: Metrics) -> None:
        self.recorder = recorder
        self._metrics = metrics
        self._waits: _Waits | None = None  # while anybody looks
        self._looked = Signal()
        # Ends a while after the last look; the next look makes a new one.
        self._attention = trio.CancelScope()

    def look(self, most: int = MOST) -> Snapshot:
        """Return the server as it is now, `most` clients in full (LIMIT at most). Sync: nothing moves meanwhile."""
        now = trio.current_time()
        self._attention.deadline = now + LOOKING
        self._looked.notify()
        known = sorted(self.recorder.open.values(), key=lambda each: -each.session.send_queue.queued)
        clients = [_client(each, now) for each in known[: min(most, LIMIT)]]
        picture = TaskFacts(
            {each.task: number for number, each in self.recorder.open.items()},
            {client.connection for client in clients},
            self._waits.waited if self._waits else lambda _task: None,
            MOST,
        )
        root = trio.lowlevel.current_root_task()
        assert root is not None
        totals = {**self._metrics.totals(), "connections": float(self.recorder.admitted)}
        return Snapshot(now, totals, clients, len(known) - len(clients), draw(root, picture))

    async def cancel(self, connection: int) -> Unwound | None:
        """Cancel one client, and return how its tasks ended; None if there is no such client.

        Cancelling: the client is cancelled all the same.
        """
        known = self.recorder.open.get(connection)
        if known is None:
            await trio.lowlevel.checkpoint()
            return None
        # No await from here to the cancellation: the tasks are those that it cancels.
        name = known.session.person.name if known.session.person else None
        awaited = {task: awaited_by(task) for task in below(known.task)}
        exits = _Exits(list(awaited))
        began = trio.current_time()
        known.record.cut = True
        known.record.note("cancelled by an administrator")
        known.scope.cancel(reason="an administrator cancelled this client")
        trio.lowlevel.add_instrument(exits)
        try:
            with trio.move_on_after(_UNWINDING):
                await exits.all_ended.wait()
        finally:
            trio.lowlevel.remove_instrument(exits)
        order = [*exits.ended, *(task for task in awaited if task not in exits.ended)]
        return Unwound(
            connection,
            name,
            [
                Ended(
                    task.name,
                    f"{awaited[task].where} {awaited[task].function} ‹{awaited[task].calls}›",
                    exits.ended[task] - began if task in exits.ended else None,
                )
                for task in order
            ],
        )

    async def measure(self) -> None:
        """Measure waiting times while somebody looks, until cancelled."""
        while True:
            await self._looked.wait_until(lambda: self._attention.deadline < math.inf)
            self._waits = _Waits(self.recorder)
            trio.lowlevel.add_instrument(self._waits)
            try:
                with self._attention:
                    await trio.sleep_forever()
            finally:
                trio.lowlevel.remove_instrument(self._waits)
                self._waits = None
            self._attention = trio.CancelScope()


def _client(known: Open, now: float) -> Client:
    record, session = known.record, known.session
    queued, batches = session.send_queue.waiting()
    return Client(
        record.id,
        None if session.person is None else session.person.name,
        session.dialect.name,
        session.address,
        now - record.opened_at,
        now - session.receiver.last_received_at,
        record.messages_in,
        record.bytes_in,
        queued,
        batches,
        None if record.closing is None else record.closing.code,
    )


@asynccontextmanager
async def open_watch(recorder: Recorder, metrics: Metrics) -> AsyncGenerator[Watch]:
    """Allow looks at the server for as long as the block lasts. Cancelling ends it."""
    watch = Watch(recorder, metrics)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch.measure)
        try:
            yield watch
        finally:
            nursery.cancel_scope.cancel(reason="the server has stopped")
