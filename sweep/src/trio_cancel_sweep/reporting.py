"""What a sweep says: the points, what did not hold after which of them, and how one of them is run again."""

import os
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from .await_lines import Line

if TYPE_CHECKING:
    from .run import Run

KINDS = ("error", "hang", "swallowed", "task", "lock", "resource")
"""What a failure is about, in the words of the option `ignore`."""


_MOST_LINES = 12
"""Lines that a failure names, the innermost ones."""


class Point(NamedTuple):
    """When something happens: in which schedule, what, at the how-manyeth moment (0: never), and to which target."""

    seed: int
    flavour: str
    n: int
    victim: int = 0

    def __str__(self) -> str:
        which = f":{self.victim}" if self.victim else ""
        return f"{self.seed}:{self.flavour}:{self.n}{which}"

    @classmethod
    def parsed(cls, text: str) -> "Point":
        """Return the point that is written like this: `0:park:17`; ValueError if it is none."""
        try:
            seed, flavour, n, *victim = text.split(":")
            return cls(int(seed), flavour, int(n), *map(int, victim))
        except (TypeError, ValueError):
            raise ValueError(f"{text!r} is no point of a sweep, as 0:park:17 is") from None


class Failure(NamedTuple):
    """What did not hold after a run, and where in the swept code its tasks were when it happened to them."""

    point: Point
    kind: str
    what: str
    at: tuple[Line, ...]

    def __str__(self) -> str:
        at = " < ".join([*map(str, self.at[: -_MOST_LINES - 1 : -1]), *["…"][: len(self.at) > _MOST_LINES]])
        return f"--cancel-at={self.point}: {self.what}" + (f" (at {at})" if at else "")


class Report:
    """What a sweep did and found."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.runs = 0
        self.fired = 0
        self.longest = 0  # moments in the longest run
        self.seconds = 0.0
        self.failures: list[Failure] = []
        self.reached: set[Line] = set()
        self.cancelled_at: set[Line] = set()
        # Awaits in `finally` and `except` that were cancelled as well.
        self.cut_cleanups: Counter[Line] = Counter()

    def add(self, run: "Run", failures: list[Failure]) -> None:
        """Count one run."""
        self.runs += 1
        self.fired += run.fired
        self.longest = max(self.longest, run.moments)
        self.failures += failures
        self.reached.update(run.reached)
        self.cancelled_at.update(run.cancelled_at)
        self.cut_cleanups.update(run.cut_cleanups)

    def __str__(self) -> str:
        return f"{self.name}: {self.fired} points in {self.seconds:.1f} s, up to {self.longest} a run"

    def assert_clean(self) -> None:
        """Fail with what did not hold, and how to see it again."""
        if not self.failures:
            return
        shown = "\n  ".join(str(failure) for failure in self.failures[:8])
        cut = ", ".join(map(str, sorted(self.cut_cleanups)))
        raise AssertionError(
            f"{len(self.failures)} failures in {self.runs} runs\n  {shown}"
            + (f"\nawaits in `finally` or `except` that were cancelled as well: {cut}" if cut else "")
            + f"\none of them again: {_command(self.failures[0].point)}"
        )


def _command(point: Point) -> str:
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    argument = f"--cancel-at={point}"
    argument = f"'{argument}'" if " " in argument else argument
    return f"python -m pytest '{test}' {argument}" if test else f'sweep(…, only="{point}")'
