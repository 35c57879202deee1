"""`chat serve --workers 2`: two whole servers behind one port, for people, operators and a service manager."""

import json
import signal
import socket
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from chat.embedded_postgres.settings import connections_for
from chat.inspection.control_path import SOCKET, reachable
from tests.support.campaign import in_campaign
from tests.support.command_line import chat, run_chat
from tests.support.faults.everybody import register_everybody, talking
from tests.support.people import PATIENCE, client, eventually, member, register, request
from tests.support.processes import children, kill, needs_proc, postgres_under, wait_until_ended
from tests.support.raw_client import RawClient
from tests.support.saved import fetch_sql
from tests.support.server import ServerProcess, running_server, used_data_path

if sys.platform == "win32":
    pytest.skip("has no workers", allow_module_level=True)

pytestmark = needs_proc

GOING_AWAY, RESTARTING = 1001, 1012


@pytest.fixture(scope="module")
def data() -> Generator[Path]:
    """One data directory for all: each server finds what the one before it has left."""
    with used_data_path() as data:
        yield data


@contextmanager
def two_workers(data: Path, *arguments: str, **settings: str) -> Generator[ServerProcess]:
    with running_server(data, "--workers", "2", *arguments, **{"CHAT_GRACE": "1"} | settings) as server:
        yield server


def ask(server: ServerProcess, question: str) -> Any:
    """Ask on the data directory's control socket."""
    with socket.socket(socket.AF_UNIX) as asking, reachable(server.data, SOCKET) as path:
        asking.settimeout(PATIENCE)
        asking.connect(path)
        asking.sendall(f"{question}\n".encode())
        with asking.makefile("rb") as answer:
            reply = json.loads(answer.read())
    assert reply["error"] is None, reply["error"]
    return reply["result"]


def log(server: ServerProcess, event: str) -> list[dict[str, Any]]:
    whole = server.log.read_text().rpartition("\n")[0]  # the last line may be half written
    lines = (json.loads(line) for line in whole.splitlines() if line.startswith("{"))
    return [line for line in lines if line["event"] == event]


def workers_of(server: ServerProcess) -> dict[int, int]:
    """The process ids of those that serve, by their numbers."""
    running = children(server.process.pid)
    return {line["worker"]: line["pid"] for line in log(server, "worker serves") if line["pid"] in running}


def worker_of(connection: int) -> int:
    """The number of the worker that serves it: connections are numbered so that each has its own."""
    return (connection - 1) % 3 + 1


def is_refused(server: ServerProcess) -> bool:
    """Whether nobody listens any more."""
    try:
        with RawClient(server.url):
            return False
    except ConnectionRefusedError:
        return True


def test_people_on_two_workers_are_in_one_chat_and_either_speaks_for_both(data: Path) -> None:
    with two_workers(data) as server, ExitStack() as stack:
        people = [stack.enter_context(member(server.url, f"person{n}")) for n in range(8)]
        for person in people:
            person.say(f"from {person.name}")
            for other in people:
                if other is not person:
                    assert other.hear() == (person.name, f"from {person.name}")
        ((connections,),) = fetch_sql(server.address, "SHOW max_connections")
        assert connections == str(connections_for(workers=2, pool_size=8))
        eventually(
            lambda: ask(server, "tree 0")["totals"]["messages"] == len(people),
            "all are counted, also by a worker that the others heard of the message before",
        )
        snapshot = ask(server, "tree 100")
        numbers = [each["connection"] for each in snapshot["clients"]]
        assert len(set(numbers)) == len(people)
        assert {worker_of(number) for number in numbers} == {1, 2}
        assert snapshot["totals"]["clients"] == len(people)

        chat(server, "user", "role", "person0", "admin")
        token = request(
            "POST", f"{server.url}/api/login", {"username": "person0", "password": "world of tea"}
        ).json()["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        asked_of: set[str] = set()
        for _ in range(6):  # each on a connection of its own, so that both workers are asked
            tree = request("GET", f"{server.url}/admin/tree.json?most=100", headers=bearer).json()
            assert {each["connection"] for each in tree["clients"]} == set(numbers)
            metrics = request("GET", f"{server.url}/metrics", headers=bearer).text.splitlines()
            assert f"chat_connections {len(people)}.0" in metrics
            asked_of |= {line for line in metrics if line.startswith("chat_connections{")}
            assert request("GET", f"{server.url}/healthz").json() == {"status": "ok"}
        assert {line.partition(" ")[0] for line in asked_of} == {
            'chat_connections{worker="1"}',
            'chat_connections{worker="2"}',
        }
        for number in numbers:
            cut = request("POST", f"{server.url}/admin/clients/{number}/cancel", headers=bearer)
            assert (cut.status_code, cut.json()["connection"]) == (200, number)
        assert len(request("GET", f"{server.url}/admin/why", headers=bearer).json()) == len(people)
        assert ask(server, f"why {numbers[-1]}")["summary"]["kind"] == "cut by an administrator"
        assert server.stop() == 0


def serving_of(server: ServerProcess) -> dict[int, int]:
    """Return which worker serves each connection."""
    return {each["connection"]: worker_of(each["connection"]) for each in ask(server, "tree 9")["clients"]}


@in_campaign
def test_a_worker_that_is_killed_is_followed_by_another_and_the_rest_go_on(data: Path) -> None:
    with two_workers(data) as server, ExitStack() as stack:
        token = register(server.url, "ada")
        people = [stack.enter_context(client(server.url, name="ada")) for _ in range(6)]
        # A worker that gets no turn for a moment accepts nothing: the other takes a few more.
        while {1, 2} - set((serving := serving_of(server)).values()):
            assert len(people) < 30, "one worker accepts all"
            people.append(stack.enter_context(client(server.url, name="ada")))
        before = workers_of(server)
        postgres = postgres_under(server.process.pid)
        kill([before[2]])
        count = list(serving.values()).count(2)
        eventually(
            lambda: sum(person.socket.close_code is not None for person in people) >= count,
            "its clients are cut",
        )
        left = [person for person in people if person.socket.close_code is None]
        assert len(left) == len(people) - count
        left[0].log_in(token)
        left[0].say("still here")
        for person in left[1:]:
            assert person.hear() == ("ada", "still here")
        eventually(lambda: workers_of(server).keys() == {1, 2}, "another worker serves")
        now = workers_of(server)
        assert (now[1], now[2] != before[2]) == (before[1], True)
        (got,) = log(server, "worker ended: it is started again after the pause")
        assert (got["worker"], got["reason"], got["level"]) == (2, "it ended with SIGKILL", "error")

        with RawClient(server.url) as silent:
            silent.shake_hands()
            server.process.send_signal(signal.SIGTERM)
            assert silent.read_close() == GOING_AWAY
            # The other worker is told at the same moment, and hears of it when it gets its turn.
            eventually(lambda: is_refused(server), "nobody new comes in")
            for person in left:
                assert person.hear_to_the_end() == []
                assert person.closed_with == GOING_AWAY
            assert server.process.wait(PATIENCE) == 0, server.log.read_text()
        wait_until_ended([*now.values(), *postgres])
    assert not [path.name for path in data.iterdir() if path.name.startswith("worker-")]


def test_nothing_outlives_a_parent_that_is_killed(data: Path) -> None:
    with two_workers(data) as server, client(server.url) as ben:
        left = [*children(server.process.pid), *postgres_under(server.process.pid)]
        assert len(workers_of(server)) == 2
        server.kill()
        ben.hear_to_the_end()
        wait_until_ended(left)


@in_campaign
def test_a_hangup_reaches_all_workers_and_a_second_signal_cuts_all(data: Path, tmp_path: Path) -> None:
    settings = tmp_path / "chat.toml"
    settings.write_text('log_level = "warning"\n')
    with (
        service_manager(tmp_path / "notify") as manager,
        two_workers(
            data, "--config", str(settings), CHAT_GRACE="20", NOTIFY_SOCKET=str(tmp_path / "notify")
        ) as server,
    ):
        settings.write_text('log_level = "info"\n')
        server.process.send_signal(signal.SIGHUP)
        eventually(
            lambda: {line.get("worker") for line in log(server, "reloaded")} == {None, 1, 2},
            "parent and workers log that they have reloaded",
        )
        with RawClient(server.url) as unfinished:
            unfinished.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
            with client(server.url) as ben:
                server.process.send_signal(signal.SIGTERM)
                assert ben.hear_to_the_end() == []
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(PATIENCE) == 1
        manager.setblocking(False)
        got = []
        with suppress(BlockingIOError):
            while True:
                state = manager.recv(4096).splitlines()[0]
                if not state.startswith(b"EXTEND_TIMEOUT_USEC="):  # PostgreSQL starts, and takes a while
                    got.append(state)
        assert got == [b"READY=1", b"RELOADING=1", b"READY=1", b"STOPPING=1"], "the parent alone speaks"


@contextmanager
def service_manager(path: Path) -> Generator[socket.socket]:
    """Where systemd would listen."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        yield manager


def test_a_workers_start_error_is_the_parents_one_line(data: Path) -> None:
    """Only a worker knows the dialects."""
    flags = ("--workers", "2", "--listen", "0=nonsense", "--data", str(data))
    done = run_chat(["serve", *flags], CHAT_LOG_LEVEL="error")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("chat: no dialect is called 'nonsense'")
    assert done.stderr.count("\n") == 1


@in_campaign
def test_a_rolling_restart_refuses_nobody_and_loses_and_repeats_nothing() -> None:
    with used_data_path() as data, two_workers(data, "--restart-spread", "1") as server:
        before = set(workers_of(server).values())
        tokens = register_everybody(server.url, server.address)
        with talking(server.url, server.url, tokens, lambda: server.address) as talk:
            server.process.send_signal(signal.SIGUSR2)
            eventually(lambda: bool(log(server, "all workers have been replaced")), "all are replaced", 60)
            talk.received_by_all(time.monotonic(), talk.near, talk.far)
            talk.guests_back_after(time.monotonic())
            now = set(workers_of(server).values())
            assert len(now) == 2
            assert not now & before
            assert all(each.closed_with for each in talk.everybody), "everybody was sent away"
            assert {code for each in talk.everybody for code in each.closed_with} == {RESTARTING}
            assert talk.refusals() == []
        assert server.stop() == 0
