"""Upgrades that are killed at random moments: of the tables, by a new release, and of the embedded PostgreSQL."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, Any, NamedTuple

import asyncpg
import trio

from chat.embedded_postgres.data_directory import open_data_directory
from chat.embedded_postgres.embedded import open_embedded_postgres, running_address
from chat.storage.postgres.asyncio_bridge import open_asyncio, run_in_asyncio
from chat.storage.postgres.database import DatabaseAddress
from tests.campaign.rows import Row, spread
from tests.support.older_postgres import DEBIANS, WHEELS, make_old_data, upgrade_command, version_in
from tests.support.people import eventually, register, request
from tests.support.processes import kill, postgres_under
from tests.support.releases import Release, older_release, this_release
from tests.support.saved import LOBBY, fetch_sql, write_beside
from tests.support.server import data_path, running_server

TRIALS = int(os.environ.get("UPGRADES", "50"))
"""Kills of each kind."""
MESSAGES = 20_000
DELETED = 40
"""Messages that were sent with keys and deleted, so that the new release has digests to shorten."""

_SCHEMA = "SELECT max(version) FROM schema_migrations"
_CONTENT = """
SELECT (SELECT md5(string_agg(concat_ws(' ', id, room_id, seq, sender_id, text, created_at), ',' ORDER BY id))
        FROM messages),
    (SELECT md5(string_agg(concat_ws(' ', id, name, password_hash), ',' ORDER BY id)) FROM users),
    (SELECT last_id FROM lanes WHERE id = 1)"""
"""What a schema of any release has."""

_INDEXED = "SELECT coalesce((SELECT last_id FROM words_written WHERE id = 1), 0)"
_BEHIND = """
SELECT (SELECT last_id FROM lanes WHERE id = 1) - coalesce((SELECT last_id FROM words_written WHERE id = 1), 0)
    + (SELECT coalesce(max(bucketed_from), 0) FROM words_written)
    + (SELECT coalesce(max(digests_id), 0) FROM retention_state)"""
"""0: the new release has done what it does in the background for the rows of the one before."""
# Each message is found, by its words and its bucket, and nothing else is; of deleted ones a byte of the digest is left.
_WRONG = """
SELECT (SELECT count(*) FROM messages m FULL JOIN message_words w ON w.id = m.id
        WHERE (m.kind = 'message' AND m.deleted_at IS NULL) IS DISTINCT FROM (w.id IS NOT NULL)
            OR w.words IS NOT NULL AND NOT ('~' || (w.id >> 16) = ANY (tsvector_to_array(w.words))))
    + (SELECT count(*) FROM messages WHERE deleted_at IS NOT NULL AND octet_length(key_digest) <> 1)"""
_DELETED = "SELECT count(*) FROM messages WHERE deleted_at IS NOT NULL AND key_digest IS NOT NULL"
_COMMITTED = "upgraded the database's tables"
"""What the log says right after the commit."""


class Found(NamedTuple):
    """What is in a database: its schema, and a digest of its content."""

    schema: int
    content: tuple[Any, ...]


def upgrades() -> Iterable[Row]:
    with tempfile.TemporaryDirectory(prefix="chat-") as directory:
        yield from migrations_killed(Path(directory))


def postgres_upgrades() -> Iterable[Row]:
    for arguments in ((), ("--link",)):
        yield from postgres_killed(WHEELS, *arguments)
        if Path(f"/usr/lib/postgresql/{DEBIANS}/bin/initdb").exists():
            yield from postgres_killed(DEBIANS, *arguments)


def migrations_killed(directory: Path) -> Iterable[Row]:
    """Start this release on data of the one before, and kill it before the commit of its migrations, or after it."""
    older = older_release(directory / "release")
    with data_path() as data:
        fill_older(data, older)
        before = look(data)
        new = Found(this_release().schema, before.content)
        whole, behind = times_of_start(data)
        states, took = [], []
        for _ in range(TRIALS):
            with copied(data) as copy:
                killed_after([*_SERVE, str(copy)], random.uniform(0.2, 1.1) * whole)
                found = look(copy)
                assert found in (before, new), found
                states.append(found == before)
                took.append(started_on(copy))
                assert look(copy) == new
        what = f"`kill -9` of a server that upgrades the tables of {older.version} ({MESSAGES:,} messages)"
        yield what, f"{TRIALS} ×", said(states), spread(took)
        took, unfinished = [], 0
        for number in range(TRIALS):
            with copied(data) as copy:
                killed_behind_commit(copy, random.uniform(0.0, 1.1) * behind, with_postgres=number % 2 == 1)
                assert look(copy) == new
                with running_server(copy) as server:
                    unfinished += fetch_sql(server.address, _BEHIND)[0][0] != 0
                    eventually(
                        lambda: fetch_sql(server.address, _BEHIND)[0][0] == 0, "all is done behind it", 120
                    )
                    assert fetch_sql(server.address, _DELETED)[0][0] == DELETED
                    assert fetch_sql(server.address, _WRONG)[0][0] == 0
                took.append(started_on(copy))
                assert look(copy) == new
        what = f"the same after the commit, within the {behind:.1f} s of what follows; each second time with PostgreSQL"
        done = (
            f"the new {TRIALS} ×; in {unfinished} the rest was done by the next server, each message is found"
        )
        yield what, f"{TRIALS} ×", done, spread(took)


_SERVE = (sys.executable, "-m", "chat", "serve", "--listen", "127.0.0.1:0", "--data")


def fill_older(data: Path, older: Release) -> None:
    """Fill data by an older release: deleted messages, and half of all others are in its search."""
    with running_server(data, **older.environment) as server:
        token = register(server.url, "ada")

        def call(method: str, path: str, body: object = None) -> Any:
            headers = {"Authorization": f"Bearer {token}"}
            answer = request(method, f"{server.url}/api/v1{path}", body, headers=headers)
            assert answer.is_success, answer.text
            return answer.json() if answer.content else None

        for number in range(DELETED):
            body = {"key": f"key-of-message-{number:06}", "text": f"soon deleted {number}"}
            seq = call("POST", f"/rooms/{LOBBY}/messages", body)["seq"]
            call("DELETE", f"/rooms/{LOBBY}/messages/{seq}")
        write_beside(server.address, MESSAGES // 2)
        # It learns of them by a message of its own.
        call("POST", f"/rooms/{LOBBY}/messages", {"key": "key-of-message-between", "text": "one more"})
        eventually(lambda: fetch_sql(server.address, _INDEXED)[0][0] >= MESSAGES // 2, "half is indexed", 120)
        write_beside(server.address, MESSAGES // 2)
        assert server.stop() == 0


def times_of_start(data: Path) -> tuple[float, float]:
    """Return the seconds until a server listens that upgrades the data, and from its commit until all is done."""
    with copied(data) as copy, serving(copy) as (process, lines):
        began = time.monotonic()
        wait_for_commit(lines)
        committed = time.monotonic()
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening")
        whole = time.monotonic() - began
        address = running_address(copy)
        eventually(lambda: fetch_sql(address, _BEHIND)[0][0] == 0, "all is done behind it", 120)
        behind = time.monotonic() - committed
    return whole, behind


def killed_behind_commit(data: Path, seconds: float, *, with_postgres: bool) -> None:
    """Kill a server, perhaps with its PostgreSQL, so many seconds after it has committed its migrations."""
    with serving(data) as (process, lines):
        wait_for_commit(lines)
        time.sleep(seconds)
        victims = [process.pid, *(postgres_under(process.pid) if with_postgres else ())]
        kill(victims)


@contextmanager
def serving(data: Path) -> Generator[tuple["subprocess.Popen[str]", IO[str]]]:
    """Start a server, and yield it with its log at once, before it listens; it is stopped after the block."""
    process = subprocess.Popen(
        [*_SERVE, str(data)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        yield process, process.stderr
    finally:
        process.terminate()
        process.communicate(timeout=60)


def wait_for_commit(lines: IO[str]) -> None:
    """Read the log until it says that the migrations are committed, and from then on, so that nobody waits for it."""
    for line in lines:
        if _COMMITTED in line:
            Thread(target=lambda: deque(lines, 0), daemon=True).start()
            return
    raise AssertionError("the log does not say that the tables were upgraded")


def started_on(data: Path) -> float:
    """Return the seconds that a server takes to start on the data."""
    began = time.monotonic()
    with running_server(data):
        return time.monotonic() - began


def postgres_killed(version: int, *arguments: str) -> Iterable[Row]:
    """Run `chat upgrade-postgres`, and kill it at any moment or around its commit; each second time run it again."""
    with data_path() as data:
        make_old_data(data, version)
        fill(data)
        before = look(data)
        with copied(data) as copy:
            began = time.monotonic()
            done = subprocess.run(
                upgrade_command(copy, *arguments), capture_output=True, text=True, check=False
            )
            whole = time.monotonic() - began
            if done.returncode:  # as with Debian's 15.20, which notes for columns what 18.4 does not know
                assert version_in(copy) == version
                assert look(copy) == before
                why = " ".join(done.stderr.split())[:300]
                yield how_of(arguments, version), "1 ×", f"**fails**, and the old one is whole: {why}", "–"
                return
        states, took = [], []
        for number in range(TRIALS):
            with copied(data) as copy:
                command = upgrade_command(copy, *arguments)
                if number % 4 < 2:
                    killed_after(command, random.uniform(0.1, 1.05) * whole)
                else:
                    killed_at_commit(command, copy, version)
                began = time.monotonic()
                if number % 2:
                    subprocess.run(command, check=True, capture_output=True)
                    assert version_in(copy) == 18
                else:
                    with running_server(copy):
                        took.append(time.monotonic() - began)
                    states.append(version_in(copy) == version)
                assert look(copy) == before
    what = f"`kill -9` of {how_of(arguments, version)} ({MESSAGES:,} messages, {whole:.0f} s)"
    yield what, f"{TRIALS} ×", said(states) + "; each second one run again: the new", spread(took)


def how_of(arguments: Sequence[str], version: int) -> str:
    return " ".join(("`chat upgrade-postgres", *arguments)) + f"` from {version} to 18"


def killed_at_commit(command: Sequence[str], data: Path, version: int) -> None:
    """Kill an upgrade of PostgreSQL within a tenth of a second after the new cluster has its name."""
    home = data / "postgres"
    names = home / "upgraded", home / f"cluster-{version}"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not any(name.exists() for name in names):
        time.sleep(0.001)
    time.sleep(random.choice((0.0, 0.0, 0.01, 0.1)))
    process.send_signal(signal.SIGKILL)
    process.wait()


def said(states: Sequence[bool]) -> str:
    return f"the old {sum(states)} ×, the new {len(states) - sum(states)} ×, always whole"


def fill(data: Path, **environment: str) -> None:
    with running_server(data, **environment) as server:
        register(server.url, "ada")
        write_beside(server.address, MESSAGES)
        assert server.stop() == 0


@contextmanager
def copied(data: Path) -> Generator[Path]:
    """A copy of a data directory for the block."""
    with data_path() as copy:
        subprocess.run(["cp", "-a", data, copy], check=True)
        yield copy


def killed_after(command: Sequence[str], seconds: float) -> None:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()


def look(data: Path) -> Found:
    """Return what is in the embedded database, on the PostgreSQL that it needs, without a server."""

    async def look() -> Found:
        async with (
            open_asyncio(),
            open_data_directory(data) as directory,
            open_embedded_postgres(directory, grace=5) as postgres,
        ):
            return await run_in_asyncio(ask, postgres.address)

    return trio.run(look)


async def ask(address: DatabaseAddress) -> Found:
    connection = await asyncpg.connect(**address, timeout=30)
    try:
        return Found(await connection.fetchval(_SCHEMA), tuple(await connection.fetchrow(_CONTENT)))
    finally:
        await connection.close(timeout=10)
