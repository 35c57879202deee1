"""The pause before a worker that ended is started again: exponential back-off."""

FIRST = 0.1
"""Seconds; doubled with each early end, up to LONGEST."""

LONGEST = 5.0

STEADY = 30.0
"""Seconds that a worker must have run for its end to count as the first again."""


class Pauses:
    """The pauses of one worker: they grow as long as it ends soon after each start. Sync."""

    def __init__(self) -> None:
        self._ends = 0

    def next(self, ran: float) -> float:
        """Return the seconds to wait now that the worker has ended after `ran` seconds."""
        self._ends = 1 if ran >= STEADY else self._ends + 1
        return min(FIRST * float(2 ** min(self._ends - 1, 16)), LONGEST)
