"""`make campaign ARGS="--only readers"`: a tenth of the readers stop reading; measures the cost for the others.

Each pair is measured within half a minute: a stretch in which all read, another one, and one that begins when a tenth
stops. What the first two differ by is the machine's doing. `PAIRS` says how many there are, and `RATE` in how many
messages the bytes of a second come: where others work beside, the clients do not keep up with 100.
"""

import json
import os
import statistics
import time
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import NamedTuple

from tests.campaign.crowd import Crowd, Peer
from tests.campaign.rows import Row, percentile
from tests.support.faults.load import register_all
from tests.support.people import Person, member
from tests.support.processes import cpu_seconds, resident_kib
from tests.support.server import ServerProcess, data_path, running_server

PAIRS = int(os.environ.get("PAIRS", "6"))
STRETCH = 10.0
"""Seconds: a slow reader is cut five seconds after it stopped, and closed three seconds later at the latest."""
RATE = int(os.environ.get("RATE", "100"))
SIZE = 200_000 // RATE
"""Bytes of a message: those of one second fill a fifth of what may wait for a client."""
READERS, SLOW = 900, 100
A_LITTLE = 1.0
"""Seconds by which the clients' own threads may be late on two cores."""


class HistoryQuery(NamedTuple):
    """The median and the p99 of what readers saw, in seconds, and what part of a core the server took."""

    p50: float
    p99: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.p50 * 1000:.1f} and {self.p99 * 1000:.1f} ms, {self.cpu:.0%} of a core"


class Pair(NamedTuple):
    before: HistoryQuery
    calm: HistoryQuery
    disturbed: HistoryQuery


def slow_readers(pairs: int, *, stops: bool) -> Iterable[Row]:
    with data_path() as data, running_server(data) as server, Crowd(server.url) as crowd:
        token = register_all(server.url, "ada")["ada"]
        everybody = crowd.join(READERS, "/talker", greeted=False)
        seen, cut_after = list[Pair](), list[float]()
        with member(server.url, "ada", token) as ada:
            memory = resident_kib(server.process.pid)
            for _ in range(pairs):
                pair, cuts = _pair(server, crowd, ada)
                print(f"all read: {pair.calm}; a tenth does not: {pair.disturbed}", flush=True)
                seen.append(pair)
                cut_after += cuts
            memory = resident_kib(server.process.pid) - memory
        assert all(peer.ended_at is None for peer in everybody), "one who reads was cut"
        slower = spread([pair.disturbed.p99 / pair.calm.p99 for pair in seen])
        noise = spread([pair.calm.p99 / pair.before.p99 for pair in seen])
        work = spread([pair.disturbed.cpu / pair.calm.cpu for pair in seen])
        yield (
            f"{SLOW} of {READERS + SLOW:,} stop reading at {RATE} messages/s of {SIZE:,} bytes",
            f"{pairs} ×",
            f"the others' p99 is {slower} times what it was while all read, which is {noise} times what it was just"
            f" before; the server works {work} times as much; p50 and p99 {_medians(pair.calm for pair in seen)} before"
            f" and {_medians(pair.disturbed for pair in seen)} after; all are cut, the last {max(cut_after):.1f} s"
            f" after it stopped; memory {memory / 1024:+.0f} MiB",
            "–",
        )
        if stops:
            yield _stopping(server, crowd, everybody)


def _pair(server: ServerProcess, crowd: Crowd, ada: Person) -> tuple[Pair, list[float]]:
    """Measure; return with it after how many seconds each slow reader was cut."""
    slow = crowd.join(SLOW, "/talker", greeted=False, receive_buffer=4096)
    for peer in slow:
        peer.sample = False  # what is measured is the others, also while these still read
    crowd.pump(2, 1 / RATE, partial(_speak, ada))
    before, calm = (_stretch(server, crowd, ada) for _ in range(2))
    known = len(_cuts(server))
    for peer in slow:
        crowd.stop_reading(peer)
    begun = time.time()
    disturbed = _stretch(server, crowd, ada)
    cuts = [moment - begun for moment in _cuts(server)[known:]]
    assert len(cuts) == SLOW, f"{len(cuts)} of {SLOW} were cut"
    for peer in slow:
        peer.sock.close()
    return Pair(before, calm, disturbed), cuts


def _stretch(server: ServerProcess, crowd: Crowd, ada: Person) -> HistoryQuery:
    crowd.latencies.clear()
    cpu = cpu_seconds(server.process.pid)
    crowd.pump(STRETCH, 1 / RATE, partial(_speak, ada))
    cpu = (cpu_seconds(server.process.pid) - cpu) / STRETCH
    return HistoryQuery(percentile(crowd.latencies, 0.5), percentile(crowd.latencies, 0.99), cpu)


def _speak(ada: Person) -> None:
    ada.say(f"{time.time():.6f} ".ljust(SIZE // 2, "é"))  # a letter of two bytes: a message has 4,000 of them


def spread(ratios: list[float]) -> str:
    """Say what they are in the middle, and from where to where they reach."""
    middle = f"{statistics.median(ratios):.2f}"
    return middle if len(ratios) == 1 else f"{middle} ({min(ratios):.2f} to {max(ratios):.2f})"


def _medians(stretches: Iterable[HistoryQuery]) -> str:
    p50, p99, _ = zip(*stretches, strict=True)
    return f"{statistics.median(p50) * 1000:.1f} and {statistics.median(p99) * 1000:.1f} ms"


def _cuts(server: ServerProcess) -> list[float]:
    """When slow readers were cut (wall clock, s), as the log has it."""
    lines = map(json.loads, server.log.read_text().splitlines())
    return [
        datetime.fromisoformat(line["timestamp"]).timestamp()
        for line in lines
        if line["event"] == "client disconnected: it reads too slowly"
    ]


def _stopping(server: ServerProcess, crowd: Crowd, readers: list[Peer]) -> Row:
    """A stop with 1,000 sockets of which a tenth does not read."""
    silent = crowd.join(SLOW, "/talker", greeted=False, receive_buffer=4096)
    for peer in silent:
        crowd.stop_reading(peer)
    with member(server.url, "ben") as ben:
        for number in range(100):
            ben.say(f"- {number} " + "x" * 2000)
        crowd.pump(2)
        begun = time.monotonic()
        server.process.terminate()
        while server.process.poll() is None:
            assert time.monotonic() < begun + 30
            crowd.pump(0.05)
        took = time.monotonic() - begun
        crowd.pump(0.2)
    got = sum(peer.closed_with == 1001 for peer in readers)
    assert got == len(readers), f"only {got} of {len(readers)} were told"
    assert took <= 5 + A_LITTLE
    done = f"over after {took:.2f} s; {got} of {len(readers)} readers saw 1001"
    return "SIGTERM with 1,000 sockets, a tenth not reading", "1 ×", done, "–"
