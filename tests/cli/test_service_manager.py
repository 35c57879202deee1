"""Notifications to the service manager, on a real datagram socket like systemd's."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs

from chat.cli import service_manager
from chat.cli.service_manager import ServiceManager


def listening_at(address: str | bytes) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(address)
    listener.settimeout(10)
    return listener


@pytest.fixture(params=["a path", "an abstract address"])
def notify_socket(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[tuple[str, socket.socket]]:
    """The address as NOTIFY_SOCKET has it, and what listens there."""
    name = str(tmp_path / "notify")
    if request.param == "an abstract address":
        if sys.platform != "linux":
            pytest.skip("only Linux has abstract addresses")
        with closing(listening_at("\0" + name)) as listener:
            yield "@" + name, listener
    else:
        with closing(listening_at(name)) as listener:
            yield name, listener


async def test_each_state_is_one_datagram(notify_socket: tuple[str, socket.socket]) -> None:
    address, listener = notify_socket
    manager = ServiceManager({"NOTIFY_SOCKET": address})
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    await manager.notify_ready()
    await manager.notify_reloading()
    await manager.notify_stopping()
    assert listener.recv(4096) == b"READY=1"
    state, stamp = listener.recv(4096).decode().splitlines()
    assert state == "RELOADING=1"
    after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    assert before <= int(stamp.removeprefix("MONOTONIC_USEC=")) <= after
    assert listener.recv(4096) == b"STOPPING=1"


def test_children_do_not_learn_the_address(notify_socket: tuple[str, socket.socket]) -> None:
    environ = {**os.environ, "NOTIFY_SOCKET": notify_socket[0]}
    ServiceManager(environ)
    shown = subprocess.run(
        ["env"], env=environ, capture_output=True, text=True, check=True, timeout=10
    ).stdout
    assert "NOTIFY_SOCKET" not in shown


async def test_without_a_service_manager_nothing_is_sent_nor_logged() -> None:
    with capture_logs() as entries:
        await ServiceManager({}).notify_ready()
    assert entries == []


async def test_one_that_is_gone_is_logged_and_harms_nobody(tmp_path: Path) -> None:
    with capture_logs() as entries, trio.fail_after(10):
        await ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).notify_ready()
    (entry,) = entries
    assert (entry["log_level"], entry["state"]) == ("warning", "READY=1")


async def test_one_that_does_not_read_is_not_waited_for_long(tmp_path: Path) -> None:
    with closing(listening_at(str(tmp_path / "full"))), capture_logs() as entries, trio.fail_after(10):
        manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "full")})
        while not entries:  # until its queue is full
            await manager.notify_ready()


async def test_a_long_start_is_extended_until_it_is_ready(
    notify_socket: tuple[str, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, listener = notify_socket
    monkeypatch.setattr(service_manager, "EXTEND_EVERY", 0.01)
    manager, ready = ServiceManager({"NOTIFY_SOCKET": address}), trio.Event()
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(manager.extend_start, ready)
            for _ in range(3):
                received = await trio.to_thread.run_sync(listener.recv, 4096)
                assert received == b"EXTEND_TIMEOUT_USEC=30000000"
            ready.set()
    await manager.notify_ready()
    rest = [listener.recv(4096)]
    while not rest[-1].startswith(b"READY"):
        rest.append(listener.recv(4096))
    assert rest[-1] == b"READY=1"
