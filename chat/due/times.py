"""The times at which people may have something done later."""

import time

from chat.domain.refusals import Code, Refusal

LONGEST = 366 * 86_400.0
"""Seconds until the latest of them."""

_LATE = 60.0
"""Seconds by which a time may be over: it passes while a request is written and sent."""

TIME_PAST = Refusal(Code.INVALID, "at: that time is over", field="at", reason="time_past")
TIME_FAR = Refusal(Code.INVALID, "at: at most a year from now", field="at", reason="time_far")


def check_time(at: float) -> Refusal | None:
    """Return why something can't be due at a time (Unix seconds). Sync."""
    wait = at - time.time()
    if wait < -_LATE:
        return TIME_PAST
    return TIME_FAR if wait > LONGEST else None
