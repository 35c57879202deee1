"""Upgrades that are killed at random moments: of the tables, by a new release, and of the embedded PostgreSQL."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import trio

from chat.embedded_postgres.data_directory import open_data_directory
from chat.embedded_postgres.embedded import open_embedded_postgres
from chat.storage.postgres.asyncio_bridge import open_asyncio, run_in_asyncio
from chat.storage.postgres.database import DatabaseAddress
from tests.campaign.rows import Row, spread
from tests.support.older_postgres import DEBIANS, WHEELS, make_old_data, upgrade_command, version_in
from tests.support.people import register
from tests.support.releases import older_release, this_release
from tests.support.saved import write_beside
from tests.support.server import data_path, running_server

TRIALS = int(os.environ.get("UPGRADES", "50"))
"""Kills of each kind."""
MESSAGES = 50_000

_SCHEMA = "SELECT max(version) FROM schema_migrations"
_CONTENT = """
SELECT (SELECT md5(string_agg(concat_ws(' ', id, room_id, seq, sender_id, text, created_at), ',' ORDER BY id))
        FROM messages),
    (SELECT md5(string_agg(concat_ws(' ', id, name, password_hash), ',' ORDER BY id)) FROM users),
    (SELECT last_id FROM lanes WHERE id = 1)"""
"""What a schema of any release has."""


class Found(NamedTuple):
    """What is in a database: its schema, and a digest of its content."""

    schema: int
    content: tuple[Any, ...]


def upgrades() -> Iterable[Row]:
    with tempfile.TemporaryDirectory(prefix="chat-") as directory:
        yield migrations_killed(Path(directory))
    version = DEBIANS if Path(f"/usr/lib/postgresql/{DEBIANS}/bin/initdb").exists() else WHEELS
    for arguments in ((), ("--link",)):
        yield postgres_killed(version, arguments)


def migrations_killed(directory: Path) -> Row:
    """Start this release on data of the one before, and kill it."""
    older = older_release(directory / "release")
    with data_path() as data:
        fill(data, **older.environment)
        before = look(data)
        command = [sys.executable, "-m", "chat", "serve", "--listen", "127.0.0.1:0", "--data"]
        states, took = [], []
        whole = time_of_start(command, data)
        for _ in range(TRIALS):
            with copied(data) as copy:
                killed_after([*command, str(copy)], random.uniform(0.2, 1.1) * whole)
                found = look(copy)
                assert found.content == before.content
                assert found.schema in (before.schema, this_release().schema), found
                states.append(found.schema == before.schema)
                began = time.monotonic()
                with running_server(copy):
                    took.append(time.monotonic() - began)
                assert look(copy) == Found(this_release().schema, before.content)
    what = f"`kill -9` of a server that upgrades the tables of {older.version} ({MESSAGES:,} messages)"
    return what, f"{TRIALS} ×", said(states), spread(took)


def postgres_killed(version: int, arguments: Sequence[str]) -> Row:
    """Run `chat upgrade-postgres`, and kill it; each second time run it again."""
    with data_path() as data:
        make_old_data(data, version)
        fill(data)
        before = look(data)
        with copied(data) as copy:
            began = time.monotonic()
            subprocess.run(upgrade_command(copy, *arguments), check=True, capture_output=True)
            whole = time.monotonic() - began
        states, took = [], []
        for number in range(TRIALS):
            with copied(data) as copy:
                killed_after(upgrade_command(copy, *arguments), random.uniform(0.1, 1.05) * whole)
                began = time.monotonic()
                if number % 2:
                    subprocess.run(upgrade_command(copy, *arguments), check=True, capture_output=True)
                    assert version_in(copy) == 18
                else:
                    with running_server(copy):
                        took.append(time.monotonic() - began)
                    states.append(version_in(copy) == version)
                assert look(copy) == before
    how = " ".join(("`chat upgrade-postgres", *arguments)) + "`"
    what = f"`kill -9` of {how} from {version} to 18 ({MESSAGES:,} messages, {whole:.0f} s)"
    return what, f"{TRIALS} ×", said(states) + "; each second one run again: the new", spread(took)


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


def time_of_start(command: Sequence[str], data: Path) -> float:
    with copied(data) as copy:
        began = time.monotonic()
        process = subprocess.Popen(
            [*command, str(copy)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening")
        took = time.monotonic() - began
        process.terminate()
        process.communicate(timeout=60)
    return took


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
