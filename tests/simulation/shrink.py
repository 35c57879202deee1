"""Cuts a failing plan down: delta debugging over its steps, clients, troubles and restarts.

The same failure must stay, told by its words without numbers. Plans are data and runs are deterministic, so the
result is the same each time.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from msgspec import structs

from tests.simulation.plan import Plan

T = TypeVar("T")


def kind_of(problem: str) -> str:
    """Return what two cases of one failure have in common: the first line's words, without numbers and names."""
    lines = [line.strip(" |+-") for line in problem.splitlines() if line.strip(" |+-")]
    return " … ".join(_words(line) for line in (lines[0], *lines[1:][-1:]))


def _words(line: str) -> str:
    return re.sub(r"\S*\d\S*|'[^']*'", "#", line)


def shrink(plan: Plan, fails: Callable[[Plan], bool], *, most_runs: int = 300) -> Plan:
    """Return a smaller plan that still fails; `fails` is called `most_runs` times at the most."""
    runs = 0

    def still_fails(**changes: Any) -> bool:
        nonlocal runs
        runs += 1
        return runs <= most_runs and fails(structs.replace(plan, **changes))

    before = None
    while before != plan and runs < most_runs:
        before = plan
        for part in ("restarts", "troubles", "freezes", "clocks", "jumps", "claims", "guests", "steps"):
            kept = _fewest(getattr(plan, part), lambda rest, part=part: still_fails(**{part: rest}))
            plan = structs.replace(plan, **{part: kept})
        there = {guest.number for guest in plan.guests}
        plan = structs.replace(plan, steps=[step for step in plan.steps if step.client in there])
    return plan


def _fewest(items: Sequence[T], fails: Callable[[list[T]], bool]) -> list[T]:
    """Zeller's ddmin without its subsets: leave out ever smaller pieces while the failure stays."""
    kept = list(items)
    piece = len(kept)
    while piece >= 1:
        start = 0
        while start < len(kept):
            rest = kept[:start] + kept[start + piece :]
            if fails(rest):
                kept = rest
            else:
                start += piece
        piece //= 2
    return kept
