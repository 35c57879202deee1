"""The time of a write."""

import time


def current_time() -> float:
    """Return the current time in Unix seconds, in whole microseconds, as the database stores it. Sync."""
    return round(time.time(), 6)
