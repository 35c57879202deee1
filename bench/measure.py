"""One run: a server is started, loaded, measured from outside, asked what it saved, and stopped."""

import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, BrokenBarrierError

from bench.generator import PATIENCE, GeneratorFailed, run_generator
from bench.machine import Cpu, Memory, cpu_used, memory_used, own_cpu
from bench.plans import plan
from bench.population import count_messages, one_commit
from bench.processes import START, DidNotStart
from bench.profile import Profiler
from bench.results import MICRO, Run, storm_times
from bench.scenarios import HISTORY, SCENARIOS, Scenario
from bench.server import Running, Server

WARMUP = 2.0
"""Seconds of load before the window."""
_DISTURBED = 0.15
"""Cores: more than this used by other processes is said beside the figures."""
_TOO_SLOW = "client too slow"
"""What our server's log says when it cuts one."""
_NOT_ALONE = "what was to be measured at the same time did not begin"


def measure_together(
    together: Mapping[Server, Profiler | None], scenario: Scenario, number: int, seconds: float, cores: int
) -> list[Run]:
    """Run a scenario on several servers at the same time, or on one; each may have a profiler.

    Interrupted, it waits for those that are measured at the same time.
    """
    if len(together) == 1:
        ((server, profiler),) = together.items()
        return [_measure(server, scenario, number, seconds, cores, profiler)]
    begins = Barrier(len(together), timeout=START)

    def one(server: Server) -> Run:
        return _measure(server, scenario, number, seconds, cores, together[server], begins)

    with ThreadPoolExecutor(len(together)) as pool:
        return list(pool.map(one, together))


def _measure(
    server: Server,
    scenario: Scenario,
    number: int,
    seconds: float,
    cores: int,
    profiler: Profiler | None = None,
    begins: Barrier | None = None,
) -> Run:
    """Run a scenario once, sampled by the profiler if there is one; what goes wrong is in the run's errors.

    With `begins` the load waits for the others that are measured at the same time.
    """
    begins = begins or Barrier(1)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        place = Path(name)
        place.chmod(0o755)  # PostgreSQL may run as another user
        try:
            with server.start(scenario, place) as target:
                return _load(server, target, scenario, number, seconds, cores, profiler, begins)
        except (DidNotStart, GeneratorFailed, BrokenBarrierError) as error:
            begins.abort()
            return Run(server=server.name, round=number, ok=False, errors=[str(error) or _NOT_ALONE])


def _load(
    server: Server,
    target: Running,
    scenario: Scenario,
    number: int,
    seconds: float,
    cores: int,
    profiler: Profiler | None,
    begins: Barrier,
) -> Run:
    commit = one_commit(target.address) if target.address is not None and scenario.rate else 0.0
    if scenario.storm:
        _say_something(target, scenario)
    before = memory_used(target.roots)
    cpu: dict[str, Cpu] = {}
    workers: dict[str, list[float]] = {}
    memory: dict[str, Memory] = {}

    def on_event(event: str) -> None:
        cpu[event] = cpu_used(target.roots)
        workers[event] = [own_cpu(worker) for worker in target.workers]
        if event == "window" and profiler is not None:
            profiler.start((target.workers or target.roots)[0], seconds)
        if event == "closed":
            memory[event] = memory_used(target.roots)

    flags = ["--inflight", str(scenario.inflight), "--rate", str(scenario.rate), "--size", str(scenario.size)]
    flags += ["--warmup", str(WARMUP), "--seconds", str(seconds), *(["--storm"] if scenario.storm else [])]
    flags += _encrypted(scenario)
    limit = 3 * PATIENCE + WARMUP + seconds
    begins.wait()
    result = run_generator(target.plan, target.port, flags, limit, on_event)

    run = Run(
        server=server.name,
        round=number,
        ok=result["ok"],
        errors=result["errors"],
        window_seconds=result["window_seconds"],
        deliveries=result["deliveries"],
        messages=result["messages"],
        latency_us=result["latency_us"],
        lateness_us=result["lateness_us"],
        connections=result["connections"],
        connect_seconds=result["connect_seconds"],
        said=result["said"],
        generator_cpu=result["generator"]["cpu_share"],
        silence_us=result["silence_us"],
        deliveries_per_read=result["generator"]["deliveries_per_read"],
        bytes_per_read=result["generator"]["bytes_per_read"],
        rss_before_kib=before.main,
        one_commit_us=commit * MICRO,
        storm_us=storm_times(result),
    )
    if "window" in cpu and "closed" in cpu:
        begin, end = cpu["window"], cpu["closed"]
        run.cpu_main, run.cpu_total = end.main - begin.main, end.total - begin.total
        generator = result["generator"]["cpu_seconds"]
        run.cpu_others = max(0.0, end.machine - begin.machine - run.cpu_total - generator)
        run.cpu_workers = [
            after - before for before, after in zip(workers["window"], workers["closed"], strict=True)
        ]
        run.rss_kib, run.pss_kib = memory["closed"].main, memory["closed"].total
    if target.address is not None and not scenario.storm:
        run.saved = count_messages(target.address)
        if run.ok and run.saved != run.said:
            run.ok, run.errors = False, [f"{run.said} messages were said, {run.saved} are saved"]
    _take_notes(run, target, scenario, cores)
    if profiler is not None:
        run.notes.append("profiled, which costs it something")
        print("\n".join(profiler.tell()))
    return run


def _encrypted(scenario: Scenario) -> list[str]:
    return ["--tls"] if scenario.tls else []


def _say_something(target: Running, scenario: Scenario) -> None:
    """Give the storm a history to ask for."""
    flags = ["--messages", str(2 * HISTORY), "--inflight", "1", *_encrypted(scenario)]
    said = plan(SCENARIOS["d"], target.members[:1])
    result = run_generator(said, target.port, flags, 2 * PATIENCE, lambda event: None)
    if not result["ok"]:
        raise GeneratorFailed(f"no history could be made: {result['errors']}")


def _take_notes(run: Run, target: Running, scenario: Scenario, cores: int) -> None:
    """Say what a reader of the figures must know."""
    window = run.window_seconds or 1.0
    if run.generator_cpu > 0.9 and run.cpu_main / window < 0.9:
        run.notes.append(f"the load generator was the limit: it used {run.generator_cpu:.0%} of a core")
    elif scenario.quota and run.serving_share < 0.9 * scenario.quota * len(run.cpu_workers):
        had = scenario.quota * len(run.cpu_workers)
        run.notes.append(f"the quota was not the limit: {run.serving_share:.2f} of {had:.2f} cores were used")
    elif (run.cpu_total + run.generator_cpu * window) / window > 0.95 * cores:
        run.notes.append("the machine was full: server and load generator used all cores")
    # With a quota others are measured beside it; if they take too much, the quota is not the limit.
    if run.cpu_others / window > _DISTURBED and not scenario.quota:
        run.notes.append(f"disturbed: other processes used {run.cpu_others / window:.2f} cores")
    if scenario.rate and run.lateness_us.get("p99", 0.0) > 1000.0:
        run.notes.append(f"the load generator was late: p99 {run.lateness_us['p99'] / 1000:.1f} ms")
    if scenario.deaf:
        cut = target.log.read_text(encoding="utf-8", errors="replace").count(_TOO_SLOW)
        if cut:
            run.notes.append(f"{cut} that did not read were cut")
