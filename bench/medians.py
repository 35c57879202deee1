"""Medians, and ratios of two servers taken round by round: what disturbs the machine disturbs both."""

import statistics
from collections.abc import Callable, Sequence

from bench.results import Measured, Run

Figure = Callable[[Run], float]

OURS = "chat"


def median(runs: Sequence[Run], figure: Figure) -> float | None:
    """Return the median of a figure; None of no runs."""
    return statistics.median(map(figure, runs)) if runs else None


def ratio(measured: Measured | None, figure: Figure, one: str, other: str) -> float | None:
    """Return the median of `one`'s figure divided by `other`'s of the same round; None if they never met."""
    if measured is None:
        return None
    by_round = {run.round: figure(run) for run in measured.of(other)}
    ratios = [figure(run) / by_round[run.round] for run in measured.of(one) if by_round.get(run.round)]
    return statistics.median(ratios) if ratios else None


def ours(measured: Measured | None, figure: Figure) -> float | None:
    """Return the median of our server's figure."""
    return median(measured.of(OURS), figure) if measured is not None else None


def theirs(measured: Measured | None, server: str, figure: Figure) -> float | None:
    """Return the median of a peer's figure."""
    return median(measured.of(server), figure) if measured is not None else None


def against_other_scenario(one: Measured | None, other: Measured | None, figure: Figure) -> float | None:
    """Return the median of our figure in one scenario divided by that in another, round by round."""
    if one is None or other is None:
        return None
    by_round = {run.round: figure(run) for run in other.of(OURS)}
    ratios = [figure(run) / by_round[run.round] for run in one.of(OURS) if by_round.get(run.round)]
    return statistics.median(ratios) if ratios else None
