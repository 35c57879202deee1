"""What is done at ten million messages beside people who write: backups, an erased person, a deleted room."""

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import pyrage
from websockets.asyncio.client import ClientConnection, connect

from chat.backup.manifest import read_manifest
from chat.backup.target import newest_in
from chat.domain.entities import LOBBY_ID
from tests.campaign.rows import Row, percentile
from tests.campaign.volume.calls import PATIENCE, V1, World
from tests.campaign.volume.filling import AUTHORS, BIG, MIDDLING
from tests.support.people import eventually
from tests.support.processes import cpu_seconds_under
from tests.support.saved import execute_sql, fetch_sql

SPEED = int(os.environ.get("VOLUME_SPEED", "200"))
"""Messages a second that others write."""
SOCKETS = 4
CALM = float(os.environ.get("VOLUME_CALM", "20"))
"""Seconds that are compared with, before and after."""
ROUNDS = int(os.environ.get("VOLUME_ROUNDS", "3"))
"""How often something is done beside others, with calm seconds between."""
WORKING = float(os.environ.get("VOLUME_WORKING", "20"))
"""Seconds of each round in which people are erased, or expired messages are removed."""
REMOVAL = 1800.0
"""Most seconds for removing the largest room."""

MOST_BESIDE, MOST_BESIDE_ERASING, MOST_VERIFY, MOST_INCREMENTAL = 1.2, 1.1, 300.0, 0.1

_LEFT = "SELECT last_seq FROM rooms WHERE id = $1"
_THERE = "SELECT count(*) FROM rooms WHERE id = $1"
# Half of the authors who are there; person 1 writes.
_ERASABLE = "SELECT id FROM users WHERE id BETWEEN 2 AND $1 AND deleted_at IS NULL ORDER BY id LIMIT 20"
_PROGRESS = "SELECT sum(done_id) FROM account_removals"
# Also those of a run before, which come first.
_ERASED = """
SELECT count(*) FROM messages
WHERE sender_id IN (SELECT user_id FROM account_removals) AND deleted_at IS NOT NULL"""
# Whether the server may go on: it respects the claim of another one.
_HOLD_ERASING = """
UPDATE account_removals SET claimed_by = CASE WHEN $1 THEN NULL ELSE 1 END,
    claimed_until = CASE WHEN $1 THEN NULL ELSE now() + interval '1 hour' END WHERE finished_at IS NULL"""
_HOLD_RETENTION = """
INSERT INTO retention_state (id, claimed_by, claimed_until) VALUES (1, 1, now() + $1::float8 * interval '1 s')
ON CONFLICT (id) DO UPDATE SET claimed_by = 1, claimed_until = excluded.claimed_until"""
_EXPIRE = """
INSERT INTO settings (name, value, changed_at) VALUES ('message_days', '180', now() - interval '2 hours')
ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at"""
_REMOVED = "SELECT sum(first_seq - 1)::bigint FROM rooms"


class Writers:
    """Connections that send SPEED messages a second together during the block, each at its time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._write()))
        self._failed: BaseException | None = None
        self.taken: list[tuple[float, float]] = []
        """When each was due, by the monotonic clock, and its seconds until the acknowledgement."""

    def __enter__(self) -> "Writers":
        self._thread.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(PATIENCE)
        if error is None and self._failed is not None:
            raise self._failed

    def percentile(self, stretches: list["Stretch"], part: float) -> float:
        """Return the percentile of what was sent within these times."""
        within = [took for at, took in self.taken if any(each.began <= at < each.ended for each in stretches)]
        return percentile(within, part)

    async def _write(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(SOCKETS):
                    group.create_task(self._speak(number))
        except BaseException as error:
            self._failed = error
            raise

    async def _speak(self, number: int) -> None:
        url = f"{self._world.server.socket_url}{V1}/socket"
        async with connect(url, compression=None, proxy=None, max_queue=None, ping_interval=None) as socket:
            await socket.send(json.dumps({"type": "hello", "id": 1, "token": self._world.lasting}))
            waiting: dict[int, float] = {}
            hearing = asyncio.create_task(self._hear(socket, waiting))
            began, mark = time.monotonic() + number / SPEED, os.urandom(4).hex()
            for count in range(1, 1 << 30):
                due = began + count * SOCKETS / SPEED
                await asyncio.sleep(max(due - time.monotonic(), 0))
                if self._over.is_set():
                    break
                waiting[count + 1] = due
                said = {"type": "send", "id": count + 1, "room": LOBBY_ID, "key": f"{mark}{number}-{count}"}
                await socket.send(json.dumps({**said, "text": f"beside it, number {count}"}))
            hearing.cancel()

    async def _hear(self, socket: ClientConnection, waiting: dict[int, float]) -> None:
        async for frame in socket:
            answer = json.loads(frame)
            if (due := waiting.pop(answer.get("id", 0), None)) is not None:
                assert answer["type"] == "send_ok", answer
                self.taken.append((due, time.monotonic() - due))


class Stretch(NamedTuple):
    """A stretch of time, by the monotonic clock, and the seconds of CPU that server and PostgreSQL took in it."""

    began: float
    ended: float
    cpu: float

    @property
    def load(self) -> float:
        return self.cpu / (self.ended - self.began)


class Rounds:
    """Compares what others' messages take while something is done with stretches before and after it."""

    def __init__(self, world: World, writers: Writers) -> None:
        self._pid, self._writers = world.server.process.pid, writers
        self._calm: list[Stretch] = []
        self._during: list[Stretch] = []
        self.wait()

    def wait(self) -> None:
        """Do nothing for a while."""
        with self._stretch(self._calm):
            time.sleep(CALM)

    @contextmanager
    def doing(self) -> Iterator[None]:
        """Something is done in the block; then nothing is done for a while."""
        with self._stretch(self._during):
            yield
        self.wait()

    @property
    def seconds(self) -> float:
        """The median of how long it took."""
        return statistics.median(each.ended - each.began for each in self._during)

    def result(self, most: float) -> str:
        """Return how p50, p99 and CPU compare, in bold if the p99 is above `most` times the one without."""
        p50, p99 = (self._ratio(part, self._calm, self._during) for part in (0.5, 0.99))
        each = [
            self._ratio(0.99, [before, after], [during])
            for before, during, after in zip(self._calm, self._during, self._calm[1:], strict=False)
        ]
        shown = f"{p99:.2f}" if p99 <= most else f"**{p99:.2f}** (goal {most:g})"
        if len(each) > 1:
            shown += f", {min(each):.2f} to {max(each):.2f} in {len(each)} rounds"
        without = 1000 * self._writers.percentile(self._calm, 0.99)
        calm, busy = (
            statistics.median(each.load for each in stretches) for stretches in (self._calm, self._during)
        )
        return (
            f"of {SPEED} others' messages/s p50 {p50:.2f} ×, p99 {shown} × ({without:.0f} ms without);"
            f" the server's CPU {busy:.2f} of a core, {calm:.2f} without"
        )

    def _ratio(self, part: float, calm: list[Stretch], during: list[Stretch]) -> float:
        return self._writers.percentile(during, part) / self._writers.percentile(calm, part)

    @contextmanager
    def _stretch(self, into: list[Stretch]) -> Iterator[None]:
        began, cpu = time.monotonic(), cpu_seconds_under(self._pid)
        yield
        into.append(Stretch(began, time.monotonic(), cpu_seconds_under(self._pid) - cpu))


def backups_beside(world: World, place: Path) -> Iterator[Row]:
    """Make full and incremental backups beside others, also encrypted ones, and prove them."""
    identity = pyrage.x25519.Identity.generate()
    for kind, arguments in (("", ()), ("encrypted ", ("--recipient", str(identity.to_public())))):
        yield from _backups(world, place / f"{kind.strip() or 'plain'}-backups", kind, arguments)


def _backups(world: World, target: Path, kind: str, arguments: tuple[str, ...]) -> Iterator[Row]:
    sizes: dict[str, list[int]] = {}
    with Writers(world) as writers:
        rounds = {what: Rounds(world, writers) for what in ("full", "incremental")}
        for _ in range(ROUNDS):
            shutil.rmtree(target, ignore_errors=True)
            for what in rounds:
                with rounds[what].doing():
                    chat("backup", str(target), "--data", str(world.server.data), *arguments)
                sizes.setdefault(what, []).append(read_manifest(newest_in(target)).copied_bytes)
    full, size = rounds["full"].seconds, statistics.median(sizes["full"])
    for what, each in rounds.items():
        copied = statistics.median(sizes[what])
        said = f"{copied / 1e6:,.0f} MB; {each.result(MOST_BESIDE)}"
        if what == "incremental":
            parts = {"time": each.seconds / full, "bytes": copied / size}
            said += "; of the full one " + ", ".join(
                f"{part:.2f} of the {name}" if part <= MOST_INCREMENTAL else f"**{part:.2f}** of the {name}"
                for name, part in parts.items()
            )
        yield f"{what} {kind}backup", f"{ROUNDS} ×", said, f"{each.seconds:.1f} s"
    with Writers(world) as writers:
        proofs = Rounds(world, writers)
        with proofs.doing():
            chat("backup", "verify", str(target), "--data", str(world.server.data))
    late = "" if proofs.seconds <= MOST_VERIFY else f" **later than {MOST_VERIFY:.0f} s**;"
    said = f"proven;{late} {proofs.result(MOST_BESIDE)}"
    yield f"verify the incremental {kind}backup", "1 ×", said, f"{proofs.seconds:.1f} s"
    shutil.rmtree(target)


def erasing_beside(world: World) -> Row:
    """Erase people beside others, for some seconds in each round; what is left waits for an hour."""
    address = world.server.address
    people = [row["id"] for row in fetch_sql(address, _ERASABLE, AUTHORS)]
    with Writers(world) as writers:
        for person in people:
            world.call("POST", f"/admin/people/{person}/removal", {"how": "erase"})
        execute_sql(address, _HOLD_ERASING, False)
        done, spent = 0, 0.0
        rounds = Rounds(world, writers)
        for _ in range(ROUNDS):
            place = fetch_sql(address, _PROGRESS)[0][0]
            execute_sql(address, _HOLD_ERASING, True)
            # It looks every ten seconds.
            eventually(lambda place=place: fetch_sql(address, _PROGRESS)[0][0] > place, "it goes on", 30)
            before, began = fetch_sql(address, _ERASED)[0][0], time.monotonic()
            with rounds.doing():
                time.sleep(WORKING)
                execute_sql(address, _HOLD_ERASING, False)
                spent += time.monotonic() - began
            done += fetch_sql(address, _ERASED)[0][0] - before
    speed = done / spent
    said = (
        f"{done:,} messages, {speed:.0f} a second, so that 100,000 take {1e5 / speed / 60:.1f} minutes;"
        f" {rounds.result(MOST_BESIDE_ERASING)}"
    )
    return "erase people", f"{ROUNDS} × {WORKING:.0f} s", said, "–"


def retention_beside(world: World) -> Row:
    """Remove expired messages beside others; the server started after expire()."""
    address = world.server.address
    seconds = ROUNDS * WORKING
    with Writers(world) as writers:
        rounds, before = Rounds(world, writers), fetch_sql(address, _REMOVED)[0][0]
        execute_sql(address, _HOLD_RETENTION, 0.0)
        eventually(lambda: fetch_sql(address, _REMOVED)[0][0] > before, "it has begun", 30)
        before = fetch_sql(address, _REMOVED)[0][0]
        with rounds.doing():
            time.sleep(seconds)
            done = fetch_sql(address, _REMOVED)[0][0] - before
            execute_sql(address, _HOLD_RETENTION, 3600.0)
    said = f"{done:,} messages, {done / seconds:.0f} a second; {rounds.result(MOST_BESIDE_ERASING)}"
    return "remove what has expired", f"{seconds:.0f} s", said, "–"


def expire(address: dict[str, Any]) -> None:
    """Have a half of all messages expired, but nothing removed before the measurement."""
    execute_sql(address, _EXPIRE)
    execute_sql(address, _HOLD_RETENTION, 3600.0)


def removal_beside(world: World) -> Row:
    """Delete the largest room, and wait until its rows are removed; searches go on."""
    address = world.server.address
    messages = fetch_sql(address, _LEFT, BIG)[0][0]
    searches: list[float] = []
    with Writers(world) as writers:
        rounds = Rounds(world, writers)
        with rounds.doing():
            world.call("DELETE", f"/admin/rooms/{BIG}")
            until = time.monotonic() + REMOVAL
            while fetch_sql(address, _THERE, BIG)[0][0]:
                assert time.monotonic() < until, "the rows of a deleted room are still there"
                world.get("/search", q=MIDDLING, limit=20)
                searches.append(world.took)
                time.sleep(1)
    log = world.server.log.read_text()
    retried = log.count("not removed yet")
    assert not retried, "a step of the removal has failed"
    said = (
        f"{messages:,} messages, no step failed; searches meanwhile {1000 * max(searches):.0f} ms at most;"
        f" {rounds.result(MOST_BESIDE)}"
    )
    return "delete the largest room", "1 ×", said, f"{rounds.seconds:.0f} s"


def chat(*arguments: str) -> None:
    """Run a command, and fail if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "chat", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (arguments, done.stderr[-2000:])
