"""Several workers: their parent, small programs in place of workers, merged inspection, shared sockets."""

import os
import signal
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import trio
from structlog.testing import capture_logs
from trio_cancel_sweep import Run

from chat.gateway.balance import SLACK, BalancedListener, ConnectionCounts, WorkerSlot
from chat.gateway.binding import bind
from chat.inspection.control_socket import open_control_socket
from chat.inspection.inspection import InspectionFailed, OwnInspection
from chat.inspection.metrics import Metrics
from chat.inspection.recorder import Recorder
from chat.inspection.remote_inspection import RemoteInspection
from chat.inspection.watch import open_watch
from chat.server import open_chat
from chat.settings.listen import Listen
from chat.workers.merged_inspection import MergedInspection
from chat.workers.messages import Reload
from chat.workers.parent import open_workers
from chat.workers.supervisor import open_supervisor
from chat.workers.worker_context import WorkerContext
from tests.cancellation.gateway_scenarios import GONE, Wire, certificate, config
from tests.reference.storage import MemoryStorage
from tests.support.chat_world import SECRET
from tests.workers.test_supervisor import Places


async def supervised(run: Run) -> None:
    """Workers start, one dies and comes back, all get new settings and are replaced: none is left, nor a zombie."""
    with TemporaryDirectory(prefix="chat-") as directory, capture_logs():
        places = Places(Path(directory) / "journal", "dies", "serves")

        async def live() -> None:
            async with open_supervisor(2, places.prepare, places.vacated.append) as supervisor:
                await trio.sleep(0.2)  # in which the first comes back
                await supervisor.reload(Reload({}))
                old = list(supervisor)
                supervisor.restart()
                for runner in old:
                    await runner.ended.wait()

        await run.target(live)
        _assert_gone(places)
        assert set(places.prepared) <= set(places.vacated), "a slot is kept for nobody"


async def hanging(run: Run) -> None:
    """Workers that heed nothing are killed in the end, however their parent ends."""
    with TemporaryDirectory(prefix="chat-") as directory, capture_logs():
        places = Places(Path(directory) / "journal", "hangs", hangs_for=0.1)

        async def live() -> None:
            async with open_supervisor(1, places.prepare):
                pass

        await run.target(live)
        _assert_gone(places)


async def parent(run: Run) -> None:
    """The parent of workers on a database of somebody else's: it lets go of its data directory, sockets and workers."""
    with (
        TemporaryDirectory(prefix="chat-") as directory,
        certificate() as (cert, key),
        capture_logs(),
        patch("chat.workers.parent.command") as command,
    ):
        data = Path(directory) / "data"
        places = Places(Path(directory) / "journal", "serves")
        command.return_value = places.command("serves")
        settings = config(
            workers=2,
            data=data,
            database_url="postgresql://nobody@nowhere/nothing",
            metrics_listen=Listen("127.0.0.1", 0),
            tls_cert=cert,
            tls_key=key,
        )
        ports: list[int] = []

        async def live() -> None:
            async with open_workers(settings) as workers:
                ports.append(int(workers.addresses[0].rpartition(":")[2]))
                await workers.renew_certificate(cert, key)
                await workers.reload(settings)

        await run.target(live)
        _assert_gone(places)
        for port in ports:
            await (await bind(Listen("127.0.0.1", port))).listeners[0].aclose()


async def asked_together(run: Run) -> None:
    """Everything that can be asked, of two workers at once: no control socket and no connection is left."""
    with TemporaryDirectory(prefix="chat-") as name:
        directory = Path(name)
        before = _descriptors()

        async def live() -> None:
            metrics = Metrics()
            async with (
                open_watch(Recorder(), metrics) as watch,
                open_control_socket(directory, OwnInspection(watch, metrics, _ping), "1.socket"),
                open_control_socket(directory, OwnInspection(watch, metrics, _ping), "2.socket"),
            ):
                workers = [RemoteInspection(directory, f"{n}.socket", f"worker {n}") for n in (1, 2)]
                merged = MergedInspection(lambda: workers)
                with suppress(InspectionFailed):
                    await merged.tree(3)
                    await merged.ends()
                    await merged.report(1)
                    await merged.cancel(1)
                    await merged.metrics()
                    await merged.health()

        await run.target(live)
        assert set(os.listdir(directory)) <= {"files"}, "its control socket is gone"
        assert _descriptors() <= before, "a descriptor is left open"


def _descriptors() -> int:
    """How many this process has open, where the system tells."""
    with suppress(OSError):
        return len(os.listdir("/proc/self/fd"))
    return 0


async def _ping() -> None:
    await trio.lowlevel.checkpoint()


async def accepting_in_turn(run: Run) -> None:
    """Who is ahead waits before it accepts: a connection is counted and served, or stays for another worker."""
    with closing(ConnectionCounts(2)) as counts, ExitStack() as stack:
        mine, other = WorkerSlot(counts, 0), WorkerSlot(counts, 1)
        mine.take()
        other.take()
        for _ in range(SLACK):
            mine.came()
        listening = (await bind(Listen("127.0.0.1", 0))).listeners[0].socket
        stack.enter_context(listening)
        came: list[trio.SocketStream] = []

        async def accept() -> None:
            with BalancedListener(listening, mine) as listener:
                came.append(await listener.accept())
                came.append(await listener.accept())

        async def connect() -> None:
            for _ in range(2):
                stream = await trio.open_tcp_stream(*listening.getsockname())
                stack.enter_context(stream.socket)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(connect)
            await run.target(accept)
        for stream in came:
            stack.enter_context(stream.socket)
        assert counts.connections[0] == SLACK + len(came)
        if len(came) < 2:
            with trio.fail_after(2), BalancedListener(listening, other) as listener:
                for _ in range(2 - len(came)):
                    stack.enter_context((await listener.accept()).socket)


async def sent_away(run: Run) -> None:
    """The server of a worker that is replaced sends its clients away; cut off, it leaves nobody connected."""
    ready, told = trio.Event(), trio.Event()
    closed: list[bytes] = []
    with TemporaryDirectory(prefix="chat-") as directory, closing(ConnectionCounts(2)) as counts:
        bound = await bind(Listen("127.0.0.1", 0))
        worker = WorkerContext(
            number=1,
            address={},
            secret=SECRET,
            bounds=(bound,),
            metrics_bounds=(),
            slot=WorkerSlot(counts, 0),
            data=Path(directory),
            socket_name="worker-1.socket",
            everybody=RemoteInspection(Path(directory), "watch.socket", "nobody"),
        )

        async def live() -> None:
            async with open_chat(
                config(), MemoryStorage(), SECRET, local=worker.data, worker=worker
            ) as server:
                ready.set()
                await told.wait()
                await server.send_away(0.05)

        async def come() -> None:
            await ready.wait()
            with suppress(*GONE):
                async with await trio.open_tcp_stream("127.0.0.1", bound.port) as stream:
                    wire = Wire(stream)
                    await wire.opens("/talker")
                    told.set()
                    await wire.until(b"\x88")
                    closed.append(wire.got)
                    await wire.leaves()

        with closing(bound):
            async with trio.open_nursery() as nursery:
                for _ in range(2):
                    nursery.start_soon(come)
                await run.target(live)
                if not ready.is_set():
                    nursery.cancel_scope.cancel()
                bound.close()
        assert list(counts.connections) == [-1, -1], "its slot is compared with, and nobody accepts there"
        assert set(os.listdir(directory)) <= {"files"}, "its control socket is gone"
    if not run.fired:
        assert any((1012).to_bytes(2) in got for got in closed)


def _assert_gone(places: Places) -> None:
    left = []
    for note in places.notes("started"):
        with suppress(ProcessLookupError):
            os.kill(note.pid, 0)
            left.append(note.pid)
            os.kill(note.pid, signal.SIGKILL)  # what a planted defect leaves is not to outlive its test
    assert not left, "a worker runs on, or is a zombie"


ALL = (accepting_in_turn, asked_together, sent_away)
PROCESSES = (supervised, hanging, parent)
