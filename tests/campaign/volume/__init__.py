"""Ten million messages: how long each call takes, bytes, WAL, backups, erased people, retention, and a deleted room.

`VOLUME` is the number of messages, which is compared with a hundredth of it. `VOLUME_PLACE` is a directory in which
what was filled is kept for the next run, and `VOLUME_ONLY=calls,backups` runs some of PARTS: rows are made once, and
each part can be run again by itself. After `retention` and `room` they are made anew. Goals that are missed are marked
in the table; what is lost ends the run.
"""

import asyncio
import hashlib
import os
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.campaign.rows import Row, percentile
from tests.campaign.volume.beside import (
    backups_beside,
    erasing_beside,
    expire,
    removal_beside,
    retention_beside,
)
from tests.campaign.volume.calls import ADMIN, World, measure
from tests.campaign.volume.filling import FILE, fill
from tests.campaign.volume.sizes import measure_sizes
from tests.campaign.volume.wal import RATE, measure_wal
from tests.support.people import register
from tests.support.saved import execute_sql
from tests.support.server import running_server

VOLUME = int(os.environ.get("VOLUME", "10000000"))
TIMES = int(os.environ.get("VOLUME_CALLS", "40"))
"""Calls of each kind on each database."""
FEWEST = 20_000
"""Messages of the smaller database: some are as far apart as a client that is far behind."""
PARTS = ("sizes", "calls", "wal", "backups", "erasing", "retention", "room")
ONLY = os.environ.get("VOLUME_ONLY", ",".join(PARTS)).split(",")
MOST_RATIO, MOST_BYTES, MOST_WAL = 3.0, 500, 3072
"""The goals: how much longer a call may take, and bytes a message of tables and indexes, and of WAL."""

_FILLING = ("--postgres-setting", "max_wal_size=8GB")


def volume() -> Iterable[Row]:
    """Yield the rows."""
    assert set(ONLY) <= set(PARTS), f"VOLUME_ONLY has others than {PARTS}"
    with _place() as place:
        yield from _parts(place)
        if {"retention", "room"} & set(ONLY):
            yield from _removals(place)


def _parts(place: Path) -> Iterable[Row]:
    """Do what leaves the databases as they are for the next run, but for erased people."""
    small = max(VOLUME // 100, FEWEST)
    with ExitStack() as stack:
        worlds = []
        for messages in (small, VOLUME) if "calls" in ONLY else (VOLUME,):
            data, filled = place / str(messages), place / f"{messages}.filled"
            if not filled.exists():
                yield _fill(data, messages)
                filled.touch()
            # What was kept may be of a release before.
            server = stack.enter_context(running_server(data, CHAT_BACKUP_BEFORE_UPGRADE="never"))
            execute_sql(server.address, "UPDATE users SET is_admin = true WHERE name = $1", ADMIN)
            worlds.append(stack.enter_context(World(server)))
        large = worlds[-1]
        parts: dict[str, Callable[[], Iterable[Row]]] = {
            "sizes": lambda: _sizes(large),
            "calls": lambda: _calls(worlds, (small, VOLUME)),
            "wal": lambda: [_wal(large)],
            "backups": lambda: backups_beside(large, place),
            "erasing": lambda: [erasing_beside(large)],
        }
        for part in parts:
            if part in ONLY:
                yield from parts[part]()
        if "retention" in ONLY:
            expire(large.server.address)


def _removals(place: Path) -> Iterable[Row]:
    """Remove messages for good; the next run fills the database anew."""
    (place / f"{VOLUME}.filled").unlink(missing_ok=True)
    with running_server(place / str(VOLUME)) as server, World(server) as world:
        if "retention" in ONLY:
            yield retention_beside(world)
        if "room" in ONLY:
            yield removal_beside(world)


@contextmanager
def _place() -> Iterator[Path]:
    if "VOLUME_PLACE" in os.environ:
        place = Path(os.environ["VOLUME_PLACE"]).absolute()
        place.mkdir(mode=0o755, exist_ok=True)
        yield place
        return
    with tempfile.TemporaryDirectory(prefix="chat-volume-") as directory:
        Path(directory).chmod(0o755)  # PostgreSQL may run as another user
        yield Path(directory)


def _fill(data: Path, messages: int) -> Row:
    shutil.rmtree(data, ignore_errors=True)
    with running_server(data, *_FILLING) as server:
        register(server.url, ADMIN)
        filled = asyncio.run(fill(server.address, messages))
    digest = hashlib.sha256(FILE).hexdigest()
    kept = data / "files" / digest[:2] / digest
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(FILE)
    said = f"{filled.messages:,} messages, {filled.people:,} people, {filled.rooms:,} rooms"
    return "fill a database", "1 ×", f"{said}; `seq` and `pos` have no gap", f"{filled.took:.0f} s"


def _calls(worlds: list[World], sizes: tuple[int, int]) -> Iterator[Row]:
    for taken in measure(worlds, TIMES):
        few, many = taken.seconds
        ratio = statistics.median(many) / statistics.median(few)
        said = "; ".join(
            f"{1000 * statistics.median(seconds):.1f} ms, p95 {1000 * percentile(seconds, 0.95):.1f} at {size:,}"
            for size, seconds in zip(sizes, taken.seconds, strict=True)
        )
        yield taken.name, f"{TIMES} ×", f"{said}: {marked(ratio, MOST_RATIO)} ×", "–"


def _sizes(world: World) -> Iterator[Row]:
    sizes = measure_sizes(world.server.address)
    whole = sum(sizes.values())
    yield "bytes a message, of all tables and indexes", "–", marked(whole, MOST_BYTES, 0), "–"
    for name, each in sizes.items():
        if each >= 1:
            yield f"– `{name}`", "–", f"{each:.0f}", "–"


def _wal(world: World) -> Row:
    wal = measure_wal(world)
    said = f"{marked(wal.bytes, MOST_WAL, 0)} bytes, {wal.images:.1f} page images a message"
    what = f"WAL of what {RATE} messages/s send between two checkpoints"
    return what, f"{wal.messages:,} ×", said, f"{wal.messages / wal.rate:.0f} s"


def marked(value: float, most: float, digits: int = 2) -> str:
    """Return a figure, in bold with its goal if it is missed."""
    shown = f"{value:,.{digits}f}"
    return shown if value <= most else f"**{shown}** (goal {most:g})"
