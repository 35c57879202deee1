"""Outgoing hooks: a position in the log, from which changes are sent to an address, signed as Standard Webhooks."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from chat.domain.accounts.outgoing_hooks import OUTGOING
from chat.domain.features import Ports
from chat.domain.log_events import EVENTS, LOG, EventEncoder
from chat.engine.services import EngineServices
from chat.features.feature import Feature
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
    """Send for as long as the block lasts, `pace` seconds between two looks. Cancelling: as of `open_sender`."""
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
    ports[WAKES].wake = sender.wake
    async with open_sender(sender):
        yield sender


FEATURE = Feature(
    name="outgoing_hooks",
    ports={OUTGOING: PostgresOutgoingHooks},
    services={EVENTS: _events, WAKES: _wakes},
    operations=OPERATIONS,
    open=open_outgoing,
)
