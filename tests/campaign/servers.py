"""Two servers of one chat: effects of faults, the time of a removal, and the gain by another server."""

import json
import os
import signal
import statistics
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial

import asyncpg
from websockets.sync.client import ClientConnection, connect

from tests.campaign.rows import Row, percentile, spread
from tests.support.faults.everybody import FAR, Conversation
from tests.support.faults.removals import CREATOR, LEAVES, garden
from tests.support.faults.two_servers import Servers, TwoServers, conversation, two_servers
from tests.support.people import PATIENCE, Line, client, eventually, member
from tests.support.processes import kill, postgres_under, stopped, wait_until_ended
from tests.support.redis import RedisServer, redis_program, redis_server
from tests.support.saved import execute_sql
from tests.support.server import ServerProcess, data_path, running_server

LASTS = 8.0
"""Seconds of a fault that lasts: longer than a lease."""
OUTAGE = 3.0
"""Seconds for which a bus is down."""
BACK_WITHIN = 5.0
REMOVED_WITHIN = 6.0
REMOVALS = 200
HOPS = 500

_END_THE_BUS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'chat bus%'"
)


def several_servers() -> Iterable[Row]:
    with data_path() as data, running_server(data) as home:
        with two_servers(home, "notify") as servers:
            yield from latencies(servers)
            yield from faults(servers)
            for what, end in (
                ("the PostgreSQL of two servers restarted (SIGINT)", end_in_order),
                ("`kill -9` of every `postgres` of two servers: the leases are gone", kill),
            ):
                yield restarted(servers, what, lambda end=end: end(postgres_under(home.process.pid)))
        yield killed(home)
        if redis_program() is not None:
            with redis_server() as redis, two_servers(home, redis.url) as servers:
                yield from latencies(servers)
                yield from bus_outages(servers, redis)


# --- faults ---


def shown(what: str, talks: list[Conversation], backs: list[float], more: str = "") -> Row:
    """One row of the table: the conversations were accounted for."""
    assert max(backs) <= BACK_WITHIN, f"{what}: back after {max(backs):.1f} s"
    acknowledged = sum(talk.acknowledged for talk in talks)
    received = sum(talk.received for talk in talks)
    done = f"{acknowledged:,} acknowledged and {received:,} heard, 0 lost, 0 doubled, 0 out of order{more}"
    return what, f"{len(backs)} ×", done, spread(backs)


def faults(servers: TwoServers) -> Iterable[Row]:
    """What is silent for longer than its lease, and tells nothing stale."""
    yield silent(servers, "one of two servers stopped for 8 s (SIGSTOP), and woken", far_stopped, times=3)
    line = servers.line
    for what, fault in (
        ("hears nothing of the database", line.deaf),
        ("can ask the database nothing", line.mute),
        ("and the database hear nothing of each other", line.silent),
        ("and the database lose every connection", line.broken),
    ):
        yield silent(servers, f"one of two servers {what} for 8 s (relay)", lambda _s, f=fault: f())
    with conversation(servers) as talk:
        backs = []
        for _ in range(10):
            execute_sql(servers.near.address, _END_THE_BUS)
            backs.append(talk.received_by_all(time.monotonic(), talk.near, talk.far))
    yield shown("every connection of the bus `notify` ended by `pg_terminate_backend`", [talk], backs)


def far_stopped(servers: Servers) -> AbstractContextManager[None]:
    return stopped([servers.far.process.pid])


def silent(
    servers: Servers,
    what: str,
    fault: Callable[[Servers], AbstractContextManager[None]],
    times: int = 1,
) -> Row:
    """The far server is silent for a while, in which somebody is removed from a room."""
    talks, backs, removals = [], [], []
    for _ in range(times):
        with conversation(servers) as talk, garden(servers) as room:
            with fault(servers):
                until = time.monotonic() + LASTS
                room.say()
                removals.append(room.remove())
                room.say()
                time.sleep(until - time.monotonic())
            backs.append(talk.received_by_all(time.monotonic(), talk.near, talk.far))
            room.check()
        talks.append(talk)
    assert max(removals) <= REMOVED_WITHIN
    more = f"; a removal meanwhile is acknowledged after {max(removals):.2f} s at the most, and nothing heard after"
    return shown(what, talks, backs, more)


def end_in_order(postgres: list[int]) -> None:
    """Let PostgreSQL end as `pg_ctl restart` does; the server that runs it starts it again."""
    os.kill(postgres[0], signal.SIGINT)
    wait_until_ended(postgres[:1])


def restarted(servers: Servers, what: str, end: Callable[[], object], times: int = 5) -> Row:
    """`end` lets PostgreSQL end, which is started again.

    What counts as back begins when it answers again: its recovery is its own affair.
    """
    away, backs = [], []
    with conversation(servers) as talk:
        for _ in range(times):
            ended = time.monotonic()
            end()
            eventually(partial(answers, servers), "PostgreSQL answers again")
            away.append(time.monotonic() - ended)
            backs.append(talk.received_by_all(time.monotonic(), talk.near, talk.far))
            eventually(lambda: servers.leases() == 2, "both have a lease again")
    return shown(what, [talk], backs, f"; PostgreSQL itself was away for {max(away):.2f} s at the most")


def answers(servers: Servers) -> bool:
    """Whether the database answers."""
    try:
        return servers.leases() >= 0
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


def killed(home: ServerProcess) -> Row:
    """Clients of the killed server continue on the other."""
    kills = []
    for _ in range(5):
        with two_servers(home, "notify") as servers:
            kills.append(one_killed(servers))
    return shown_kills("`kill -9` of one of two servers, its people go to the other", kills)


def one_killed(servers: Servers) -> tuple[Conversation, float, float]:
    """Kill the far server; return who talked, and the seconds until all were back and of a removal meanwhile."""
    with conversation(servers) as talk, garden(servers) as room:
        talk.move_all_to(servers.near.url)
        talk.is_crashed = True
        servers.far.kill()
        killed = time.monotonic()
        talk.far.back_after(killed)
        eventually(lambda: all(len(one.connections) > 1 for one in talk.far_listeners), "they are back")
        back = time.monotonic() - killed
        removal = room.remove()
        talk.received_by_all(time.monotonic(), talk.near, talk.far)
    return talk, back, removal


def shown_kills(what: str, kills: list[tuple[Conversation, float, float]]) -> Row:
    talks, backs, removals = map(list, zip(*kills, strict=True))
    assert max(removals) <= REMOVED_WITHIN
    more = f"; a removal meanwhile is acknowledged after {max(removals):.2f} s at the most"
    return shown(what, talks, backs, more)


def bus_outages(servers: Servers, redis: RedisServer, where: str = "", times: int = 5) -> Iterable[Row]:
    """A bus that is down delays what the other server tells; the log has it, but for what guests say."""

    @contextmanager
    def away() -> Generator[None]:
        redis.kill()
        try:
            yield
        finally:
            redis.start()

    @contextmanager
    def frozen() -> Generator[None]:
        redis.freeze()
        try:
            yield
        finally:
            redis.thaw()

    for what, outage in (("killed, and started again", away), ("stopped (SIGSTOP), and woken", frozen)):
        late: list[float] = []
        backs: list[float] = []
        guests: list[float] = []
        with conversation(servers) as talk:
            for _ in range(times):
                with outage():
                    until = time.monotonic() + OUTAGE
                    while (begun := time.monotonic()) < until:
                        late.append(talk.received_by_all(begun, talk.near, talk.far))
                up = time.monotonic()
                backs.append(talk.received_by_all(up, talk.near, talk.far))
                guests.append(talk.guests_back_after(up))
        assert max(late) <= 2.0, f"without a bus told after {max(late):.2f} s"
        more = f"; told meanwhile after {statistics.median(late):.2f} s, {max(late):.2f} s at the most;"
        more += f" guests are heard {max(guests):.2f} s after it is back at the most"
        yield shown(f"Redis {what} 3 s later{where}", [talk], backs, more)


# --- how long it takes ---


def latencies(servers: TwoServers) -> Iterable[Row]:
    name = servers.bus if servers.bus == "notify" else "redis"
    for when, meanwhile in (
        ("while nobody else talks", nullcontext()),
        ("while people talk on both servers", talking(servers)),
    ):
        with meanwhile:
            took = removals(servers)
        p50, p99 = (1000 * percentile(took, part) for part in (0.5, 0.99))
        done = f"acknowledged after p50 {p50:.1f} ms, p99 {p99:.1f} ms; 0 heard after"
        yield f"a removal {when} (`{name}`)", f"{len(took)} ×", done, "–"
    here, there = hops(servers)
    p50, p99 = (1000 * (percentile(there, part) - percentile(here, part)) for part in (0.5, 0.99))
    done = f"told p50 {p50:.1f} ms, p99 {p99:.1f} ms later than on its own server"
    yield f"what is said on one server is told on the other (`{name}`)", f"{len(there)} ×", done, "–"


def removals(servers: TwoServers) -> list[float]:
    """Remove somebody again and again who listens on the other server, and return the seconds that each took."""
    took, received, since = [], set[str](), set[str]()
    url = f"{servers.far.socket_url}/ws?token={servers.tokens[LEAVES]}"
    with (
        garden(servers) as room,
        connect(url, proxy=None, ping_interval=None, max_queue=None) as socket,
    ):
        assert json.loads(socket.recv(PATIENCE)) == {"Type": "enter"}
        for _ in range(REMOVALS):
            received |= enters(socket, room.room_id)
            room.say()
            took.append(room.remove())
            since.add(room.say())
            room.invite()
        received |= enters(socket, room.room_id)
    assert not received & since, "who was removed has heard what was said then"
    assert len(received) >= REMOVALS / 2, "who is a member hears little"
    return took


def enters(socket: ClientConnection, room_id: int) -> set[str]:
    """Enter the room again, and return what was heard up to then."""
    socket.send(json.dumps({"Type": "enter", "RoomID": room_id}))
    received = set()
    while (frame := json.loads(socket.recv(PATIENCE)))["Type"] != "enter":
        assert frame["Type"] in ("message", "join"), frame
        received.add(frame["Text"])
    return received


@contextmanager
def talking(servers: TwoServers) -> Generator[None]:
    """Somebody says fifty things a second on each server for as long as the block lasts."""
    over = threading.Event()

    def talk(server: ServerProcess, name: str) -> None:
        with member(server.url, name, servers.tokens[name]) as person:
            while not over.wait(0.02):
                person.say(f"{name} talks")

    threads = [
        threading.Thread(target=talk, args=person)
        for person in ((servers.near, "ben"), (servers.far, FAR[0]))
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(PATIENCE)


def hops(servers: TwoServers) -> tuple[list[float], list[float]]:
    """Return the seconds until what is said is heard on the same server, and on the other, measured in turns."""
    with ExitStack() as stack:
        here = stack.enter_context(client(servers.near.url))
        there = stack.enter_context(client(servers.far.url))
        ada = stack.enter_context(member(servers.near.url, CREATOR, servers.tokens[CREATOR]))
        took: tuple[list[float], list[float]] = [], []
        for number in range(2 * HOPS):
            first, second = (here, there) if number % 2 == 0 else (there, here)
            began, hop = time.monotonic(), f"hop {number}"
            ada.say(hop)
            first.hear_until(partial(_says, hop))
            took[number % 2].append(time.monotonic() - began)
            second.hear_until(partial(_says, hop))
            time.sleep(0.005)
        return took


def _says(text: str, line: Line) -> bool:
    return line.text == text
