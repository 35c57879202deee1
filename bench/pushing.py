"""What pushes cost, how soon they leave, and what they take from the lobby.

    python -m bench.pushing [--rate 500] [--rounds 3] [--only steady,burst,lobby]

The real server sends pushes over TLS to a push service in another process (`bench.push_service`), on loopback. People
are mentioned over HTTP, twenty in each message, so each message is pushed to twenty people ten seconds later:

- steady: so many pushes are due each second, for eight seconds. Mentioning is over when the first is due.
- burst: a thousand are due at once.
- lobby: scenario (a) of the benchmark alone, then beside pushes of that rate, then alone.

Each mentioned person must be sent one push for each mention.
"""

import argparse
import asyncio
import http.client
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.certificates import make_certificate
from bench.generator import PATIENCE, compile_generator, run_generator
from bench.machine import cpu_used, own_cpu
from bench.measure import WARMUP
from bench.our_server import TOKENS, our_server
from bench.processes import running
from bench.profile import Profiler
from bench.scenarios import SCENARIOS
from bench.server import BUILD, ROOT, Running
from chat.domain.entities import Person

_DELAY = 10.0
"""Seconds from a message until its push."""

_EACH = 20
"""People whom one message mentions."""

_STEADY = 8.0
"""Seconds of mentions: fewer than _DELAY, so that pushes are measured alone."""

_BURST = 1000

_WINDOW = 5.0
"""Seconds of the lobby that are measured."""

_BESIDE = 14.0
"""Seconds of pushes beside the lobby: its clients connect and warm up meanwhile."""

_PATIENCE = 120.0
"""Seconds until the last push has arrived."""

_PEOPLE = """
INSERT INTO users (name, name_key, password_hash) SELECT 'r' || n, 'r' || n, '' FROM generate_series(1, $1) AS n"""
_SESSIONS = """
INSERT INTO sessions (user_id, name, address, agent, family, refresh, created_at, used_at, expires_at)
SELECT id, name, '127.0.0.1', '', name::bytea, name::bytea, now(), now(), now() + interval '1 day'
FROM users WHERE name LIKE 'r%'"""
_SUBSCRIPTIONS = """
INSERT INTO push_subscriptions (session_id, user_id, endpoint, p256dh, auth)
SELECT id, user_id, $1 || '/' || name, $2, $3 FROM sessions WHERE name LIKE 'r%'"""
_WRITER = """
INSERT INTO users (name, name_key, password_hash) VALUES ('writer', 'writer', '')
RETURNING id, name, extract(epoch FROM created_at)::float8 AS created_at"""
_ROOM = """
INSERT INTO rooms (kind, name, name_key, is_private) VALUES ('room', 'pushed', 'pushed', true) RETURNING id"""
_MEMBERS = (
    "INSERT INTO memberships (room_id, user_id) SELECT $1, id FROM users WHERE name LIKE 'r%' OR id = $2"
)
_ALLOW = (
    "INSERT INTO settings (name, value, changed_at) VALUES ('outbound_hosts', '[\"127.0.0.1/32\"]', now())"
)
_SAID = "SELECT seq, extract(epoch FROM created_at)::float8 AS at FROM messages WHERE room_id = $1"
_OPEN = "SELECT count(*) FROM push_decisions WHERE due_at IS NOT NULL"
_SENT = "SELECT count(*) FROM push_decisions WHERE decision = 'sent'"


class Costs(NamedTuple):
    """Milliseconds of CPU for each push, and how long after their time pushes left."""

    server: float
    postgres: float
    mention: float
    latencies: list[float]
    seconds: float


class World:
    """A server, its people, and the push service."""

    def __init__(self, server: Running, token: str, room: int, people: int, log: Path) -> None:
        self.server, self._token, self._room, self._log = server, token, room, log
        self._names = [f"r{number + 1}" for number in range(people)]
        self._next = 0
        self._expected: defaultdict[str, list[int]] = defaultdict(list)  # the messages that mention each
        self._mentioned = 0

    def mention(self, count: int, rate: float) -> None:
        """Mention so many people, each of them once, so many a second; 0: as fast as possible."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        for number in range(count // _EACH):
            names = [self._names[(self._next + each) % len(self._names)] for each in range(_EACH)]
            self._next += _EACH
            if rate:
                time.sleep(max(0.0, began + number * _EACH / rate - time.monotonic()))
            body = {"key": f"bench-{self._mentioned}", "text": " ".join(f"@{name}" for name in names)}
            connection.request("POST", f"/api/v1/rooms/{self._room}/messages", json.dumps(body), headers)
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status in (200, 201), said
            for name in names:
                self._expected[name].append(json.loads(said)["seq"])
            self._mentioned += _EACH
        connection.close()

    def wait_arrived(self) -> None:
        """Wait until each mention was pushed, and recorded."""
        until = time.monotonic() + _PATIENCE
        while self._arrived() < self._mentioned:
            if time.monotonic() > until:
                sys.exit(f"{self._mentioned - self._arrived()} pushes did not arrive")
            time.sleep(0.1)

    def _arrived(self) -> int:
        return self._log.read_bytes().count(b"\n") if self._log.exists() else 0

    def late(self, since: float) -> list[float]:
        """Return the seconds after their time of the pushes that were due since then, and check that all came once."""
        said = {row["seq"]: row["at"] for row in _fetch(self.server, _SAID, self._room)}
        arrived: defaultdict[str, list[float]] = defaultdict(list)
        for line in self._log.read_text().splitlines():
            at, name = line.split()
            arrived[name].append(float(at))
        late = []
        for name, seqs in self._expected.items():
            assert len(arrived[name]) == len(seqs), (
                f"{name}: {len(seqs)} mentions, {len(arrived[name])} pushes"
            )
            dues = [said[seq] + _DELAY for seq in seqs]
            late += [at - due for at, due in zip(arrived[name], dues, strict=True) if due >= since]
        return late

    def wait_recorded(self) -> None:
        """Wait until nothing is due."""
        until = time.monotonic() + _PATIENCE
        while _fetch(self.server, _OPEN)[0][0]:
            if time.monotonic() > until:
                sys.exit("pushes are not recorded")
            time.sleep(0.1)

    @property
    def mentioned(self) -> int:
        """Mentions so far."""
        return self._mentioned


@contextmanager
def _open_world(people: int) -> Iterator[World]:
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        place.chmod(0o755)  # PostgreSQL may run as another user
        certificate, key = make_certificate(place)
        os.environ["SSL_CERT_FILE"] = str(place / "authority.pem")
        log = place / "pushes"
        command = [sys.executable, "-m", "bench.push_service", str(certificate), str(key), str(log)]
        _, line = stack.enter_context(running(command, place / "service.log", directory=ROOT))
        server = stack.enter_context(our_server("chat", "chat").start(SCENARIOS["a"], place))
        yield World(server, *asyncio.run(_populate(server, people, line.removeprefix("listening on "))), log)


async def _populate(server: Running, people: int, service: str) -> tuple[str, int, int]:
    """Make people with a browser each, whose room is one, and who writes there."""
    assert server.address is not None
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    connection = await asyncpg.connect(**server.address)
    try:
        await connection.execute(_ALLOW)
        await connection.execute(_PEOPLE, people)
        writer = Person(**(await connection.fetchrow(_WRITER)))
        room: int = await connection.fetchval(_ROOM)
        await connection.execute(_MEMBERS, room, writer.id)
        await connection.execute(_SESSIONS)
        await connection.execute(_SUBSCRIPTIONS, service, point, os.urandom(16))
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    return TOKENS.issue(writer), room, people


def _fetch(server: Running, statement: str, *values: object) -> list[Any]:
    async def fetch() -> list[Any]:
        assert server.address is not None
        connection = await asyncpg.connect(**server.address)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    return asyncio.run(fetch())


def _costs(world: World, count: int, rate: float, profiler: Profiler | None = None) -> Costs:
    """Mention so many people, and return what their pushes cost once they are due."""
    pid = world.server.roots[0]
    began, before = time.time(), own_cpu(pid)
    world.mention(count, rate)
    time.sleep(max(0.0, began + _DELAY - 0.3 - time.time()))
    middle, used = own_cpu(pid), cpu_used([pid])
    if profiler is not None:
        profiler.start(pid, max(count / rate if rate else 2.0, 1.0))
    world.wait_arrived()
    ended = time.time()
    world.wait_recorded()
    now = cpu_used([pid])
    server, total = now.main - used.main, now.total - used.total
    late = world.late(began + _DELAY)
    return Costs(
        1000 * server / count,
        1000 * (total - server) / count,
        1000 * (middle - before) / count,
        late,
        ended - began - _DELAY,
    )


def _told(what: str, count: int, costs: Sequence[Costs]) -> str:
    late = [each for cost in costs for each in cost.latencies]
    server, postgres, mention, seconds = (
        statistics.median(getattr(cost, name) for cost in costs)
        for name in ("server", "postgres", "mention", "seconds")
    )
    return (
        f"| {what} | {count:,} in {seconds:.1f} s | {server:.2f} + {postgres:.2f} ms | {mention:.2f} ms"
        f" | {_ms(late, 0.5)} | {_ms(late, 0.99)} | {1000 * max(late):.0f} ms |"
    )


def _ms(seconds: Sequence[float], part: float) -> str:
    return f"{1000 * sorted(seconds)[min(int(len(seconds) * part), len(seconds) - 1)]:.0f} ms"


def _lobby(world: World) -> dict[str, Any]:
    flags = [
        "--inflight",
        "4",
        "--rate",
        "0",
        "--size",
        "64",
        "--warmup",
        str(WARMUP),
        "--seconds",
        str(_WINDOW),
    ]
    limit = 3 * PATIENCE + WARMUP + _WINDOW
    marks: dict[str, float] = {}
    pid = world.server.roots[0]
    result = run_generator(
        world.server.plan, world.server.port, flags, limit, lambda event: marks.update({event: own_cpu(pid)})
    )
    assert result["ok"], result["errors"]
    return {
        "rate": result["deliveries"] / result["window_seconds"],
        "p99": result["latency_us"]["p99"] / 1000,
        "cpu": 1e6 * (marks["closed"] - marks["window"]) / result["deliveries"],
    }


def _beside(world: World, rate: float) -> tuple[dict[str, Any], float]:
    """Measure the lobby while pushes are sent; return that, and the p99 of the pushes in seconds."""
    began = time.time()
    writing = threading.Thread(target=world.mention, args=(int(rate * _BESIDE), rate))
    writing.start()
    time.sleep(_DELAY + 0.5)
    beside = _lobby(world)
    writing.join()
    world.wait_arrived()
    world.wait_recorded()
    late = sorted(world.late(began + _DELAY))
    return beside, late[int(len(late) * 0.99)]


def main() -> None:
    """Measure, and print the results."""
    parser = argparse.ArgumentParser(prog="python -m bench.pushing", description=__doc__)
    parser.add_argument("--rate", type=float, default=500.0, help="pushes a second (500)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="steady,burst,lobby")
    parser.add_argument(
        "--profile", action="store_true", help="show where the server's time goes (needs py-spy)"
    )
    options = parser.parse_args()
    if options.profile and (missing := Profiler.missing()):
        sys.exit(missing)
    parts = options.only.split(",")
    count = int(options.rate * _STEADY)
    with _open_world(max(count, _BURST, int(options.rate * _BESIDE))) as world:
        _costs(world, 100, 0.0)  # libraries are loaded, connections opened
        print("| | pushes | CPU of a push: server + PostgreSQL | of a mention | p50 | p99 | longest |")
        print("|---|---|---|---|---|---|---|", flush=True)
        for part, due, rate in (("steady", count, options.rate), ("burst", _BURST, 0.0)):
            if part in parts:
                profiler = Profiler(BUILD / f"profile-push-{part}.txt") if options.profile else None
                costs = [
                    _costs(world, due, rate, None if number else profiler) for number in range(options.rounds)
                ]
                what = f"{rate:,.0f} due each second" if rate else "due at once"
                print(_told(what, due, costs), flush=True)
                if profiler is not None:
                    print("\n".join(profiler.tell()), flush=True)
        if "lobby" in parts:
            compile_generator()
            ratios = defaultdict(list)
            for _ in range(options.rounds):
                first = _lobby(world)
                beside, p99 = _beside(world, options.rate)
                second = _lobby(world)
                for name in ("rate", "p99", "cpu"):
                    ratios[name].append(2 * beside[name] / (first[name] + second[name]))
                    ratios[f"calm {name}"].append(second[name] / first[name])
                ratios["pushes"].append(p99)
                print({"alone": first, "beside": beside, "after": second, "pushes p99": p99}, flush=True)
            for name, values in ratios.items():
                print(
                    f"lobby, {name}: {statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
                )


if __name__ == "__main__":
    main()
