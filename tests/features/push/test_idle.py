"""A server with nothing to push asks its database nothing."""

from collections import Counter
from typing import Any

import trio
from trio.testing import MockClock

from chat.engine.hub import Hub
from chat.engine.statuses import Statuses
from chat.features.push.figures import Figures
from chat.features.push.ledger import Step
from chat.features.push.opening import open_pushes
from chat.features.push.sending import Outgoing
from chat.inspection.metrics import Metrics
from tests.features.push.ledger_model import SteadyLedger


class CountingLedger(SteadyLedger):
    """A ledger with nothing in it, which counts what it is asked."""

    def __init__(self) -> None:
        super().__init__([])
        self.asked: Counter[str] = Counter()

    async def decide(self, delay: float) -> Step:
        self.asked["decide"] += 1
        await trio.lowlevel.checkpoint()
        return Step(1, False, {})

    async def upcoming(self, **how: Any) -> Any:
        self.asked["upcoming"] += 1
        return await super().upcoming(**how)

    async def claim(self, most: int) -> Any:
        self.asked["claim"] += 1
        return await super().claim(most)

    async def forget(self, most: int) -> int:
        self.asked["forget"] += 1
        await trio.lowlevel.checkpoint()
        return 0


async def test_an_idle_server_asks_once_an_hour_for_what_is_old_and_nothing_else(
    autojump_clock: MockClock,
) -> None:
    async def outgoing() -> Outgoing:
        raise NotImplementedError

    ledger, hub = CountingLedger(), Hub()
    async with open_pushes(ledger, hub, Statuses(), outgoing, Figures(Metrics())):
        await trio.sleep(60)
        hub.newest_id += 1  # a message for nobody
        hub.published.notify()
        await trio.sleep(60)
        ledger.asked.clear()
        await trio.sleep(10 * 3600)
    assert ledger.asked == {"forget": 10}
