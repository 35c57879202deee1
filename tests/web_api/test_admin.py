"""An administrator's page and acts, on the whole server with its memory storage: real sockets, real ends."""

import json
import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import trio
from click.testing import CliRunner, Result
from structlog.testing import capture_logs
from trio_websocket import ConnectionClosed, WebSocketConnection

from chat.cli import main
from chat.inspection.control_path import SOCKET
from chat.protocols.lines.commands import Recall
from chat.protocols.lines.handlers import LobbyClient
from tests.support.account_changes import set_roles
from tests.support.frames import CLOSE, TEXT, client_frame
from tests.support.gateway import until
from tests.support.watched_server import Watched, next_fields, open_watched


@pytest.fixture(autouse=True)
def _quiet() -> Generator[None]:
    """The server logs in the process in which the commands print."""
    with capture_logs():
        yield


@pytest.fixture
async def watched() -> AsyncGenerator[Watched]:
    async with open_watched() as watched:
        yield watched


async def say(ws: WebSocketConnection, name: str, text: str) -> None:
    await ws.send_message(json.dumps({"name": name, "message": text}))


# --- who may ---

CALLS = [
    ("GET", "/admin/tree.json"),
    ("GET", "/admin/why"),
    ("GET", "/admin/why/1"),
    ("POST", "/admin/clients/1/cancel"),
    ("GET", "/admin/nodes"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_only_an_admin_may_and_only_from_here(watched: Watched, method: str, path: str) -> None:
    grace, eve = await watched.token("grace", admin=True), await watched.token("eve")
    assert (await watched.ask(path, None, method)).status_code == 401
    assert (await watched.ask(path, "nonsense", method)).status_code == 401
    assert (await watched.ask(path, eve, method)).status_code == 403
    for origin in ("https://evil.example", "null"):
        assert (await watched.ask(path, grace, method, Origin=origin)).status_code == 403
    for allowed in ({}, {"Origin": watched.url}):
        assert (await watched.ask(path, grace, method, **allowed)).status_code in (200, 404)


async def test_a_server_that_is_alone_lists_none(watched: Watched) -> None:
    token = await watched.token("grace", admin=True)
    assert (await watched.ask("/admin/nodes", token)).json() == []


async def test_the_role_is_looked_up_at_each_call(watched: Watched) -> None:
    token = await watched.token("grace", admin=True)
    assert (await watched.ask("/admin/why", token)).status_code == 200
    await set_roles(watched.storage.users, 1, operator=False, admin=False)
    assert (await watched.ask("/admin/why", token)).status_code == 403
    await set_roles(watched.storage.users, 1, operator=False, admin=True)
    assert (await watched.ask("/admin/why", token)).status_code == 200


async def test_a_token_in_the_query_or_a_cookie_is_none(watched: Watched) -> None:
    token = await watched.token("grace", admin=True)
    assert (await watched.ask(f"/admin/why?token={token}", None)).status_code == 401
    assert (await watched.ask("/admin/why", None, Cookie=f"token={token}")).status_code == 401


async def test_cancelling_takes_a_post(watched: Watched) -> None:
    token = await watched.token("grace", admin=True)
    assert (await watched.ask("/admin/clients/1/cancel", token)).status_code == 405


async def test_the_page_loads_nothing_from_elsewhere_and_has_no_data_of_its_own(watched: Watched) -> None:
    page = await watched.ask("/admin/tree", None)
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert "//" not in page.text.replace("<!doctype", "")
    for part in ("/web/tree.js", "/web/tree.css"):
        assert part in page.text
        assert (await watched.ask(part, None)).status_code == 200


# --- what it sees ---


def tasks(branch: dict[str, Any]) -> list[dict[str, Any]]:
    found = [branch]
    for nursery in branch["nurseries"]:
        for task in nursery["tasks"]:
            found += tasks(task)
    return found


async def test_the_tree_shows_clients_their_tasks_and_the_servers_own(watched: Watched) -> None:
    token = await watched.token("grace", admin=True)
    ada = await watched.token("ada")
    async with watched.client("/messenger"), watched.client("/talker", ada) as ws:
        await next_fields(ws)
        await say(ws, "ada", "hello")
        snapshot: dict[str, Any] = {"totals": {"messages": 0}}
        while not snapshot["totals"]["messages"]:
            snapshot = (await watched.ask("/admin/tree.json", token)).json()
        (first, second) = sorted(snapshot["clients"], key=lambda client: client["connection"])
        assert (first["name"], first["dialect"], first["messages_in"]) == (None, "messenger", 0)
        assert (second["name"], second["dialect"], second["messages_in"]) == ("ada", "talker", 1)
        assert (second["queued_bytes"], second["queued_batches"]) == (0, 0)
        assert snapshot["totals"]["messages"] == snapshot["totals"]["commits"] == 1
        assert snapshot["totals"]["connections"] == snapshot["totals"]["clients"] == 2
        found = tasks(snapshot["tree"])
        (mine,) = [task for task in found if task["client"] == second["connection"]]
        assert mine["awaits"]["where"].startswith("chat/gateway/readiness.py:")
        assert mine["awaits"]["function"] == "Readiness.wait"
        (nursery,) = mine["nurseries"]
        assert nursery["scope"]["where"] == "WebSocketEndpoint.serve"
        assert [task["name"].rpartition(".")[2] for task in nursery["tasks"]] == ["_reader_task"]
        names = {task["name"] for task in found}
        assert {"chat.engine.journal.Journal.write", "chat.engine.broadcaster.Broadcaster.fan_out"} <= names
        few = (await watched.ask("/admin/tree.json?most=1", token)).json()
        assert (len(few["clients"]), few["more"]) == (1, 1)
        assert len([task for task in tasks(few["tree"]) if task["client"] is not None]) == 1
        assert (await watched.ask("/admin/tree.json?most=x", token)).status_code == 400
        assert (await watched.ask("/admin/tree.json?most=1000000", token)).status_code == 400


async def test_a_cancelled_client_unwinds_and_nobody_else_notices(watched: Watched) -> None:
    token = await watched.token("grace", admin=True)
    ada, ben = await watched.token("ada"), await watched.token("ben")
    async with watched.client("/talker", ada) as one, watched.client("/talker", ben) as other:
        await next_fields(one), await next_fields(other)
        snapshot = (await watched.ask("/admin/tree.json", token)).json()
        (number,) = [each["connection"] for each in snapshot["clients"] if each["name"] == "ada"]
        unwound = (await watched.ask(f"/admin/clients/{number}/cancel", token, "POST")).json()
        assert (unwound["connection"], unwound["name"]) == (number, "ada")
        last = unwound["tasks"][-1]
        assert last["task"].endswith("Connections.serve"), "the client's own task ends last"
        assert "Readiness.wait ‹wait_task_rescheduled›" in last["awaited"]
        assert len(unwound["tasks"]) == 2
        assert all(task["seconds"] is not None for task in unwound["tasks"])
        with pytest.raises(ConnectionClosed) as closed:
            await one.get_message()
        assert closed.value.reason is not None
        assert closed.value.reason.code == 4010
        await say(other, "ben", "history 5")
        await say(other, "ben", "still here")
        await until(lambda: [m.text for m in watched.storage.messages._said(1)] == ["still here"])
        assert (await watched.ask(f"/admin/clients/{number}/cancel", token, "POST")).status_code == 404
        story = (await watched.ask(f"/admin/why/{number}", token)).json()
        assert story["summary"]["sentence"] == "An administrator ended it (4010)."


# --- why connections ended ---


async def raw(watched: Watched, path: str = "/talker") -> trio.SocketStream:
    """A client that sends any bytes, after its handshake."""
    stream = await trio.open_tcp_stream("127.0.0.1", int(watched.url.rpartition(":")[2]))
    await stream.send_all(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n".encode()
        + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert b"101" in await stream.receive_some()
    return stream


async def reset(_watched: Watched, stream: trio.SocketStream) -> None:
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await trio.aclose_forcefully(stream)


async def end(_watched: Watched, stream: trio.SocketStream) -> None:
    await stream.aclose()


async def break_protocol(_watched: Watched, stream: trio.SocketStream) -> None:
    await stream.send_all(b"\xf1\x85\0\0\0\0wrong")


async def bad_text(_watched: Watched, stream: trio.SocketStream) -> None:
    await stream.send_all(client_frame(TEXT, b"\xff\xfe"))


async def oversize(_watched: Watched, stream: trio.SocketStream) -> None:
    await stream.send_all(client_frame(TEXT, b"x" * 70_000))


async def fragments(_watched: Watched, stream: trio.SocketStream) -> None:
    await stream.send_all(b"\x01\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 3000)


async def close_oddly(_watched: Watched, stream: trio.SocketStream) -> None:
    await stream.send_all(client_frame(CLOSE, (1002).to_bytes(2) + b"a secret reason"))


async def skip_authentication(_watched: Watched, stream: trio.SocketStream) -> None:
    await stream.send_all(client_frame(TEXT, b'{"method":"message.send","params":["x"],"id":1}'))


async def crash(watched: Watched, stream: trio.SocketStream) -> None:
    token = await watched.token("cem")
    for text in (f"auth {token}", "history 5"):
        await stream.send_all(client_frame(TEXT, json.dumps({"name": "cem", "message": text}).encode()))


async def nothing(_watched: Watched, _stream: trio.SocketStream) -> None:
    await trio.lowlevel.checkpoint()


WAYS: list[tuple[Callable[[Watched, trio.SocketStream], Awaitable[None]], str, str, str]] = [
    (reset, "/talker", "reset", "The connection was reset: the client's process was killed, or"),
    (end, "/talker", "lost", "The client ended TCP without a close frame:"),
    (
        break_protocol,
        "/talker",
        "protocol error",
        "The client broke the WebSocket protocol: Reserved bit set",
    ),
    (bad_text, "/talker", "protocol error", "The client sent text that is not UTF-8"),
    (oversize, "/talker", "too big", "The client sent a message that is too big: Exceeded maximum"),
    (fragments, "/talker", "too big", "The client sent one message in too many fragments (1009)."),
    (close_oddly, "/talker", "closed by the client", "The client closed it, with code 1002."),
    (skip_authentication, "/support", "closed", "The server closed it: not authenticated (4401)."),
    (crash, "/talker", "crash", "A bug of the server ended it, and only it: ZeroDivisionError"),
    (nothing, "/talker", "no pong", "Nothing came from the client for "),
]


@pytest.mark.parametrize(
    ("misbehave", "path", "kind", "sentence"), WAYS, ids=[way[0].__name__ for way in WAYS]
)
async def test_why_answers_in_a_sentence(
    misbehave: Callable[[Watched, trio.SocketStream], Awaitable[None]],
    path: str,
    kind: str,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError("with a secret text")

    monkeypatch.setitem(LobbyClient.handlers, Recall, fail)
    patience = {"ping_interval": 0.1, "pong_timeout": 0.1} if misbehave is nothing else {}
    async with open_watched(**patience) as watched:
        token = await watched.token("grace", admin=True)
        stream = await raw(watched, path)
        await misbehave(watched, stream)
        ends: list[dict[str, Any]] = []
        while not any(end["kind"] == kind for end in ends):
            await trio.sleep(0.01)
            ends = (await watched.ask("/admin/why", token)).json()
        (summary,) = ends
        assert summary["sentence"].startswith(sentence)
        story = (await watched.ask(f"/admin/why/{summary['connection']}", token)).json()
        assert story["summary"]["sentence"] == summary["sentence"]
        assert story["events"][0] == {"at": 0.0, "what": "accepted"}
        assert "secret" not in json.dumps(story)
        if misbehave is oversize:
            assert (story["frames"][-2]["type"], story["frames"][-2]["length"]) == ("text", 70_000)
        if misbehave is nothing:
            assert (story["frames"][0]["sent"], story["frames"][0]["type"]) == (True, "ping")
        await stream.aclose()


async def test_why_explains_a_client_that_does_not_read() -> None:
    async with open_watched(outbox_bytes=4096, message_rate=0.0, message_bytes=0) as watched:
        token, ada = await watched.token("grace", admin=True), await watched.token("ada")
        deaf = await raw(watched)
        async with watched.client("/talker", ada) as ws:
            await next_fields(ws)
            ends: list[dict[str, Any]] = []
            while not ends:
                for _ in range(200):
                    await say(ws, "ada", "x" * 3900)
                ends = (await watched.ask("/admin/why", token)).json()
        (summary,) = ends
        assert summary["kind"] == "too slow"
        assert summary["sentence"].startswith("The client read too slowly: ")
        assert summary["sentence"].endswith(" bytes waited for it, and no more than 4,096 may (4008).")
        await deaf.aclose()


async def test_a_properly_closed_client_is_not_kept(watched: Watched) -> None:
    token = await watched.token("grace", admin=True)
    async with watched.client():
        story = (await watched.ask("/admin/why/1", token)).json()
        assert story["summary"]["sentence"] == "It has not ended."
    while (await watched.ask("/admin/why/1", token)).status_code == 200:  # noqa: ASYNC110 - it has no event
        await trio.sleep(0.01)
    assert (await watched.ask("/admin/why", token)).json() == []


# --- on the data directory's socket ---


async def chat(*arguments: str, **settings: str) -> Result:
    """Run the command beside the server."""
    return await trio.to_thread.run_sync(lambda: CliRunner().invoke(main, arguments, env=settings))


async def test_the_owner_of_the_data_asks_without_a_token() -> None:
    with TemporaryDirectory(prefix="chat-") as directory:
        data = Path(directory) / ("far" * 30)  # too long for a socket's path
        data.mkdir()
        async with open_watched(data) as watched:
            assert (data / SOCKET).stat().st_mode & 0o777 == 0o600
            ada = await watched.token("ada")
            async with watched.client("/talker", ada) as ws:
                await next_fields(ws)
                done = await chat("tree", "--once", "--data", str(data))
                assert done.exit_code == 0, done.stderr
                assert "client 1 ada (talker)" in "\n".join(done.stdout.splitlines()[:24])
                assert "Readiness.wait ‹wait_task_rescheduled›  at least " in done.stdout
                assert "1 client   0 messages/s" in done.stdout
                done = await chat("tree", "--cancel", "1", "--data", str(data))
                assert done.stdout.startswith("cancelled connection 1, ada\n")
            done = await chat("why", "1", "--data", str(data))
            assert "An administrator ended it (4010)." in done.stdout
            assert "authenticated as ada" in done.stdout
            done = await chat("why", "--data", str(data))
            assert done.stdout.splitlines()[1].split()[:3] == ["1", "ada", "talker"]
            for refused in (("why", "99"), ("tree", "--cancel", "99")):
                done = await chat(*refused, "--data", str(data))
                assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
        assert not (data / SOCKET).exists()
        done = await chat("tree", "--once", "--data", str(data))
        assert done.exit_code == 1
        assert "no server runs on" in done.stderr


async def test_an_admin_asks_over_http_with_a_token(watched: Watched) -> None:
    grace, eve = await watched.token("grace", admin=True), await watched.token("eve")
    here = {"no_proxy": "*"}
    async with watched.client():
        done = await chat("tree", "--json", "--url", watched.url, CHAT_TOKEN=grace, **here)
        assert done.exit_code == 0, done.stderr
        snapshot = json.loads(done.stdout)
        assert snapshot["per_second"]["messages"] == 0
        assert [each["connection"] for each in snapshot["clients"]] == [1]
        done = await chat("tree", "--cancel", "1", "--url", watched.url, CHAT_TOKEN=grace, **here)
        assert done.stdout.startswith("cancelled connection 1, nobody yet\n")
    done = await chat("why", "--url", watched.url, CHAT_TOKEN=eve, **here)
    assert done.exit_code == 1
    assert "403: only admins can do this" in done.stderr
    done = await chat("why", "--url", watched.url, CHAT_TOKEN="", **here)
    assert done.exit_code == 2


async def test_garbage_on_the_control_socket_gets_one_line_back() -> None:
    with TemporaryDirectory(prefix="chat-") as directory:
        async with open_watched(Path(directory)):
            for question in (b"nonsense\n", b"tree -1\n", b"x" * 1000, b"why 1 2\n", b"\xff\n"):
                async with await trio.open_unix_socket(Path(directory) / SOCKET) as stream:
                    await stream.send_all(question)
                    answer = await stream.receive_some()
                    assert json.loads(answer)["error"]


async def test_metrics_are_text_for_prometheus_and_for_admins_unless_public(watched: Watched) -> None:
    grace, ben = await watched.token("grace", admin=True), await watched.token("ben")
    statuses = [
        (await watched.ask("/metrics", token)).status_code for token in (None, "nonsense", ben, grace)
    ]
    assert statuses == [401, 401, 403, 200]
    assert (await watched.ask("/metrics", None)).headers["www-authenticate"] == "Bearer"
    answer = await watched.ask("/metrics", grace)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE chat_" in answer.text
    async with open_watched(metrics_access="public") as public:
        assert "# TYPE chat_" in (await public.ask("/metrics", None)).text
