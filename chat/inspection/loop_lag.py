"""Measures how late the event loop wakes a task: what every client waits, whatever it asked for."""

from collections.abc import Callable

import trio

_EVERY = 0.25
"""Seconds between two measurements: a step that holds the loop for longer is always seen."""


async def measure_lag(lagged: Callable[[float], object]) -> None:
    """Call `lagged` with the seconds by which a sleep ended late, four times a second, until cancelled."""
    while True:
        due = trio.current_time() + _EVERY
        await trio.sleep_until(due)
        lagged(max(trio.current_time() - due, 0.0))
