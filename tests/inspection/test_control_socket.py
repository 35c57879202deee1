"""The Unix socket in the data directory: one line in, one line of JSON out, and no leftovers."""

import gc
import json
import stat
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio
from structlog.testing import capture_logs

from chat.domain.failures import StorageDown
from chat.inspection.control_path import SOCKET, reachable
from chat.inspection.control_socket import open_control_socket
from chat.inspection.inspection import OwnInspection
from chat.inspection.metrics import Metrics
from chat.inspection.recorder import Recorder
from chat.inspection.watch import Watch

if sys.platform == "win32":
    pytest.skip("has no such sockets", allow_module_level=True)

NOT_UNDERSTOOD = "unknown request"
NO_LINE = "expected one line with a request"


@pytest.fixture
def own() -> OwnInspection:
    return inspection(ping)


def inspection(ping: Callable[[], Awaitable[None]]) -> OwnInspection:
    """What a server with nobody on it answers."""
    metrics = Metrics()
    return OwnInspection(Watch(Recorder(), metrics), metrics, ping)


async def ping() -> None:
    """A storage that works."""
    await trio.lowlevel.checkpoint()


async def ask(data: Path, question: bytes) -> Any:
    """Ask on the socket of a directory, and return the whole answer."""
    with reachable(data) as path:
        stream = await trio.open_unix_socket(path)
    async with stream:
        await stream.send_all(question)
        await stream.send_eof()
        answer = b""
        while part := await stream.receive_some():
            answer += part
    assert answer.endswith(b"\n")
    return json.loads(answer)


@pytest.mark.parametrize(
    ("question", "result", "error"),
    [
        (b"why\n", [], None),
        (
            b"why 17\n",
            None,
            "nothing is known of connection 17: it ended as it should, or long ago, or there was none",
        ),
        (b"cancel 17\n", None, "there is no client 17"),
        (b"health\n", {"status": "ok"}, None),
        (b"why x\n", None, NOT_UNDERSTOOD),
        (b"tree\n", None, NOT_UNDERSTOOD),
        (b"\n", None, NOT_UNDERSTOOD),
        (b"why", None, NO_LINE),
        (b"why " + b"1" * 97, None, NO_LINE),
        (b"", None, NO_LINE),
    ],
)
async def test_a_question_has_one_answer(
    tmp_path: Path, own: OwnInspection, question: bytes, result: object, error: str | None
) -> None:
    with trio.fail_after(10):
        async with open_control_socket(tmp_path, own):
            assert await ask(tmp_path, question) == {"result": result, "error": error, "public": None}


async def test_a_server_whose_storage_is_down_names_the_reason(tmp_path: Path) -> None:
    async def fail() -> None:
        await trio.lowlevel.checkpoint()
        raise StorageDown("no route to it")

    with trio.fail_after(10):
        async with open_control_socket(tmp_path, inspection(fail)):
            answer = await ask(tmp_path, b"health\n")
    assert answer == {
        "result": None,
        "error": "the database does not answer: no route to it",
        "public": "the database does not answer",
    }


async def test_it_is_the_owners_alone_and_gone_in_the_end(tmp_path: Path, own: OwnInspection) -> None:
    deep = tmp_path / ("x" * 100)  # longer than the address of such a socket may be
    deep.mkdir()
    with trio.fail_after(10):
        for data in (tmp_path, deep):
            (data / SOCKET).touch()  # of a server that was killed
            async with open_control_socket(data, own):
                mode = (data / SOCKET).stat().st_mode
                assert stat.S_ISSOCK(mode)
                assert stat.S_IMODE(mode) == 0o600
                answer = await ask(data, b"tree 5\n")
                assert answer["error"] is None
                assert answer["result"]["clients"] == []
            assert not (data / SOCKET).exists()


async def test_where_the_directory_takes_no_socket_it_is_done_without(
    tmp_path: Path, own: OwnInspection
) -> None:
    with trio.fail_after(10), capture_logs() as logs:
        async with open_control_socket(tmp_path / "missing", own):
            gc.collect()  # a socket that was left open is told here
    assert [(entry["log_level"], entry["event"]) for entry in logs] == [
        ("warning", "no control socket: `chat tree` needs --url")
    ]
