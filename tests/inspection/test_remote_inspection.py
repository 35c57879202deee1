"""Asking another process over its control socket returns its answer, or an error if it does not answer."""

import sys
from pathlib import Path

import pytest
import trio

from chat.domain.failures import StorageDown
from chat.inspection.control_socket import open_control_socket
from chat.inspection.inspection import InspectionFailed, OwnInspection
from chat.inspection.metrics import Metrics
from chat.inspection.recorder import Recorder
from chat.inspection.remote_inspection import RemoteInspection
from chat.inspection.watch import Watch

if sys.platform == "win32":
    pytest.skip("has no such sockets", allow_module_level=True)

NAME = "worker-1.socket"


async def ping() -> None:
    """A storage that works."""
    await trio.lowlevel.checkpoint()


async def down() -> None:
    await trio.lowlevel.checkpoint()
    raise StorageDown("no route to it")


def _of_the_chat(text: str) -> list[str]:
    """The metrics without those of the process, which change by themselves."""
    return [line for line in text.splitlines() if line.startswith("chat_")]


async def test_it_is_answered_as_the_other_process_would_answer_itself(tmp_path: Path) -> None:
    metrics = Metrics()
    own = OwnInspection(Watch(Recorder(), metrics), metrics, ping)
    metrics.changed(["message"] * 3)
    remote = RemoteInspection(tmp_path, NAME, "worker 1")
    with trio.fail_after(10):
        async with open_control_socket(tmp_path, own, NAME):
            snapshot = await remote.tree(5)
            assert (snapshot.totals["messages"], snapshot.clients, snapshot.more) == (3, [], 0)
            assert snapshot.tree.name
            assert _of_the_chat(await remote.metrics()) == _of_the_chat(await own.metrics())
            assert await remote.ends() == []
            assert await remote.report(17) is None
            assert await remote.cancel(17) is None
            await remote.health()


async def test_a_storage_outage_is_reported_as_by_the_other_process(tmp_path: Path) -> None:
    metrics = Metrics()
    own = OwnInspection(Watch(Recorder(), metrics), metrics, down)
    with trio.fail_after(10):
        async with open_control_socket(tmp_path, own, NAME):
            with pytest.raises(
                InspectionFailed, match=r"^the database does not answer: no route to it$"
            ) as failed:
                await RemoteInspection(tmp_path, NAME, "worker 1").health()
    assert failed.value.public == "the database does not answer"


async def test_a_process_without_a_lease_says_so_to_everybody(tmp_path: Path) -> None:
    async def lapsed() -> None:
        await trio.lowlevel.checkpoint()
        raise InspectionFailed("the lease of this server has lapsed", "this server has no lease")

    metrics = Metrics()
    own = OwnInspection(Watch(Recorder(), metrics), metrics, lapsed)
    with trio.fail_after(10):
        async with open_control_socket(tmp_path, own, NAME):
            with pytest.raises(InspectionFailed, match=r"has lapsed$") as failed:
                await RemoteInspection(tmp_path, NAME, "worker 1").health()
    assert failed.value.public == "this server has no lease"


@pytest.mark.parametrize("answer", [b"", b"nonsense\n", b'{"result": {"clock": 1}, "error": null}\n'])
async def test_a_malformed_answer_is_reported(tmp_path: Path, answer: bytes) -> None:
    async def reply(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.receive_some(100)
            await stream.send_all(answer)

    with trio.fail_after(10), trio.socket.socket(trio.socket.AF_UNIX) as listening:
        await listening.bind(str(tmp_path / NAME))
        listening.listen()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.serve_listeners, reply, [trio.SocketListener(listening)])
            with pytest.raises(InspectionFailed, match=r"^worker 1"):
                await RemoteInspection(tmp_path, NAME, "worker 1").tree(5)
            nursery.cancel_scope.cancel()


async def test_a_missing_server_is_reported(tmp_path: Path) -> None:
    with trio.fail_after(10), pytest.raises(InspectionFailed, match=r"^worker 1 does not answer$"):
        await RemoteInspection(tmp_path, NAME, "worker 1").health()
