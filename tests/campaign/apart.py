"""Servers, PostgreSQL and Redis in network namespaces whose links fail; and workers replaced one by one."""

import signal
import time
from collections.abc import Iterable

from tests.campaign.rows import Row
from tests.campaign.servers import bus_outages, far_stopped, one_killed, restarted, shown, shown_kills, silent
from tests.support.faults.everybody import register_everybody, talking
from tests.support.faults.machine import IS_ROOT
from tests.support.faults.machines import Machines, machines
from tests.support.people import eventually
from tests.support.redis import redis_program
from tests.support.server import data_path, running_server

RESTARTS = 3
"""Rolling restarts, and restarts of PostgreSQL and of Redis, on each bus."""


def replaced_and_apart() -> Iterable[Row]:
    yield replaced()
    if IS_ROOT:
        for bus in ("notify", "redis") if redis_program() else ("notify",):
            with machines(bus) as servers:
                yield from apart(servers, f" (namespaces, `{bus}`)")


def apart(servers: Machines, where: str) -> Iterable[Row]:
    """All faults of one bus."""
    yield silent(servers, f"one of two servers stopped for 8 s (SIGSTOP), and woken{where}", far_stopped)
    cables = [("the database", servers.to_database)]
    if servers.to_bus is not None:
        cables.append(("Redis", servers.to_bus))
    for other, wire in cables:
        for what, fault in (
            (f"the cable between one of two servers and {other} unplugged for 8 s", wire.unplugged),
            (f"what one of two servers sends to {other} is lost for 8 s", wire.mute),
            (f"what {other} sends to one of two servers is lost for 8 s", wire.deaf),
        ):
            yield silent(servers, f"{what}{where}", lambda _s, f=fault: f())

    def restart() -> None:
        servers.postgres.stop()
        servers.postgres.start()

    def crash() -> None:
        servers.postgres.kill()
        servers.postgres.start()

    yield restarted(servers, f"the PostgreSQL of two servers restarted (SIGINT){where}", restart, RESTARTS)
    yield restarted(servers, f"`kill -9` of every `postgres` of two servers{where}", crash, RESTARTS)
    if servers.redis is not None:
        yield from bus_outages(servers, servers.redis, where, RESTARTS)
    what = "`kill -9` of one of two servers, its people go to the other"
    yield shown_kills(f"{what}{where}", [one_killed(servers)])


def replaced() -> Row:
    """Two workers are replaced while people talk; nobody is refused anything."""
    talks, backs = [], []
    with data_path() as data, running_server(data, "--workers", "2", "--restart-spread", "2") as server:
        tokens = register_everybody(server.url, server.address)
        for number in range(1, RESTARTS + 1):
            with talking(server.url, server.url, tokens, lambda: server.address) as talk:
                server.process.send_signal(signal.SIGUSR2)
                eventually(
                    lambda n=number: server.log.read_text().count("all workers have been replaced") == n,
                    "all are replaced",
                    60,
                )
                replaced = time.monotonic()
                backs.append(talk.received_by_all(replaced, talk.near, talk.far))
                assert all(each.closed_with for each in talk.everybody), "everybody was sent away"
                assert talk.refusals() == []
            talks.append(talk)
    what = "both of two workers replaced (SIGUSR2), everybody sent away"
    return shown(what, talks, backs, "; 0 connections and 0 messages refused")
