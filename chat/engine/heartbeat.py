"""The one task that finds dead peers: it pings the silent and cuts those that do not answer.

One task for all clients, and not one each: five thousand idle clients cost one look a second, and no memory.
"""

import trio

from chat.engine.presence import Presence

_TICK = 1.0
"""Seconds between two looks; a deadline is kept to within this."""


async def beat(presence: Presence, interval: float, patience: float) -> None:
    """Look after every session until cancelled.

    Args:
        interval: seconds of silence before a ping.
        patience: seconds that a ping may stay unanswered.
    """
    tick, was_late = min(_TICK, interval, patience), False
    while True:
        due = trio.current_time() + tick
        await trio.sleep_until(due)
        now = trio.current_time()
        # A process that stood still has not read yet what its clients answered meanwhile. Once is enough: before the
        # next look, every socket is read.
        was_late = now > due + _TICK and not was_late
        if was_late:
            continue
        for session in presence:
            if now > session.pinger.quiet_until:  # a call for each would be half of what idle clients cost
                session.beat(now, interval, patience)
