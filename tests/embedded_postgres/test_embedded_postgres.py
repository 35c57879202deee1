"""The server's own PostgreSQL: the real one, started, killed, hindered and stopped."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import pytest
import trio

from chat.archive.wal import unfilled_segments
from chat.domain.startup import CannotStart
from chat.embedded_postgres.cluster import prepare_cluster
from chat.embedded_postgres.data_directory import AlreadyRunning, open_data_directory
from chat.embedded_postgres.embedded import EmbeddedPostgres, open_embedded_postgres, running_address
from chat.embedded_postgres.leftover import read_pid, runs_on
from chat.embedded_postgres.memory import usable_memory
from chat.embedded_postgres.process import LAUNCHER, open_process
from chat.embedded_postgres.settings import by_memory, command, connections_for
from chat.embedded_postgres.supervisor import is_ready, read_status
from chat.storage.postgres.asyncio_bridge import open_asyncio, run_in_asyncio
from chat.storage.postgres.database import open_database
from tests.support.processes import child

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")

SERVER = """
import sys, trio
from pathlib import Path
from chat.embedded_postgres.data_directory import open_data_directory
from chat.embedded_postgres.embedded import open_embedded_postgres

async def serve():
    async with open_data_directory(Path(sys.argv[1])) as data, open_embedded_postgres(data, grace=5) as postgres:
        print(postgres.pid, flush=True)
        await trio.sleep_forever()

trio.run(serve)
"""


def test_postgres_allows_connections_for_each_worker_and_a_replacement() -> None:
    assert connections_for(1, 8) == 50
    each = connections_for(4, 8) - connections_for(3, 8)
    assert each >= 8 + 4  # its pool, its journal, who hears of changes, and the two of a bus
    assert connections_for(4, 8) >= 5 * each
    assert connections_for(4, 20) - connections_for(4, 8) == 5 * 12


def test_its_defaults_follow_the_memory_within_bounds(tmp_path: Path) -> None:
    gib = 1 << 30
    for memory, buffers, wal in ((0, 64, 256), (gib, 64, 256), (4 * gib, 256, 512), (64 * gib, 512, 1024)):
        assert by_memory(memory) == {"shared_buffers": f"{buffers}MB", "max_wal_size": f"{wal}MB"}
    (tmp_path / "limit").write_text(f"{gib // 2}\n")
    (tmp_path / "none").write_text("max\n")
    assert usable_memory([tmp_path / "limit", tmp_path / "missing"]) == gib // 2
    assert usable_memory([tmp_path / "none"]) == usable_memory([]) > 0


async def test_settings_are_passed_on_but_for_those_that_promises_depend_on(made: Path) -> None:
    with trio.fail_after(60):
        own = ["work_mem=17MB", "shared_buffers=65MB"]
        async with open_data_directory(made) as data:
            async with open_embedded_postgres(data, grace=5, settings=own) as postgres:
                shown = {
                    name: await value_of(postgres.address, name) for name in ("work_mem", "shared_buffers")
                }
            for setting in ("fsync=off", "PORT=1", "listen_addresses=*"):
                with pytest.raises(CannotStart, match=r"needs its own value of \w+: do not set it"):
                    async with open_embedded_postgres(data, grace=5, settings=[setting]):
                        pass
    assert shown == {"work_mem": "17MB", "shared_buffers": "65MB"}


async def test_what_is_removed_soon_flushes_nothing(made: Path) -> None:
    with trio.fail_after(60):
        async with (
            open_data_directory(made) as data,
            open_embedded_postgres(data, grace=5, durable=False) as postgres,
        ):
            assert await value_of(postgres.address, "fsync") == "off"


async def test_an_import_spares_others_the_wait_for_new_segments(made: Path) -> None:
    settings = made / "postgres" / "cluster" / "postgresql.auto.conf"
    with trio.fail_after(60):
        async with (
            running(made) as postgres,
            connected(postgres.address) as ask,
            open_database(postgres.address, pool_size=1, query_timeout=10) as database,
        ):
            with trio.CancelScope() as scope:
                async with unfilled_segments(database):
                    await until_equal(ask, "SHOW wal_init_zero", "off")
                    scope.cancel()
                    await trio.sleep_forever()
            await until_equal(ask, "SHOW wal_init_zero", "on")
            await ask("ALTER SYSTEM SET work_mem = '18MB'")
            await ask("ALTER SYSTEM SET wal_init_zero = off")  # as an import that is killed leaves it
        status = settings.stat()
        async with running(made) as postgres:
            assert await value_of(postgres.address, "wal_init_zero") == "on"
            assert await value_of(postgres.address, "work_mem") == "18MB"
    assert (status.st_uid, status.st_mode) == (settings.stat().st_uid, settings.stat().st_mode)
    settings.write_bytes(b"")


async def test_an_import_goes_on_where_an_operator_forbids_that(made: Path) -> None:
    with trio.fail_after(60):
        async with (
            open_data_directory(made) as data,
            open_embedded_postgres(data, grace=5, settings=["allow_alter_system=off"]) as postgres,
            connected(postgres.address) as ask,
            open_database(postgres.address, pool_size=1, query_timeout=10) as database,
            unfilled_segments(database),
        ):
            assert await ask("SHOW wal_init_zero") == "on"


async def until_equal(ask: Callable[[str], Awaitable[Any]], query: str, value: str) -> None:
    while await ask(query) != value:  # noqa: ASYNC110 - PostgreSQL reads its settings after the answer
        await trio.sleep(0.01)


async def value_of(address: dict[str, Any], setting: str) -> str:
    async with open_asyncio():
        connection = await run_in_asyncio(lambda: asyncpg.connect(**address, timeout=10))
        try:
            return str(await run_in_asyncio(connection.fetchval, f"SHOW {setting}"))
        finally:
            connection.terminate()


@contextmanager
def place() -> Generator[Path]:
    """Where PostgreSQL's user may go; pytest's own directories are closed to others."""
    with TemporaryDirectory(prefix="chat-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory) / "data"


@pytest.fixture
def fresh() -> Generator[Path]:
    """A data directory that is not there yet."""
    with place() as path:
        yield path


@pytest.fixture(scope="module")
def made() -> Generator[Path]:
    """A data directory with a database, from the first test on; each test starts PostgreSQL on it."""
    with place() as path:
        yield path


@asynccontextmanager
async def running(path: Path, grace: float = 5) -> AsyncGenerator[EmbeddedPostgres]:
    async with open_data_directory(path) as data, open_embedded_postgres(data, grace=grace) as postgres:
        yield postgres


@asynccontextmanager
async def connected(address: dict[str, Any]) -> AsyncGenerator[Callable[[str], Awaitable[Any]]]:
    """A client of PostgreSQL that asks for one value at a time."""
    async with open_asyncio():
        connection = await run_in_asyncio(partial(asyncpg.connect, **address, timeout=5))
        try:
            yield partial(run_in_asyncio, connection.fetchval)
        finally:
            connection.terminate()


async def ask(address: dict[str, Any], query: str) -> Any:
    async with connected(address) as client:
        return await client(query)


async def keep_one_more(address: dict[str, Any]) -> int:
    """Commit one row, and return how many there are."""
    await ask(address, "CREATE TABLE IF NOT EXISTS kept (n int)")
    await ask(address, "INSERT INTO kept VALUES (1)")
    return await ask(address, "SELECT count(*) FROM kept")


@asynccontextmanager
async def killed_server(path: Path) -> AsyncGenerator[None]:
    """A server that is killed at the end of the block; PostgreSQL has ended after it."""
    with child(sys.executable, "-c", SERVER, path, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        line = b""
        while not line.strip().isdigit():  # before its number it may log
            line = await trio.to_thread.run_sync(server.stdout.readline)
            assert line, "it ended"
        pid = int(line)
        yield
    await until_gone(pid, path)


async def until(condition: Callable[[], object]) -> None:
    with trio.fail_after(15):
        while not condition():  # noqa: ASYNC110 - what other processes do sets no Event
            await trio.sleep(0.01)


async def until_gone(pid: int, path: Path) -> None:
    with trio.fail_after(15):
        while await runs_on(pid, path / "postgres" / "cluster"):  # noqa: ASYNC110
            await trio.sleep(0.01)


def is_there(path: Path | str) -> bool:
    return Path(path).exists()


def kill(pid: int | None, signal_: signal.Signals = signal.SIGKILL) -> None:
    assert pid is not None
    os.kill(pid, signal_)


async def test_the_first_start_makes_a_database_that_the_next_start_keeps(made: Path) -> None:
    with trio.fail_after(60):
        async with running(made) as postgres:
            assert postgres.ready
            assert postgres.restarts == 0
            assert running_address(made) == postgres.address
            assert await ask(postgres.address, "SHOW listen_addresses") == ""
            assert await ask(postgres.address, "SHOW fsync") == "on"
            assert await ask(postgres.address, "SHOW server_encoding") == "UTF8"
            assert await ask(postgres.address, "SHOW wal_segment_size") == "4MB"
            assert (made / "postgres").stat().st_mode & 0o777 == 0o700
            kept = await keep_one_more(postgres.address)
        assert not postgres.ready
        async with running(made) as postgres:
            assert await keep_one_more(postgres.address) == kept + 1


async def test_a_running_database_is_reachable_and_not_started_twice(made: Path) -> None:
    with trio.fail_after(60):
        async with running(made):
            with pytest.raises(AlreadyRunning):
                async with running(made):
                    pass
            assert await ask(running_address(made), "SELECT 1") == 1
        with pytest.raises(CannotStart, match="no PostgreSQL of its own that is ready"):
            running_address(made)


async def test_a_killed_postmaster_is_started_again_with_its_data(made: Path) -> None:
    with trio.fail_after(60):
        async with running(made) as postgres:
            before, kept = postgres.pid, await keep_one_more(postgres.address)
            kill(before)
            await until(lambda: postgres.restarts == 1)
            assert postgres.ready
            assert postgres.pid != before
            assert await keep_one_more(postgres.address) == kept + 1


async def test_a_backend_that_outlives_its_postmaster_is_waited_for(made: Path) -> None:
    """It holds the shared memory; PostgreSQL does not start beside it."""
    said = made / "postgres.log"
    with trio.fail_after(60):
        async with running(made) as postgres:
            async with connected(postgres.address) as client:
                backend = await client("SELECT pg_backend_pid()")
                kill(backend, signal.SIGSTOP)
                try:
                    kill(postgres.pid)
                    await until(lambda: "is still in use" in said.read_text())
                    assert not postgres.ready
                finally:
                    kill(backend, signal.SIGCONT)
                await until(lambda: postgres.restarts == 1)
            assert await ask(postgres.address, "SELECT 1") == 1


@on_linux
async def test_a_killed_server_leaves_no_postgres_and_no_damage(made: Path) -> None:
    with trio.fail_after(60):
        async with running(made) as postgres:
            kept = await keep_one_more(postgres.address)
        async with killed_server(made):
            assert await keep_one_more(running_address(made)) == kept + 1
        async with running(made) as postgres:
            assert await keep_one_more(postgres.address) == kept + 2


async def test_a_postgres_that_was_left_running_is_stopped_first(made: Path) -> None:
    with trio.fail_after(60):
        cluster = await prepare_cluster(made)
        uid, gid = (cluster.owner.uid, cluster.owner.gid) if cluster.owner else ("-", "-")
        start = (sys.executable, "-I", "-S", LAUNCHER, str(os.getpid()), str(uid), str(gid), cluster.path)
        with child(*start, *command(cluster, made / "postgres"), stderr=subprocess.DEVNULL) as left:
            await until(lambda: is_ready(read_status(cluster.path), left.pid))
            async with running(made) as postgres:
                assert postgres.pid != left.pid
                assert left.poll() == 0
                assert await ask(postgres.address, "SELECT 1") == 1


async def test_a_number_that_is_somebody_elses_now_is_left_alone(made: Path) -> None:
    """As after a reboot, or in a new container: the process that postmaster.pid names is another."""
    async with running(made) as postgres:
        pid_file = made / "postgres" / "cluster" / "postmaster.pid"
        status, lines = pid_file.stat(), pid_file.read_bytes().splitlines()
    cluster = await prepare_cluster(made)
    with trio.fail_after(60):
        async with open_process(
            (Path("/bin/sleep"), "60"), directory=made / "postgres", owner=cluster.owner, output=2, grace=5
        ) as stranger:
            pid_file.write_bytes(b"\n".join((b"%d" % stranger.pid, *lines[1:])) + b"\n")
            pid_file.chmod(0o600)
            os.chown(pid_file, status.st_uid, status.st_gid)
            assert read_pid(cluster.path) == stranger.pid
            async with running(made) as postgres:
                assert await ask(postgres.address, "SELECT 1") == 1
                assert not stranger.has_ended()


async def test_an_initdb_that_was_killed_half_way_is_done_again(fresh: Path) -> None:
    home = fresh / "postgres"
    with trio.fail_after(60):
        with child(sys.executable, "-c", SERVER, fresh, stdout=subprocess.DEVNULL):
            await until(lambda: list(home.glob("new-*/base")))
        (home / "new-0" / "base").mkdir(parents=True)
        (home / "new-0" / "PG_VERSION").write_text("18\n")
        async with running(fresh) as postgres:
            assert await keep_one_more(postgres.address) == 1
            assert list(home.glob("new-*")) == []


@contextmanager
def moved(path: Path, new: Path) -> Generator[Path]:
    new.parent.mkdir(exist_ok=True)
    new.parent.chmod(0o755)
    path.rename(new)
    try:
        yield new
    finally:
        new.rename(path)


async def test_a_path_too_long_for_a_socket_works(made: Path) -> None:
    with trio.fail_after(60), moved(made, made.parent / ("x" * 150) / "data") as long:
        async with running(long) as postgres:
            sockets = postgres.address["host"]
            assert not sockets.startswith(str(long))
            assert os.stat(sockets).st_mode & 0o777 == 0o700
            assert await ask(running_address(long), "SELECT 1") == 1
        assert not is_there(sockets)
        assert not is_there(long / "postgres-socket")


@on_linux
async def test_the_short_place_that_a_killed_server_left_is_used_again_and_cleared(made: Path) -> None:
    with trio.fail_after(60), moved(made, made.parent / ("x" * 150) / "data") as long:
        async with killed_server(long):
            address = running_address(long)
        async with running(long) as postgres:
            assert postgres.address == address
        assert not is_there(address["host"])


async def test_quotes_and_commas_in_the_path_of_the_socket_work(made: Path) -> None:
    with trio.fail_after(60), moved(made, made.parent / 'a, "b" ') as odd:
        async with running(odd) as postgres:
            assert postgres.address["host"] == str(odd / "postgres")
            assert await ask(postgres.address, "SELECT 1") == 1


async def test_an_idle_client_does_not_hold_up_the_stop(made: Path) -> None:
    with trio.fail_after(60):
        async with open_asyncio():
            async with running(made) as postgres:
                client = await run_in_asyncio(partial(asyncpg.connect, **postgres.address))
                began = trio.current_time()
            assert trio.current_time() - began < 2
            client.terminate()


async def test_a_postmaster_that_does_not_listen_is_stopped_by_force_in_time(made: Path) -> None:
    with trio.fail_after(60):
        async with running(made, grace=0.5) as postgres:
            pid = postgres.pid
            kill(pid, signal.SIGSTOP)
            began = trio.current_time()
        assert trio.current_time() - began < 2
        assert pid is not None
        await until_gone(pid, made)


async def test_cancelling_stops_postgres(made: Path) -> None:
    with trio.fail_after(60):
        with trio.CancelScope() as scope:
            async with running(made) as postgres:
                pid = postgres.pid
                scope.cancel()
                await trio.sleep_forever()
        assert scope.cancelled_caught
        assert pid is not None
        assert not await runs_on(pid, made / "postgres" / "cluster")
        assert not (made / "postgres" / "cluster" / "postmaster.pid").exists()  # in order, not by force


@pytest.mark.parametrize("after", [0, 0.02, 0.05, 0.08])
async def test_cancelling_the_start_leaves_nothing_running(made: Path, after: float) -> None:
    with trio.fail_after(60):
        with trio.move_on_after(after):
            async with running(made):
                await trio.sleep_forever()
        pid = read_pid(made / "postgres" / "cluster")
        assert pid is None or not await runs_on(pid, made / "postgres" / "cluster")
        async with running(made) as postgres:
            assert await ask(postgres.address, "SELECT 1") == 1


async def test_it_does_without_pidfd(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    with trio.fail_after(60):
        async with running(made) as postgres:
            kill(postgres.pid)
            await until(lambda: postgres.restarts == 1)
            assert await ask(postgres.address, "SELECT 1") == 1


async def test_a_postgres_that_does_not_start_is_reported_in_one_line(made: Path) -> None:
    settings = made / "postgres" / "cluster" / "postgresql.auto.conf"
    good = settings.read_bytes()
    settings.write_bytes(b"nonsense = 1\n")
    try:
        with (
            trio.fail_after(60),
            pytest.raises(CannotStart, match=r"\"nonsense\".*auto\.conf.* contains errors") as refused,
        ):
            async with running(made):
                pass
        assert "\n" not in str(refused.value)
    finally:
        settings.write_bytes(good)


async def test_the_log_stays_short_and_holds_no_rows(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = made / "postgres.log"
    with trio.fail_after(60):
        async with running(made) as postgres:
            await ask(postgres.address, "CREATE TABLE once (text text PRIMARY KEY)")
            await ask(postgres.address, "INSERT INTO once VALUES ('the message')")
            with pytest.RaisesGroup(asyncpg.UniqueViolationError, flatten_subgroups=True):
                await ask(postgres.address, "INSERT INTO once VALUES ('the message')")
            await until(lambda: "unique constraint" in said.read_text())
            assert "the message" not in said.read_text()
            monkeypatch.setattr("chat.embedded_postgres.server_log.LONGEST", 100)
            postgres._supervisor._log.shorten()
            assert said.stat().st_size == 0
            assert "unique constraint" in (made / "postgres.log.1").read_text()
        assert said.read_text().endswith("database system is shut down\n")  # it writes on, at the new end


async def test_a_broken_block_stops_postgres_too(made: Path) -> None:
    with trio.fail_after(60):
        with pytest.RaisesGroup(ZeroDivisionError):
            async with running(made) as postgres:
                pid = postgres.pid
                raise ZeroDivisionError
        assert pid is not None
        assert not await runs_on(pid, made / "postgres" / "cluster")
