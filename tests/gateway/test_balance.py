"""Several processes that accept from one socket share connections evenly, and a hanging one delays nobody."""

import os
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager

import pytest
import trio
import trio.testing

from chat.gateway import balance
from chat.gateway.balance import SLACK, BalancedListener, ConnectionCounts, WorkerSlot
from chat.gateway.binding import bind
from chat.gateway.listener import open_gateway
from chat.settings.listen import Listen
from tests.support.gateway import Wire, connect, echo, make_app, make_config, wire_to
from tests.support.processes import child, stopped

if sys.platform == "win32":
    pytest.skip("has no workers", allow_module_level=True)


@pytest.fixture
def counts() -> Generator[ConnectionCounts]:
    with closing(ConnectionCounts(4)) as counts:
        yield counts


@contextmanager
def at_another_process(counts: ConnectionCounts) -> Generator[ConnectionCounts]:
    """The same memory, as another process has it."""
    with closing(ConnectionCounts(counts.size, os.dup(counts.descriptor))) as theirs:
        yield theirs


def test_a_slot_is_compared_with_those_that_accept_and_with_no_others(counts: ConnectionCounts) -> None:
    mine = WorkerSlot(counts, 0)
    with at_another_process(counts) as theirs:
        other, third = WorkerSlot(theirs, 1), WorkerSlot(theirs, 2)
        mine.take()
        for _ in range(5):
            mine.came()
        assert mine.ahead() == 0  # nobody else accepts
        other.take()
        assert mine.ahead() == 5
        other.came()
        other.came()
        other.went()
        assert (mine.ahead(), other.ahead()) == (4, 0)
        third.take()
        assert mine.ahead() == 5
        third.leave()
        theirs.vacate(1)  # it has ended
        assert mine.ahead() == 0
        assert list(counts.connections) == [5, -1, -1, -1]


def test_a_slot_that_was_left_is_not_taken_again_by_a_connection_that_ends(counts: ConnectionCounts) -> None:
    slot = WorkerSlot(counts, 0)
    slot.take()
    slot.came()
    slot.leave()
    slot.went()
    assert list(counts.connections) == [-1, -1, -1, -1]


def test_client_numbers_stay_unique_after_a_worker_restarts(counts: ConnectionCounts) -> None:
    numbers = [WorkerSlot(counts, worker).next_connection() for worker in (0, 3, 0, 1, 0, 3)]
    assert numbers == [1, 4, 5, 2, 9, 8]


async def test_a_fuller_worker_lets_another_accept_first(
    counts: ConnectionCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(balance, "PAUSE", 0.2)
    with trio.fail_after(10), ExitStack() as stack:
        listening = (await bind(Listen("127.0.0.1", 0))).listeners[0].socket
        again = trio.socket.from_stdlib_socket(socket.socket(fileno=os.dup(listening.fileno())))
        stack.enter_context(listening)
        stack.enter_context(again)
        fuller, emptier = WorkerSlot(counts, 0), WorkerSlot(counts, 1)
        fuller.take()
        emptier.take()
        for _ in range(SLACK):
            fuller.came()
        accepted: list[str] = []

        async def accept(name: str, listener: BalancedListener) -> None:
            stream = await listener.accept()
            stack.enter_context(stream.socket)
            accepted.append(name)

        listeners = [
            stack.enter_context(BalancedListener(*each)) for each in ((listening, fuller), (again, emptier))
        ]
        for _ in range(2):
            stack.enter_context(socket.create_connection(listening.getsockname()))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(accept, "fuller", listeners[0])
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(accept, "emptier", listeners[1])
        assert accepted == ["emptier", "fuller"]
        assert list(counts.connections) == [SLACK + 1, 1, -1, -1]


async def test_a_closed_listener_accepts_nothing(counts: ConnectionCounts) -> None:
    with trio.fail_after(10):
        listening = (await bind(Listen("127.0.0.1", 0))).listeners[0].socket
        with BalancedListener(listening, WorkerSlot(counts, 0)) as listener:
            async with trio.open_nursery() as nursery:

                async def accept() -> None:
                    with pytest.raises(trio.ClosedResourceError):
                        await listener.accept()

                nursery.start_soon(accept)
                await trio.testing.wait_all_tasks_blocked()
                listening.close()
            with pytest.raises(trio.ClosedResourceError):
                await listener.accept()


async def test_a_listener_closed_while_it_yields_accepts_nothing(
    counts: ConnectionCounts, mock_clock: trio.testing.MockClock
) -> None:
    listening = (await bind(Listen("127.0.0.1", 0))).listeners[0].socket
    fuller, emptier = WorkerSlot(counts, 0), WorkerSlot(counts, 1)
    fuller.take()
    emptier.take()
    for _ in range(SLACK):
        fuller.came()
    with (
        BalancedListener(listening, fuller) as listener,
        socket.create_connection(listening.getsockname()) as client,
    ):
        async with trio.open_nursery() as nursery:

            async def accept() -> None:
                with pytest.raises(trio.ClosedResourceError):
                    await listener.accept()

            nursery.start_soon(accept)
            await trio.testing.wait_all_tasks_blocked(0.01)
            listening.close()
            mock_clock.jump(balance.PAUSE)
        client.setblocking(False)
        assert list(counts.connections[:2]) == [SLACK, 0]


async def test_a_gateway_that_stops_accepting_keeps_its_clients(
    counts: ConnectionCounts,
) -> None:
    with trio.fail_after(20):
        async with (
            open_gateway(
                make_config(), make_app(), echo, on_stop=lambda: None, slot=WorkerSlot(counts, 2)
            ) as gateway,
            wire_to(gateway) as wire,
        ):
            assert (await wire.get("/"))[0] == 200
            assert list(counts.connections) == [-1, -1, 1, -1]
            gateway.stop_accepting()
            assert list(counts.connections) == [-1, -1, -1, -1]
            with pytest.raises(OSError, match=r"."):
                await connect(gateway)
            assert (await wire.get("/"))[0] == 200


async def test_a_connection_that_was_closed_counts_no_more(counts: ConnectionCounts) -> None:
    with trio.fail_after(20):
        async with open_gateway(
            make_config(), make_app(), echo, on_stop=lambda: None, slot=WorkerSlot(counts, 0)
        ) as gateway:
            async with wire_to(gateway) as wire:
                assert (await wire.get("/"))[0] == 200
                assert counts.connections[0] == 1
            while counts.connections[0]:  # noqa: ASYNC110 - what the system tells late sets no Event
                await trio.sleep(0.01)


@pytest.fixture
def workers(counts: ConnectionCounts) -> Generator[tuple[int, list[int]]]:
    """Four real gateways, a process each, on one socket: its port, and their process ids."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=4096))
        listening.setblocking(False)
        processes = []
        for number in range(4):
            arguments = map(str, (number, counts.size, counts.descriptor, listening.fileno()))
            processes.append(
                stack.enter_context(
                    child(
                        sys.executable,
                        "-m",
                        "tests.gateway.balanced_worker",
                        *arguments,
                        stdout=subprocess.PIPE,
                        pass_fds=(counts.descriptor, listening.fileno()),
                    )
                )
            )
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        yield listening.getsockname()[1], [process.pid for process in processes]


async def test_four_workers_share_connections_evenly_and_a_hanging_one_is_skipped(
    counts: ConnectionCounts, workers: tuple[int, list[int]]
) -> None:
    port, pids = workers
    answered = 0
    with trio.fail_after(60), ExitStack() as stack:

        async def ask() -> None:
            nonlocal answered
            wire = Wire(await trio.open_tcp_stream("127.0.0.1", port))
            assert isinstance(wire.stream, trio.SocketStream)
            stack.enter_context(wire.stream.socket)
            assert (await wire.get("/"))[0] == 200
            answered += 1

        for _ in range(8):
            async with trio.open_nursery() as nursery:
                for _ in range(50):
                    nursery.start_soon(ask)
        spread = list(counts.connections)
        assert sum(spread) == answered == 400
        assert max(spread) <= 1.05 * sum(spread) / 4, spread
        with stopped(pids[:1]):
            async with trio.open_nursery() as nursery:
                for _ in range(50):
                    nursery.start_soon(ask)
        assert answered == 450
