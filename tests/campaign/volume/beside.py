"""What is done at ten million messages beside people who write: backups, an erased person, a deleted room."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from websockets.asyncio.client import ClientConnection, connect

from chat.backup.manifest import read_manifest
from chat.backup.target import backups_in
from chat.domain.entities import LOBBY_ID
from tests.campaign.rows import Row, percentile
from tests.campaign.volume.calls import PATIENCE, V1, World
from tests.campaign.volume.filling import BIG, MIDDLING
from tests.support.people import eventually
from tests.support.saved import fetch_sql

SPEED = int(os.environ.get("VOLUME_SPEED", "200"))
"""Messages a second that others write."""
SOCKETS = 4
CALM = float(os.environ.get("VOLUME_CALM", "30"))
"""Seconds that are compared with, before and after."""
ERASED = 7
"""The person who is erased,"""
ERASING = float(os.environ.get("VOLUME_ERASING", "60"))
"""for so many seconds: the rest follows at the same speed."""
REMOVAL = 1800.0
"""Most seconds for removing the largest room."""

MOST_BESIDE, MOST_BESIDE_ERASING, MOST_VERIFY, MOST_INCREMENTAL = 1.2, 1.1, 300.0, 0.1

_LEFT = "SELECT last_seq FROM rooms WHERE id = $1"
_THERE = "SELECT count(*) FROM rooms WHERE id = $1"
_ERASED = "SELECT count(*) FROM messages WHERE id <= $2 AND sender_id = $1 AND deleted_at IS NOT NULL"
_WROTE = "SELECT count(*) FROM messages WHERE sender_id = $1"
_DONE = "SELECT done_id FROM account_removals WHERE user_id = $1"


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

    def p99(self, *stretches: tuple[float, float]) -> float:
        """Return the p99 of what was sent within these times."""
        return percentile([took for at, took in self.taken if any(a <= at < b for a, b in stretches)], 0.99)

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


@contextmanager
def _timed() -> Iterator[list[float]]:
    """Yield a list that has the times of begin and end after the block."""
    times = [time.monotonic()]
    yield times
    times.append(time.monotonic())


def _calm() -> tuple[float, float]:
    began = time.monotonic()
    time.sleep(CALM)
    return began, time.monotonic()


def _ratio(writers: Writers, calm: list[tuple[float, float]], during: list[float], most: float) -> str:
    ratio = writers.p99((during[0], during[1])) / writers.p99(*calm)
    shown = f"{ratio:.2f}" if ratio <= most else f"**{ratio:.2f}** (goal {most:g})"
    return f"p99 of {SPEED} others' messages/s {1000 * writers.p99(*calm):.0f} ms without, {shown} × with"


def backups_beside(world: World, target: Path) -> Iterator[Row]:
    """Make a full and an incremental backup beside others."""
    shutil.rmtree(target, ignore_errors=True)
    made: list[tuple[float, int]] = []
    with Writers(world) as writers:
        calm = [_calm()]
        for kind in ("a full backup", "a second, incremental one"):
            known = set(backups_in(target)) if target.exists() else set()
            with _timed() as during:
                chat("backup", str(target), "--data", str(world.server.data))
            calm.append(_calm())
            (name,) = set(backups_in(target)) - known
            size = read_manifest(target / name).copied_bytes
            made.append((during[1] - during[0], size))
            said = f"{size / 1e6:,.0f} MB; {_ratio(writers, calm, during, MOST_BESIDE)}"
            if len(made) == 2:
                parts = [made[1][n] / made[0][n] for n in range(2)]
                said += "; of the full one " + ", ".join(
                    f"{part:.2f} of the {what}"
                    if part <= MOST_INCREMENTAL
                    else f"**{part:.2f}** of the {what}"
                    for part, what in zip(parts, ("time", "bytes"), strict=True)
                )
            yield kind, "1 ×", said, f"{made[-1][0]:.0f} s"


def verify(target: Path) -> Iterator[Row]:
    """Verify the backups, and remove them."""
    for name in sorted(backups_in(target)):
        with _timed() as during:
            chat("backup", "verify", str(target / name))
        took = during[1] - during[0]
        said = "proven" if took <= MOST_VERIFY else f"proven; **later than {MOST_VERIFY:.0f} s**"
        yield f"verify `{name}`", "1 ×", said, f"{took:.0f} s"
    shutil.rmtree(target)


def erasing_beside(world: World) -> Row:
    """Erase somebody beside others, for a while."""
    address = world.server.address
    wrote = fetch_sql(address, _WROTE, ERASED)[0][0]
    with Writers(world) as writers:
        calm = [_calm()]
        world.call("POST", f"/admin/people/{ERASED}/removal", {"how": "erase"})
        eventually(lambda: fetch_sql(address, _DONE, ERASED)[0][0] > 0, "it has begun")
        first = fetch_sql(address, _DONE, ERASED)[0][0]
        before = fetch_sql(address, _ERASED, ERASED, first)[0][0]
        with _timed() as during:
            time.sleep(ERASING)
        done = fetch_sql(address, _DONE, ERASED)[0][0]
        erased = fetch_sql(address, _ERASED, ERASED, done)[0][0] - before
    speed = erased / (during[1] - during[0])
    said = (
        f"{erased:,} of {wrote:,} messages, {speed:.0f} a second, so that 100,000 take {1e5 / speed / 60:.0f} minutes;"
        f" {_ratio(writers, calm, during, MOST_BESIDE_ERASING)}"
    )
    return "erase somebody", "1 ×", said, "–"


def removal_beside(world: World) -> Row:
    """Delete the largest room, and wait until its rows are removed; searches go on."""
    address = world.server.address
    messages = fetch_sql(address, _LEFT, BIG)[0][0]
    searches: list[float] = []
    with Writers(world) as writers:
        calm = [_calm()]
        with _timed() as during:
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
        f" {_ratio(writers, calm, during, MOST_BESIDE)}"
    )
    return "delete the largest room", "1 ×", said, f"{during[1] - during[0]:.0f} s"


def chat(*arguments: str) -> None:
    """Run a command, and fail if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "chat", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (arguments, done.stderr[-2000:])
