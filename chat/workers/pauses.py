"""How long to wait before a worker that ended is started again."""

FIRST = 0.1
"""Seconds; doubled with each end, up to LONGEST."""

LONGEST = 5.0

STEADY = 30.0
"""Seconds that a worker has to run before its next end counts as the first again."""


class Pauses:
    """The pauses of one worker, which grow while it ends soon after each start. All of it is sync."""

    def __init__(self) -> None:
        self._ends = 0

    def next(self, ran: float) -> float:
        """Return the seconds to wait now that it has ended, after it ran for `ran` seconds."""
        self._ends = 1 if ran >= STEADY else self._ends + 1
        return min(FIRST * float(2 ** min(self._ends - 1, 16)), LONGEST)
