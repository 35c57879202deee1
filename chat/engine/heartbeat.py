"""The one task that finds dead clients: it pings silent ones and cuts those that do not answer.

It is one task for all clients: five thousand idle ones cost one pass a second, and no memory.
"""

import trio

from chat.engine.presence import Presence

_TICK = 1.0
"""Seconds between two passes: the precision of deadlines."""


async def beat(presence: Presence, interval: float, patience: float) -> None:
    """Ping and cut sessions until cancelled.

    Args:
        interval: seconds of silence before a ping.
        patience: seconds that a ping may stay unanswered.
    """
    tick, was_late = min(_TICK, interval, patience), False
    while True:
        due = trio.current_time() + tick
        await trio.sleep_until(due)
        now = trio.current_time()
        # A process that was suspended has not read its clients' answers yet. Skipping one pass is enough: every socket
        # is read before the next.
        was_late = now > due + _TICK and not was_late
        if was_late:
            continue
        for session in presence:
            if now > session.pinger.quiet_until:  # spares a call: half of the cost of idle clients
                session.beat(now, interval, patience)
