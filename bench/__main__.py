"""`python -m bench`: measure, print, and with --save keep the figures and the plots."""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.generator import GeneratorFailed, calibrate, compile_generator
from bench.machine import describe_machine
from bench.measure import measure_together
from bench.our_server import name_of, with_workers
from bench.plots import draw
from bench.profile import Profiler
from bench.quota import missing as quota_missing
from bench.report import report, tell_goals
from bench.results import Measured, load, save
from bench.scenarios import SCENARIOS, Scenario, growth, several_workers
from bench.server import BENCH, BUILD, ROOT, Server
from bench.servers import other_tree, servers

LATEST = BENCH / "results" / "latest.json"
UNSAVED = BENCH / "build" / "unsaved.json"
PLOTS = ROOT / "docs" / "bench"
IRC_PEERS = ("node_ws", "ngircd")
GROWTH_PEERS = ("node_ws", "gorilla")
"""The growth is twelve scenarios: not with everybody, unless asked for."""


def main(words: Sequence[str]) -> int:
    """Measure what the command line asks for. Returns 1 if a run failed: something lost, doubled or altered."""
    options = _read(words)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the shell has it ignored
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to stop"))  # in order, as Ctrl-C does
    if not sys.platform.startswith("linux"):
        sys.exit("the benchmark runs on Linux only: it reads /proc")
    try:
        compile_generator()
    except GeneratorFailed as error:
        sys.exit(str(error))
    known = servers()
    if options.baseline:
        known["other"] = other_tree(options.baseline.resolve())
    if options.profile and (missing := Profiler.missing()):
        sys.exit(missing)
    chosen = _available(known, options.peers)
    by_workers = {workers: with_workers(workers) for each in several_workers() for workers in each.workers}
    known |= {server.name: server for server in by_workers.values()}
    results = load(LATEST if options.save else UNSAVED)
    wanted = _wanted(options.only)
    failed = False
    try:
        for scenario in wanted:
            if scenario.quota and (why := quota_missing()):
                print(f"SKIPPED ({scenario.key}): {why}", flush=True)
                continue
            rounds = (
                min(options.rounds, options.growth_rounds) if "growth" in scenario.key else options.rounds
            )
            results.scenarios.pop(scenario.key, None)
            takers = [known[name_of(workers)] for workers in scenario.workers] or _takers(
                scenario, chosen, options.peers
            )
            measured = _alternate(scenario, takers, rounds, options.seconds, profiled=options.profile)
            failed = failed or any(not run.ok for run in measured.runs)
            results.scenarios[scenario.key] = measured
            save(results, LATEST if options.save else UNSAVED)
            print(report(results, known, [scenario.key]), flush=True)
    except KeyboardInterrupt:
        return 130
    if len(wanted) > 1:
        print("\n".join(tell_goals(results, [scenario.key for scenario in wanted])))
    if options.save:
        for file in draw(results, known, PLOTS):
            print(f"drawn: {file.relative_to(ROOT)}")
    return int(failed)


def _read(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the server and its peers.")
    keys = ", ".join([*SCENARIOS, "workers", "growth"])
    parser.add_argument("--only", metavar="KEYS", help=f"scenarios, separated by commas: {keys}")
    parser.add_argument(
        "--peers", metavar="NAMES", help=f"separated by commas: {', '.join(servers())}; or none"
    )
    parser.add_argument("--rounds", type=int, default=5, help="each starts every server once (5)")
    parser.add_argument("--growth-rounds", type=int, default=2, help="rounds of the growth (2)")
    parser.add_argument("--seconds", type=float, help="length of the window, in place of the scenario's own")
    parser.add_argument(
        "--baseline", type=Path, metavar="DIR", help="another checkout of this project, as a peer"
    )
    parser.add_argument(
        "--save", action="store_true", help="keep the figures and draw the plots of docs/bench"
    )
    parser.add_argument(
        "--profile", action="store_true", help="show where our server's time goes (needs py-spy)"
    )
    options = parser.parse_args(words)
    if (
        options.rounds < 1
        or options.growth_rounds < 1
        or (options.seconds is not None and options.seconds <= 0)
    ):
        parser.error("rounds and seconds are positive")
    return options


def _wanted(only: str | None) -> list[Scenario]:
    every = [*SCENARIOS.values(), *several_workers(), *growth()]
    if only is None:
        return every
    asked = only.split(",")
    found = [scenario for scenario in every if scenario.key in asked or scenario.key.split("-")[0] in asked]
    if not found:
        sys.exit(f"no scenario is called {only}")
    return found


def _available(known: dict[str, Server], peers: str | None) -> list[Server]:
    asked = known if peers is None else ["chat", *(name for name in peers.split(",") if name != "none")]
    if "other" in known and "other" not in asked:
        asked = [*asked, "other"]
    chosen = []
    for name in dict.fromkeys(asked):
        if name not in known:
            sys.exit(f"no peer is called {name}: there are {', '.join(known)}")
        missing = known[name].missing()
        if missing is None:
            chosen.append(known[name])
        else:
            print(f"SKIPPED {known[name].title}: {missing}", flush=True)
    return chosen


def _takers(scenario: Scenario, chosen: list[Server], peers: str | None) -> list[Server]:
    """Who takes part in a scenario."""
    if scenario.dialect == "irc" and scenario.speakers:
        return [server for server in chosen if server.name in ("chat", "other", *IRC_PEERS)]
    chosen = [server for server in chosen if server.name != "ngircd"]
    if scenario.dialect in ("native", "irc") and not scenario.speakers:  # nobody else knows positions
        return [server for server in chosen if server.name in ("chat", "other")]
    if scenario.storm:
        return [server for server in chosen if server.storms]
    if scenario.key.startswith("growth") and peers is None:
        return [server for server in chosen if server.name in ("chat", "other", *GROWTH_PEERS)]
    return chosen


def _alternate(
    scenario: Scenario, takers: list[Server], rounds: int, seconds: float | None, *, profiled: bool
) -> Measured:
    """Run each server once a round."""
    machine = describe_machine(calibrate())
    measured = Measured(
        title=scenario.title, date=time.strftime("%Y-%m-%d"), revision=_revision(), machine=machine, runs=[]
    )
    for number, turns in enumerate(_rounds(scenario, takers, rounds), 1):
        for together in turns:
            titles = " beside ".join(server.title for server in together)
            print(f"({scenario.key}) round {number}: {titles}", file=sys.stderr, flush=True)
            profilers = {
                server: _profiler(server, scenario, number) if profiled else None for server in together
            }
            measured.runs += measure_together(
                profilers, scenario, number, seconds or scenario.seconds, machine.cores
            )
    return measured


def _rounds(scenario: Scenario, takers: list[Server], rounds: int) -> list[list[tuple[Server, ...]]]:
    """Return who is measured after whom in each round, and who at the same time.

    With a quota one process runs beside each number of workers: a round is such a pair. Each has its share of a core,
    whoever runs beside it, and how fast a core is depends on what else the machine does just then.
    """
    if scenario.quota:
        one, *several = takers
        return [[(one, workers)] for _ in range(rounds) for workers in several]
    return [[(server,) for server in takers]] * rounds


def _profiler(server: Server, scenario: Scenario, number: int) -> Profiler | None:
    is_ours = server.name == "other" or server.name.startswith("chat")
    return Profiler(BUILD / f"profile-{server.name}-{scenario.key}-{number}.txt") if is_ours else None


def _revision() -> str:
    """The commit that was measured, with a + if the tree has changed since."""
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty=+"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return told.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
