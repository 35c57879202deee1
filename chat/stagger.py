"""Spreads over time what many clients would otherwise do in one pass of the loop, which would delay everybody."""

import trio


class Stagger:
    """Hands out moments in order.

    Args:
        gap: seconds from one moment to the next.
        within: seconds from now in which the latest moment lies, however many ask.
    """

    def __init__(self, gap: float, within: float) -> None:
        self._gap = gap
        self._within = within
        self._last = -float("inf")

    def next(self) -> float:
        """Return the next moment, in seconds of Trio's clock: now, if none was asked for lately. Sync."""
        now = trio.current_time()
        self._last = min(max(now, self._last + self._gap), now + self._within)
        return self._last
