"""Limits that delay a client: while it is not read, it does not count as silent."""

from typing import Any

import trio

from chat.domain.limits.budgets import Budgets
from chat.engine.client_limits import ClientLimits


class Pinger:
    """Notes until when the client is not read."""

    def __init__(self) -> None:
        self.until: list[float] = []

    def not_read_until(self, time: float) -> None:
        self.until.append(time)


async def test_a_delayed_client_does_not_count_as_silent(autojump_clock: object) -> None:
    unused: Any = None
    pinger: Any = Pinger()
    allowance = ClientLimits(Budgets(), "10.0.0.1", unused, pinger)
    began = trio.current_time()
    await allowance.hold_back(5)
    assert pinger.until == [began + 5]
    assert trio.current_time() == began + 5
