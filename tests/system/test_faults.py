"""Faults of servers, on real processes under load: nothing acknowledged is lost or doubled, and they recover.

`make campaign` does the same for longer and writes down the figures (docs/reliability.md).
"""

import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from chat.storage.postgres.database import DatabaseAddress
from tests.support.campaign import in_campaign
from tests.support.faults.load import chats, register_all
from tests.support.faults.machine import (
    Clock,
    cable,
    end_by_full_disk,
    everything_of,
    few_descriptors,
    full,
    needs_a_disk_of_its_own,
    needs_network_namespaces,
    network,
    small_disk,
    spare_database,
)
from tests.support.faults.trials import killed, load_on, outlives, terminate_connections
from tests.support.people import client, eventually, member, request
from tests.support.processes import held_connections, kill, needs_proc, postgres_under, stopped
from tests.support.raw_client import RawClient, opening
from tests.support.saved import fetch_sql
from tests.support.server import ServerProcess, data_path, running_server, used_data_path

pytestmark = needs_proc

NAMES = ("ada", "ben", "cem", "dora", "eva", "finn")

COMMIT_TIMEOUT = 1.0
"""Seconds; the default is 5. What is told about the database's absence is told within this and a little."""

REFUSED_WITHIN = COMMIT_TIMEOUT + 9.0
BACK_WITHIN = STARTED_WITHIN = 20.0
"""Seconds, on a machine that does three other things; the campaign measures an idle one."""

SETTINGS = {"CHAT_COMMIT_TIMEOUT": str(COMMIT_TIMEOUT), "CHAT_QUERY_TIMEOUT": "1"}


@pytest.fixture(scope="module")
def server() -> Generator[ServerProcess]:
    with used_data_path() as data, running_server(data, **SETTINGS) as server:
        yield server


@pytest.fixture(scope="module")
def tokens(server: ServerProcess) -> dict[str, str]:
    return register_all(server.url, *NAMES)


def test_a_server_and_its_database_killed_at_once_come_back_with_everything(data: Path) -> None:
    with running_server(data) as server:
        tokens = register_all(server.url, *NAMES)
    trial = killed(data, tokens, everything_of)
    assert trial.back < STARTED_WITHIN


def test_a_killed_database_is_back_by_itself(server: ServerProcess, tokens: dict[str, str]) -> None:
    trial = outlives(server, tokens, nullcontext(), then=lambda: kill(postgres_under(server.process.pid)))
    assert trial.back < BACK_WITHIN
    assert trial.refusal < REFUSED_WITHIN


def test_connections_that_the_database_ends_are_made_again(
    server: ServerProcess, tokens: dict[str, str]
) -> None:
    with load_on(server, tokens) as load:
        for _ in range(3):
            terminate_connections(server)
            assert load.back_after(time.monotonic()) < BACK_WITHIN


def test_writes_to_a_stopped_database_end_in_time_as_unknown(
    server: ServerProcess, tokens: dict[str, str]
) -> None:
    database = stopped(postgres_under(server.process.pid))
    trial = outlives(server, tokens, database, lasts=2.0)
    assert trial.cut > 0
    assert trial.refusal < REFUSED_WITHIN
    assert trial.back < BACK_WITHIN


def test_a_server_that_cannot_save_is_not_ready_and_is_alive(
    server: ServerProcess, tokens: dict[str, str]
) -> None:
    def answers(path: str) -> tuple[int, object]:
        answer = request("GET", f"{server.url}{path}")
        return answer.status_code, answer.json()

    query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'chat journal'"
    (journal,) = fetch_sql(server.address, query)
    assert answers("/readyz") == (200, {"status": "ok"})
    with stopped([journal["pid"]]):  # every other connection works
        with member(server.url, "ada", tokens["ada"]) as ada:
            ada.say("not saved")
            eventually(lambda: answers("/readyz")[0] == 503, "it is not ready")
        assert answers("/readyz") == (503, {"error": "the database takes no writes"})
        assert answers("/healthz")[0] == 503
        assert answers("/livez") == (200, {"status": "ok"})
    eventually(lambda: answers("/readyz")[0] == 200, "it is ready, without anybody writing")


@needs_a_disk_of_its_own
def test_on_a_full_disk_it_stays_up_and_refuses_and_goes_on_when_there_is_space() -> None:
    with small_disk(160) as disk, running_server(disk / "data", **SETTINGS) as server:
        tokens = register_all(server.url, *NAMES)
        # That PostgreSQL ends is waited for; why, it can only say where its log has a few bytes left.
        trial = outlives(server, tokens, full(disk), then=lambda: end_by_full_disk(server, disk), lasts=2.0)
        assert trial.disturbed > 0
        assert trial.refusal < REFUSED_WITHIN
        assert trial.back < BACK_WITHIN


@pytest.fixture
def database(server: ServerProcess) -> Generator[DatabaseAddress]:
    with spare_database(server) as database:
        yield database


@contextmanager
def server_over(url: str) -> Generator[ServerProcess]:
    with data_path() as data, running_server(data, "--database", url, **SETTINGS) as server:
        yield server


@pytest.mark.parametrize("how", ["silent", pytest.param("broken", marks=in_campaign)])
def test_a_network_that_is_gone_for_a_while_is_outlived(database: DatabaseAddress, how: str) -> None:
    with network(database) as line, server_over(line.url) as server:
        server.database = database
        tokens = register_all(server.url, *NAMES)
        trial = outlives(server, tokens, getattr(line, how)(), lasts=2.0)
        assert trial.disturbed > 0
        assert trial.refusal < REFUSED_WITHIN
        assert trial.back < BACK_WITHIN


@in_campaign
@needs_network_namespaces
def test_an_unplugged_cable_between_server_and_database_is_outlived(database: DatabaseAddress) -> None:
    with (
        cable() as wire,
        network(database, "ip", "netns", "exec", wire.namespace, host=wire.far_host) as line,
        server_over(line.url) as server,
    ):
        server.database = database
        tokens = register_all(server.url, *NAMES)
        trial = outlives(server, tokens, wire.cut(), lasts=2.0)
        assert trial.disturbed > 0
        assert trial.refusal < REFUSED_WITHIN
        assert trial.back < BACK_WITHIN


DAY = 86_400.0


@in_campaign
def test_a_clock_that_jumps_disturbs_nobody_and_their_tokens_stay_good(data: Path) -> None:
    with TemporaryDirectory(prefix="chat-") as directory:
        clock = Clock(Path(directory))
        with running_server(data, **SETTINGS, **clock.environment) as server:
            tokens = register_all(server.url, *NAMES)
            with load_on(server, tokens) as load:
                for shift in (DAY, -DAY, 0.0):
                    clock.jump(shift)
                    tokens |= register_all(server.url, f"born at {shift:.0f}")
                    assert load.back_after(time.monotonic()) < BACK_WITHIN
            for name, token in tokens.items():
                assert chats(server.url, token, name, f"{name} is still here")


def test_without_descriptors_it_goes_on_and_with_them_everything_works_again(
    server: ServerProcess, tokens: dict[str, str]
) -> None:
    with load_on(server, tokens) as load:
        postmaster = postgres_under(server.process.pid)[0]
        with few_descriptors(server, 20), ExitStack() as stack:
            crowd = [stack.enter_context(RawClient(server.url)) for _ in range(100)]
            for one in crowd:
                one.send(opening())
            eventually(lambda: "no descriptors left" in server.log.read_text(), "it is full")
            since = time.monotonic()
            load.wait_for(20)  # those who are in are not disturbed
            kill([postmaster])
            eventually(lambda: not Path(f"/proc/{postmaster}").exists(), "PostgreSQL has ended")
            eventually(lambda: "PostgreSQL ended" in server.log.read_text(), "and that is noticed")
            assert time.monotonic() - since < 20
        freed = time.monotonic()
        assert load.back_after(freed) < BACK_WITHIN
        eventually(lambda: chats(server.url, tokens["ada"], "ada", f"hello {freed}"), "who is new is served")


@pytest.mark.parametrize(
    "phase",
    [
        "a frame",
        *(pytest.param(each, marks=in_campaign) for each in ("at once", "half a head", "a handshake")),
    ],
)
def test_hundreds_of_reset_connections_leave_nothing(
    server: ServerProcess, tokens: dict[str, str], phase: str
) -> None:
    with member(server.url, "ada", tokens["ada"]) as ada, client(server.url) as ben:
        for number in range(250):
            connect_and_reset(server, phase)
            if number % 50 == 0:
                ada.say(f"{phase} {number}")
                assert ben.hear() == ("ada", f"{phase} {number}")
        eventually(lambda: held_connections(server.process.pid) == 3, "Ada, Ben and the listener are left")
        assert "Traceback" not in server.log.read_text()


def connect_and_reset(server: ServerProcess, phase: str) -> None:
    with suppress(ConnectionError):
        one = RawClient(server.url)
        match phase:
            case "half a head":
                one.send(opening()[:40])
            case "a handshake":
                one.send(opening())
            case "a frame":
                one.shake_hands()
                one.send(b"\x81\xfe\x10\x00\x00\x00")
        one.reset()
