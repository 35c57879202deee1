"""How long a sync of many rooms takes in the server: all rooms as they are, and from known positions.

    python -m bench.syncing [ROOMS]

One client on the server's own socket, one sync after the other, each on a new connection. The time is from before the
request to after its answer, which comes behind all events; the client looks into none of them before that.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from websockets.asyncio.client import connect

from bench.machine import cpu_used
from bench.our_server import our_server
from bench.plans import Member
from bench.scenarios import Scenario

_TIMES = 10
_MISSED = 5
"""Messages in each room that the client has missed, where it knows the room."""
_MOST_KNOWN = 1000
"""Positions in one sync."""
_DEADLINE = 60.0
"""Seconds for each sync."""


async def _sync(port: int, member: Member, known: Sequence[tuple[int, int, int]]) -> tuple[float, int]:
    """Return how many seconds one sync took, and how many events it told."""
    positions = [{"room": room, "pos": pos, "at": at} for room, pos, at in known]
    request = json.dumps({"type": "sync", "id": 2, "known": positions, "rest": not known})
    async with (
        asyncio.timeout(_DEADLINE),
        connect(f"ws://127.0.0.1:{port}/api/v1/socket", compression=None, max_queue=None) as socket,
    ):
        await socket.send(json.dumps({"type": "hello", "id": 1, "token": member.token}))
        await socket.recv()
        began, events = time.perf_counter(), 0
        await socket.send(request)
        while not str(await socket.recv()).startswith('{"type":"sync_ok"'):
            events += 1
        return time.perf_counter() - began, events


async def _measure(port: int, pid: int, member: Member, known: Sequence[tuple[int, int, int]]) -> str:
    await _sync(port, member, known)  # the statements are prepared, the pages read
    before, took = cpu_used([pid]), []
    for _ in range(_TIMES):
        seconds, events = await _sync(port, member, known)
        took.append(seconds)
    after = cpu_used([pid])
    main, total = (1000 / _TIMES * used for used in (after.main - before.main, after.total - before.total))
    return (
        f"{events:,} events in {1000 * statistics.median(took):,.0f} ms (least {1000 * min(took):,.0f}); "
        f"CPU {main:,.0f} ms, with PostgreSQL {total:,.0f} ms"
    )


def main() -> None:
    """Measure, and print a line for each case."""
    rooms = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    scenario = Scenario(
        key="syncing", title="", dialect="native", listeners=1, rooms=rooms, missed=_MISSED, storm=True
    )
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        place = Path(name)
        place.chmod(0o755)  # PostgreSQL may run as another user
        with our_server("chat", "this server").start(scenario, place) as target:
            (member,) = target.members
            pid = target.roots[0]
            for what, known in (("as they are", ()), ("known", member.known[:_MOST_KNOWN])):
                told = asyncio.run(_measure(target.port, pid, member, known))
                print(f"{len(known) or rooms:,} rooms, {what}: {told}", flush=True)


if __name__ == "__main__":
    main()
