"""How long messages of people take to be delivered, alone and beside calls of hooks.

Ten people send a hundred messages a second to thirty. Beside them one hook is called as often as it may be, and one as
often as thousands of connections can (`flood`), which is refused but for five calls a second.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from bench.generator import PATIENCE, compile_generator, run_generator
from bench.hooking.calls import make_hooks
from bench.machine import own_cpu
from bench.our_server import our_server
from bench.plans import Plan
from bench.processes import end
from bench.scenarios import Scenario
from bench.server import ROOT, Running

_PEOPLE = Scenario(key="hooking", title="", dialect="native", speakers=10, listeners=20, rate=100.0)
_WARMUP, _WINDOW = 1.5, 5.0
_CONNECTIONS = 5000
_LIMITS = ("--message-rate", "1000")
"""More than people send; where messages have no limit, hooks have none either."""


class _Delivered(NamedTuple):
    p50: float
    p99: float
    cpu: float


def measure_beside(rounds: int) -> None:
    """Measure, and print a line for each round and the median ratio."""
    compile_generator()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        place = Path(name)
        place.chmod(0o755)  # PostgreSQL may run as another user
        with our_server("chat", "this server", flags=_LIMITS).start(_PEOPLE, place) as target:
            # Refused calls of a hook that was flooded are held for a while: each round has a hook of its own.
            allowed, *over = make_hooks(target.address, 2, rounds + 1)[1::2]
            runs = count()
            before, ratios = _deliver(target, next(runs)), []
            for each in over:
                with _flooded(target.port, allowed, each) as flood:
                    beside = _deliver(target, next(runs))
                after = _deliver(target, next(runs))
                ratios.append(2 * beside.p99 / (before.p99 + after.p99))
                print(
                    f"{_said(beside)} beside {flood['refused']:,.0f} refused calls a second, "
                    f"{_said(before)} before them, {_said(after)} after them",
                    flush=True,
                )
                before = after
            print(
                f"p99 beside the calls is {statistics.median(ratios):.2f} times that without them", flush=True
            )


def _said(delivered: _Delivered) -> str:
    return f"p50 {delivered.p50:.1f}, p99 {delivered.p99:.1f} ms ({delivered.cpu:.0%} of a core)"


@contextmanager
def _flooded(port: int, allowed: str, over: str) -> Generator[dict[str, float]]:
    """Call hooks for as long as the block lasts; then the result has the calls of each second."""
    command = [sys.executable, "-m", "bench.hooking.flood", str(port), allowed, over, str(_CONNECTIONS)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdin is not None
    assert process.stdout is not None
    result: dict[str, float] = {}
    try:
        process.stdout.readline()
        yield result
        process.stdin.close()
        result.update(json.loads(process.stdout.readline()))
    finally:
        end(process)


def _deliver(target: Running, run: int) -> _Delivered:
    # Another run's messages with the same keys would be repeats, which nobody gets.
    lines = tuple(line.replace('"key":"', f'"key":"{run}-') for line in target.plan.lines)
    flags = ["--inflight", "4", "--rate", str(_PEOPLE.rate), "--size", "64"]
    flags += ["--warmup", str(_WARMUP), "--seconds", str(_WINDOW)]
    marks: dict[str, float] = {}
    pid = target.roots[0]

    def mark(event: str) -> None:
        marks[event] = own_cpu(pid)

    result: dict[str, Any] = run_generator(
        Plan(lines, target.plan.flags), target.port, flags, 3 * PATIENCE, mark
    )
    assert result["ok"], result["errors"]
    p50, p99 = (result["latency_us"][name] / 1000 for name in ("p50", "p99"))
    return _Delivered(p50, p99, (marks["closed"] - marks["window"]) / result["window_seconds"])
