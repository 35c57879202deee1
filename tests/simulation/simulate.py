"""Run many seeds, or one again: `python -m tests.simulation --help`.

--seeds 1000            fresh seeds, on all cores, with a progress bar
--seed 17               this one again, and cut it down if it fails
--plan plan.json        a plan that was cut down and saved
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import msgspec

from tests.simulation.checker import check
from tests.simulation.draw import draw_plan
from tests.simulation.plan import Plan
from tests.simulation.shrink import kind_of, shrink
from tests.simulation.world import simulate

COMMAND = "python -m tests.simulation"

_MOST_FRESH = 2**40
"""Fresh seeds begin somewhere below this; short enough to be typed."""


def try_seed(seed: int, clients: int = 40, several: bool = False) -> list[str]:
    """Return what is wrong in the world of a seed; with `several` it has several servers."""
    return check(simulate(draw_plan(seed, most_clients=clients, several=several)))


def report(seed: int, problems: list[str], clients: int = 40, several: bool = False) -> str:
    """Return the report of a failing seed: the violations, and the command that reproduces them."""
    more = "" if clients == 40 else f" --clients {clients}"
    more += " --several" if several else ""
    first = "\n  ".join(problems[:3])
    return f"seed {seed}: {len(problems)} broken promises\n  {first}\nreplay: {COMMAND} --seed {seed}{more}"


def try_seeds(
    seeds: Iterable[int], jobs: int, clients: int = 40, several: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Try seeds in `jobs` processes, or in this one; yield each with what is wrong."""
    seeds = list(seeds)
    if jobs == 1:
        yield from ((seed, try_seed(seed, clients, several)) for seed in seeds)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        tried = pool.map(partial(try_seed, clients=clients, several=several), seeds, chunksize=4)
        yield from zip(seeds, tried, strict=True)


def fresh_base() -> int:
    """Return where fresh seeds begin: SIMULATION_BASE, or somewhere new."""
    given = os.environ.get("SIMULATION_BASE")
    return int(given) if given else int.from_bytes(os.urandom(8)) % _MOST_FRESH


def cut_down(plan: Plan) -> str:
    """Return what is left of a failing plan when all is left out that the failure does not need."""
    kind = kind_of(check(simulate(plan))[0])
    small = shrink(plan, lambda tried: kind in map(kind_of, check(simulate(tried))))
    return json.dumps(msgspec.to_builtins(small), indent=1)


def _many(seeds: range, jobs: int, clients: int, several: bool) -> int:
    failed = 0
    for done, (seed, problems) in enumerate(try_seeds(seeds, jobs, clients, several), 1):
        if problems:
            failed += 1
            print(f"\r{report(seed, problems, clients, several)}\n", flush=True)
        bar = "#" * (40 * done // len(seeds))
        if sys.stderr.isatty() or done == len(seeds):
            print(f"\r[{bar:40}] {done}/{len(seeds)}, {failed} failed", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(f"{len(seeds)} seeds from {seeds.start}: {failed} failed")
    return min(failed, 1)


def _one(plan: Plan, name: str, keep: bool) -> int:
    history = simulate(plan)
    problems = check(history)
    print(f"{name}: {len(history.events)} events, digest {history.digest()}")
    if not problems:
        return 0
    print(*problems, sep="\n")
    if not keep:
        print("cutting it down …", file=sys.stderr)
        print(cut_down(plan))
    return 1


def main() -> int:
    """Read the command line and return the exit status."""
    parser = argparse.ArgumentParser(
        prog=COMMAND, description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=1000, help="how many fresh seeds")
    parser.add_argument("--base", type=int, help="the first of them")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--plan", type=Path, help="only this plan (JSON)")
    parser.add_argument("--clients", type=int, default=40, help="clients of the largest worlds")
    parser.add_argument("--several", action="store_true", help="several servers, and a bad bus between them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--whole", action="store_true", help="do not cut a failing plan down")
    given = parser.parse_args()
    if given.plan is not None:
        return _one(msgspec.json.decode(given.plan.read_bytes(), type=Plan), str(given.plan), given.whole)
    if given.seed is not None:
        plan = draw_plan(given.seed, most_clients=given.clients, several=given.several)
        return _one(plan, f"seed {given.seed}", given.whole)
    base = fresh_base() if given.base is None else given.base
    return _many(range(base, base + given.seeds), given.jobs, given.clients, given.several)
