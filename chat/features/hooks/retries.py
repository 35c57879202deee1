"""When a call that failed is repeated: to the receiver of an outgoing hook, or to a matterbridge."""

import random

_FIRST = 5.0
"""Seconds until the first repeat; twice as long after each failure."""

_LONGEST = 3600.0
"""Seconds between two repeats at most."""


def retry_after(tries: int, asked: str | None) -> float:
    """Return the seconds until a call is repeated that has failed `tries` times. Sync; pure, but for chance.

    `asked` is the answer's `Retry-After`; a date there counts as nothing.
    """
    usual = min(_FIRST * 2.0 ** min(tries - 1, 20), _LONGEST) * random.uniform(0.8, 1.2)
    wanted = float(asked) if asked is not None and asked.isdecimal() and len(asked) < 9 else 0.0
    return max(usual, min(wanted, _LONGEST))
