"""`make campaign`: the faults of test_faults.py often and for long, with the settings that a server has by default.

It prints a table and keeps it in build/campaign.md; docs/reliability.md has the figures of one run. It ends with an
error at the first promise that is broken.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, nullcontext, suppress
from datetime import date
from itertools import chain
from pathlib import Path

from tests.campaign.apart import replaced_and_apart
from tests.campaign.backups import backups
from tests.campaign.crowd import Crowd
from tests.campaign.dead_lines import dead_lines
from tests.campaign.far import far_behind
from tests.campaign.forging import forging
from tests.campaign.hostile_crowd import hostile
from tests.campaign.pushes import pushes
from tests.campaign.readers import A_LITTLE, PAIRS, slow_readers
from tests.campaign.resuming import resuming
from tests.campaign.rows import Row, percentile, spread
from tests.campaign.servers import several_servers
from tests.campaign.upgrades import postgres_upgrades, upgrades
from tests.campaign.volume import volume
from tests.support.faults.load import Load, chats, register_all
from tests.support.faults.machine import (
    IS_ROOT,
    Clock,
    cable,
    end_by_full_disk,
    everything_of,
    few_descriptors,
    full,
    network,
    small_disk,
    spare_database,
)
from tests.support.faults.trials import Trial, killed, load_on, outlives, terminate_connections
from tests.support.people import client, eventually, member
from tests.support.processes import held_connections, kill, postgres_under, resident_kib, stopped
from tests.support.raw_client import RawClient, opening
from tests.support.server import ServerProcess, data_path, running_server

NAMES = ("ada", "ben", "cem", "dora", "eva", "finn", "gwen", "hugo")
SAVED_TO = Path("build/campaign.md")
WITHIN = 5.0
"""Seconds in which the service is back, and in which what can't be saved is refused."""
COMMIT_TIMEOUT = 5.0


def shown(trials: Iterable[Trial], what: str, limit: float = WITHIN) -> Row:
    """One row of the table: Load.check has found nothing lost and nothing doubled."""
    trials = list(trials)
    backs = [trial.back for trial in trials]
    assert statistics.median(backs) <= limit, f"{what}: back after {statistics.median(backs):.1f} s"
    assert max(backs) <= WITHIN, f"{what}: back after {max(backs):.1f} s"
    acknowledged = sum(trial.acknowledged for trial in trials)
    parts = [f"{acknowledged:,} acknowledged, 0 lost, 0 doubled"]
    if any(trial.disturbed for trial in trials):
        longest = max(trial.refusal for trial in trials)
        assert longest <= COMMIT_TIMEOUT + A_LITTLE, f"{what}: refused after {longest:.1f} s"
        parts.append(
            f"{sum(t.refused for t in trials):,} refused and {sum(t.cut for t in trials):,} cut off,"
            f" the slowest after {longest:.2f} s"
        )
    return what, f"{len(trials)} ×", "; ".join(parts), spread(backs)


# --- kills ---


def kills() -> Iterable[Row]:
    with data_path() as data:
        with running_server(data) as server:
            tokens = register_all(server.url, *NAMES)
        yield shown(
            [killed(data, tokens, lambda server: [server.process.pid]) for _ in range(50)],
            "`kill -9` of the server, started again at once (its start included)",
            2.0,
        )
        yield shown(
            [killed(data, tokens, everything_of) for _ in range(10)],
            "`kill -9` of the server and every `postgres` at once",
            2.0,
        )
        with running_server(data) as server:

            def postmaster() -> None:
                kill(postgres_under(server.process.pid)[:1])

            def backends() -> None:
                kill(postgres_under(server.process.pid)[1:])

            yield shown(
                [outlives(server, tokens, nullcontext(), then=postmaster) for _ in range(20)],
                "`kill -9` of the postmaster",
            )
            yield shown(
                [outlives(server, tokens, nullcontext(), then=backends) for _ in range(20)],
                "`kill -9` of every other `postgres`, which makes it recover",
            )
            yield shown(
                [
                    outlives(server, tokens, nullcontext(), then=lambda: terminate_connections(server))
                    for _ in range(20)
                ],
                "every connection ended by `pg_terminate_backend`",
            )


# --- the database is away, or the machine is short of something ---


def shortages() -> Iterable[Row]:
    with data_path() as data, running_server(data) as server:
        tokens = register_all(server.url, *NAMES)
        frozen = stopped(postgres_under(server.process.pid))
        yield shown(
            [outlives(server, tokens, frozen, lasts=30)], "every `postgres` stopped for 30 s (SIGSTOP)"
        )
        for how, what in (("silent", "swallows everything"), ("broken", "ends every connection")):
            with (
                spare_database(server) as database,
                network(database) as line,
                data_path() as other,
                running_server(other, "--database", line.url) as far,
            ):
                far.database = database
                people = register_all(far.url, *NAMES)
                trial = outlives(far, people, getattr(line, how)(), lasts=10)
                yield shown([trial], f"the network to the database {what} for 10 s (relay)")
        if IS_ROOT:
            yield unplugged(server)
        yield no_descriptors(server, tokens)
    if IS_ROOT:
        yield full_disk()
    yield jumping_clock()


def unplugged(server: ServerProcess) -> Row:
    with cable() as wire, spare_database(server) as database, ExitStack() as stack:
        into = ("ip", "netns", "exec", wire.namespace)
        line = stack.enter_context(network(database, *into, host=wire.far_host))
        data = stack.enter_context(data_path())
        far = stack.enter_context(running_server(data, "--database", line.url))
        far.database = database
        trial = outlives(far, register_all(far.url, *NAMES), wire.cut(), lasts=10)
        return shown([trial], "the cable to the database unplugged for 10 s (network namespace)")


def full_disk() -> Row:
    what = "disk full for 10 s, the log's too: PostgreSQL PANICs and stays down"
    return shown([one_full_disk() for _ in range(3)], what)


def one_full_disk() -> Trial:
    """On a new disk each time: once it has made files of log records ahead, PostgreSQL needs no new one."""
    with small_disk(160) as disk, running_server(disk / "data") as server:
        tokens = register_all(server.url, *NAMES)
        fault = full(disk)
        return outlives(server, tokens, fault, then=lambda: end_by_full_disk(server, disk), lasts=10)


def no_descriptors(server: ServerProcess, tokens: dict[str, str]) -> Row:
    with load_on(server, tokens) as load:
        with few_descriptors(server, 50), ExitStack() as stack:
            for _ in range(300):
                stack.enter_context(RawClient(server.url)).send(opening())
            eventually(lambda: "no descriptors left" in server.log.read_text(), "it is full")
            since = time.monotonic()
            time.sleep(5)
            meanwhile = load.acknowledged(since)
            assert meanwhile > 0
        freed = time.monotonic()
        eventually(lambda: chats(server.url, tokens["ada"], "ada", f"hello {freed}"), "the new are served")
        back = time.monotonic() - freed
    said = f"{meanwhile:,} acknowledged meanwhile to those who were in, 0 lost, 0 doubled; the new were turned away"
    return "no file descriptors left for 5 s, 300 connecting", "1 ×", said, f"{back:.2f} s"


def jumping_clock() -> Row:
    with tempfile.TemporaryDirectory(prefix="chat-") as directory, data_path() as data:
        clock = Clock(Path(directory))
        with running_server(data, **clock.environment) as server:
            tokens = register_all(server.url, *NAMES)
            backs = []
            with load_on(server, tokens) as load:
                for shift in (3600, -3600, 86_400, -86_400, 0):
                    clock.jump(shift)
                    backs.append(load.back_after(time.monotonic()))
                    load.wait_for(100)
            what = "the server's clock jumps by an hour and by a day, both ways"
            done = f"{load.acknowledged():,} acknowledged, 0 lost, 0 doubled, nobody cut off or refused"
            assert len(load.attempts) == load.acknowledged()
            return what, "5 ×", done, spread(backs)


# --- crowds ---


def crowds() -> Iterable[Row]:
    yield resets()
    yield reconnects()
    yield from slow_readers(1, stops=True)
    yield idle()


def resets() -> Row:
    with data_path() as data, running_server(data) as server:
        tokens = register_all(server.url, "ada")
        with member(server.url, "ada", tokens["ada"]) as ada, client(server.url) as ben:
            before = held_connections(server.process.pid)
            begun = time.monotonic()
            for number in range(10_000):
                with suppress(ConnectionError):
                    one = RawClient(server.url)
                    one.send(opening()[: number % 200])
                    one.reset()
                if number % 500 == 0:
                    ada.say(f"{number}")
                    assert ben.hear() == ("ada", f"{number}")
            took = time.monotonic() - begun
            eventually(lambda: held_connections(server.process.pid) == before, "they are forgotten")
            back = time.monotonic() - begun - took
        assert "Traceback" not in server.log.read_text()
    done = f"in {took:.1f} s, two who chat meanwhile notice nothing; 0 connections left, 0 tracebacks"
    return "connects and resets, at any byte of the handshake", "10,000 ×", done, f"{back:.2f} s"


def reconnects() -> Row:
    with data_path() as data, running_server(data) as first:
        token = register_all(first.url, "ada")["ada"]
        path = f"/talker?token={token}"
        with Crowd(first.url) as crowd:
            crowd.join(1000, path, greeted=True)
            first.kill()
        started = time.monotonic()
        with running_server(data) as second:
            listening = time.monotonic()
            with Crowd(second.url) as crowd:
                came = crowd.join(1000, path, greeted=True)
                took = [peer.begun + (peer.open_after or 0.0) - listening for peer in came]
    p99 = percentile(took, 0.99)
    assert p99 <= 5
    done = f"all authorised again; p99 {p99:.2f} s after the start, which took {listening - started:.2f} s"
    return "1,000 clients come back at once to a killed server", "1 ×", done, f"{max(took):.2f} s"


def idle() -> Row:
    with data_path() as data, running_server(data) as server, Crowd(server.url) as crowd:
        crowd.join(100, "/talker", greeted=False)
        before = resident_kib(server.process.pid)
        crowd.join(10_000, "/talker", greeted=False, patience=120)
        after = resident_kib(server.process.pid)
        crowd.pump(40)  # each is pinged, and answers
        dropped = sum(peer.ended_at is not None for peer in crowd.peers)
        assert dropped == 0
        done = f"held for 40 s with heartbeats, 0 dropped; {(after - before) / 10_000:.1f} KiB each"
        return "10,000 idle connections from 127.0.x.y", "1 ×", done, "–"


PARTS: dict[str, Callable[[], Iterable[Row]]] = {
    "kills": kills,
    "shortages": shortages,
    "crowds": crowds,
    "readers": lambda: slow_readers(PAIRS, stops=False),
    "hostile": hostile,
    "forging": forging,
    "dead-lines": dead_lines,
    "resuming": resuming,
    "far": far_behind,
    "pushes": pushes,
    "upgrades": upgrades,
    "postgres-upgrades": postgres_upgrades,
    "backups": backups,
    "servers": lambda: chain(several_servers(), replaced_and_apart()),
    "volume": volume,
}
APART = ("volume",)
"""Parts that take so long that they run only when they are asked for."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append")
    chosen = parser.parse_args().only or [part for part in PARTS if part not in APART]
    lines = [
        f"{date.today()}, {os.cpu_count()} cores, {os.uname().sysname} {os.uname().release}, default settings",
        "",
        "| what | how often | result | service back after |",
        "|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    Load.pace = 0.0
    begun = time.monotonic()
    for part in chosen:
        for row in PARTS[part]():
            lines.append("| " + " | ".join(row) + " |")
            print(lines[-1], flush=True)
    took, busy = time.monotonic() - begun, os.getloadavg()[1]
    lines[0] += f"; it took {took / 60:.0f} minutes, the machine's load was {busy:.1f} in the last five"
    SAVED_TO.parent.mkdir(exist_ok=True)
    SAVED_TO.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
