"""What it costs to announce a commit: after it on another connection, or with NOTIFY in the saving transaction.

    python -m bench.announcing [SECONDS]

Four servers save at once, each as the journal does: one statement a commit, the next when that is on the disk. They
are four servers of one chat, or four chats on one PostgreSQL. Each listens, as servers do. Decision 16 quotes this.
"""

import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import asyncpg

from bench.machine import cpu_used
from bench.population import DatabaseAddress
from bench.processes import running
from bench.server import ROOT
from chat.domain.entities import MessageKind
from chat.storage.postgres import saving_queries as queries
from chat.storage.postgres.migration_files import known_migrations

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_SERVERS = 4
_ROUNDS = 5
_TEXT = "x" * 64
_RETURNED = "log.last_id FROM counted"
# One row a commit, as each has one room; so NOTIFY is asked once.
_NOTIFYING = queries.SAVE.plain.replace(
    _RETURNED, f"pg_notify('said', log.last_id || $11) AS notified, {_RETURNED}"
)
_NOTIFY = "SELECT count(pg_notify('said', payload)) FROM unnest($1::text[]) AS payload"
_NO_WAIT_FOR_THE_DISK = "SET synchronous_commit = off"


class Server:
    """One that saves in a room of its own, and tells the others."""

    def __init__(self, saving: Connection, announcing: Connection, room_id: int, sender_id: int) -> None:
        self.commits = 0
        self._saving = saving
        self._announcing = announcing
        self._room_id = room_id
        self._sender_id = sender_id
        self._waiting: list[str] = []  # payloads
        self._woken = asyncio.Event()

    async def save(self, batch: int, within: bool) -> None:
        """Commit batch after batch, until cancelled; announce each `within` its transaction, or after it."""
        room, sender = self._room_id, self._sender_id
        share = ([room], [batch], [sender], [0])
        drafts = (
            [room] * batch,
            list(range(1, batch + 1)),
            [sender] * batch,
            [MessageKind.TEXT.value] * batch,
        )
        arguments = (*share, *drafts, [_TEXT] * batch, [0.0] * batch)
        payload = "," + (_TEXT + "x" * 50) * min(batch, 64)  # what a message takes beside its text
        while True:
            if within:
                await self._saving.fetch(_NOTIFYING, *arguments, payload)
            else:
                (row,) = await self._saving.fetch(queries.SAVE.plain, *arguments)
                self._waiting.append(str(row["last_id"]) + payload)
                self._woken.set()
            self.commits += 1

    async def announce(self) -> None:
        """Send what waits, until cancelled."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            waiting, self._waiting = self._waiting, []
            await self._announcing.fetchval(_NOTIFY, waiting)


@asynccontextmanager
async def _servers(address: DatabaseAddress, chats: int) -> AsyncGenerator[list[Server]]:
    async with AsyncExitStack() as stack:

        async def connect(database: str) -> Connection:
            connection: Connection = await asyncpg.connect(**{**address, "database": database})
            stack.push_async_callback(connection.close)
            return connection

        made: list[Server] = []
        for number in range(_SERVERS):
            chat = f"{chats}_chats_{number % chats}"
            if number < chats:
                await (await connect(address["database"])).execute(f'CREATE DATABASE "{chat}"')
                for migration in known_migrations():
                    await (await connect(chat)).execute(migration.text)
            saving, announcing, listening = [await connect(chat) for _ in range(3)]
            await announcing.execute(_NO_WAIT_FOR_THE_DISK)
            await listening.add_listener("said", lambda *_heard: None)
            person = "INSERT INTO users (name, name_key, password_hash) VALUES ($1, $1, '') RETURNING id"
            room = "INSERT INTO rooms (kind, name, name_key) VALUES ('room', $1, $1) RETURNING id"
            name = f"server{number}"
            made.append(
                Server(
                    saving, announcing, await saving.fetchval(room, name), await saving.fetchval(person, name)
                )
            )
        yield made


async def _commits_per_s(servers: list[Server], batch: int, within: bool, seconds: float) -> float:
    before = sum(server.commits for server in servers)
    tasks = [asyncio.create_task(server.save(batch, within)) for server in servers]
    tasks += [asyncio.create_task(server.announce()) for server in servers]
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    counted = sum(server.commits for server in servers) - before
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(ended, asyncio.CancelledError):
            raise ended if isinstance(ended, BaseException) else AssertionError("a task has ended")
    return counted / seconds


async def _compare(address: DatabaseAddress, postgres: int, seconds: float) -> None:
    for chats in (1, _SERVERS):
        async with _servers(address, chats) as servers:
            for batch in (1, 64):
                figures: dict[bool, list[float]] = {False: [], True: []}
                costs: dict[bool, list[float]] = {False: [], True: []}
                for number in range(2 * _ROUNDS):
                    within = number % 2 == 1
                    before = cpu_used([postgres]).total
                    figures[within].append(await _commits_per_s(servers, batch, within, seconds))
                    used = cpu_used([postgres]).total - before
                    costs[within].append(used / seconds / figures[within][-1] * 1e6)
                ratios = [one / other for one, other in zip(*figures.values(), strict=True)]
                after, inside = (
                    f"{statistics.median(figures[within]):,.0f} ({statistics.median(costs[within]):,.0f} µs)"
                    for within in figures
                )
                print(
                    f"{chats} chat(s) on one PostgreSQL, {_SERVERS} servers, {batch} messages a commit; "
                    f"commits/s (CPU of PostgreSQL for each): announced after {after}, within {inside}; "
                    f"× {statistics.median(ratios):.2f}",
                    flush=True,
                )


def main() -> None:
    """Measure, and print a line for each case."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        place = Path(name)
        place.chmod(0o755)  # PostgreSQL may run as another user
        command: list[str | Path] = [sys.executable, "-m", "bench.database", place / "data"]
        with running(command, place / "database.log", directory=ROOT) as (pid, line):
            asyncio.run(_compare(json.loads(line), pid, seconds))


if __name__ == "__main__":
    main()
