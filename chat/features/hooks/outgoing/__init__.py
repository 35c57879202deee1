"""Outgoing hooks: a position in the log, from which changes are sent to an address, signed as Standard Webhooks."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from chat.domain.accounts.bridges import BRIDGES
from chat.domain.accounts.outgoing_hooks import OUTGOING
from chat.domain.features import Ports
from chat.domain.log_events import EVENTS, LOG, EventEncoder
from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.hooks.bridges.queries import PostgresBridges
from chat.features.hooks.bridges.reading import BridgeReader, open_bridge_reader
from chat.features.hooks.outgoing.bots import Answers
from chat.features.hooks.outgoing.native import OPERATIONS, WAKES, Wakes
from chat.features.hooks.outgoing.pages import Pages
from chat.features.hooks.outgoing.queries import PostgresOutgoingHooks
from chat.features.hooks.outgoing.sending import PACE, Sender, open_sender

__all__ = ["FEATURE"]


def _events(_ports: Ports) -> EventEncoder:
    return EventEncoder()


def _wakes(_ports: Ports) -> Wakes:
    return Wakes()


@asynccontextmanager
async def open_outgoing(services: EngineServices, pace: float = PACE) -> AsyncGenerator[Sender]:
    """Send, and read bridges, for as long as the block lasts. Cancelling: as of `open_sender` and `open_bridge_reader`.

    `pace` is in seconds between two looks at the hooks; a matterbridge is read after ten times as long.
    """
    ports = services.feature_ports
    sender = Sender(
        ports[OUTGOING],
        Pages(ports[LOG], ports[EVENTS]),
        services.hub,
        services.outbound,
        lambda: services.settings.public_url,
        Answers(services),
        pace,
    )
    reader = BridgeReader(services, pace * 10)

    def wake() -> None:
        sender.wake()
        reader.wake()

    ports[WAKES].wake = wake
    async with open_bridge_reader(reader), open_sender(sender):
        yield sender


FEATURE = Feature(
    name="outgoing_hooks",
    ports={OUTGOING: PostgresOutgoingHooks, BRIDGES: PostgresBridges},
    services={EVENTS: _events, WAKES: _wakes},
    operations=OPERATIONS,
    open=open_outgoing,
)
