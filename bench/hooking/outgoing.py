"""How many changes a second an outgoing hook follows, with a receiver that takes what comes.

The log has 60,000 messages. A hook, and then four at the same place, begin at its start. The receiver is a process of
its own, and counts the changes and their order.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import asyncpg

from bench.machine import own_cpu
from bench.our_server import our_server
from bench.processes import end
from bench.scenarios import Scenario
from bench.server import ROOT, Running

_MESSAGES = 60_000
_LOG = Scenario(key="hooking", title="", dialect="native", speakers=1, rooms=1, missed=_MESSAGES // 2)
_PATIENCE = 60.0
"""Seconds until all has come."""

_LEAD = "UPDATE users SET is_admin = true"
_OWN = "UPDATE memberships SET role = 'owner'"


class _Owner:
    """The person whose hooks send."""

    def __init__(self, target: Running) -> None:
        self._base = f"http://127.0.0.1:{target.port}/api/v1"
        self._token = target.members[0].token

    def call(self, method: str, path: str, **fields: object) -> dict[str, object]:
        """Call an operation, and return its reply."""
        head = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        body = json.dumps(fields).encode()
        request = urllib.request.Request(self._base + path, body, head, method=method)
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            reply: dict[str, object] = json.load(answer)
            return reply


def measure_outgoing(rounds: int) -> None:
    """Measure, and print a line for each round."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        place = Path(name)
        place.chmod(0o755)  # PostgreSQL may run as another user
        with our_server("chat", "this server").start(_LOG, place) as target:
            asyncio.run(_make_owner(target))
            owner = _Owner(target)
            owner.call("PATCH", "/admin/settings", outbound_hosts=["127.0.0.1"])
            command = [sys.executable, "-m", "bench.hooking.receiver"]
            receiver = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True)
            try:
                _measure(target, owner, receiver, rounds)
            finally:
                end(receiver)  # type: ignore[arg-type]


def _measure(target: Running, owner: _Owner, receiver: "subprocess.Popen[str]", rounds: int) -> None:
    assert receiver.stdout is not None
    url = receiver.stdout.readline().strip()
    room, pid = target.members[0].known[0][0], target.roots[0]
    hooks: list[object] = []
    for count in (1, 4):
        while len(hooks) < count:
            made = owner.call("POST", "/outgoing-hooks", url=url, room=room)["hook"]
            assert isinstance(made, dict)
            hooks.append(made["id"])
        for _ in range(rounds):
            began, cpu = time.monotonic(), own_cpu(pid)
            for hook in hooks:
                owner.call("PATCH", f"/outgoing-hooks/{hook}", position=0)
            calls = _receive(receiver, count)
            took, used = time.monotonic() - began, own_cpu(pid) - cpu
            changes = count * _MESSAGES
            print(
                f"{changes / took:,.0f} changes a second to {count} hook{'s'[: count - 1]} in {calls} calls, "
                f"{1e6 * used / changes:.1f} µs of the server's CPU each",
                flush=True,
            )


def _receive(receiver: "subprocess.Popen[str]", hooks: int) -> int:
    """Return the number of calls in which each hook has sent the log once, in its order."""
    assert receiver.stdout is not None
    ends: dict[int, int] = {}
    calls = changes = 0
    while changes < hooks * _MESSAGES:
        hook, first, last, count = map(int, receiver.stdout.readline().split())
        assert first == ends.get(hook, 0) + 1, f"hook {hook} sent {first} after {ends.get(hook, 0)}"
        assert last == first + count - 1
        ends[hook] = last
        changes += count
        calls += 1
    return calls


async def _make_owner(target: Running) -> None:
    assert target.address is not None
    connection = await asyncpg.connect(**target.address)
    try:
        await connection.execute(_LEAD)
        await connection.execute(_OWN)
    finally:
        await connection.close()
