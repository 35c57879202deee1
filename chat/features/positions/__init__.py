"""Positions: up to where clients that keep none themselves, as those of IRC, have received everything."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from chat.domain.messages.client_positions import POSITIONS, STORE, ClientPositions
from chat.engine.services import EngineServices
from chat.features.feature import Feature
from chat.features.positions.queries import PostgresPositions

__all__ = ["FEATURE"]


@asynccontextmanager
async def _open(services: EngineServices) -> AsyncGenerator[None]:
    """Write noted positions for as long as the block lasts, and once at its end. Cancelling drops some."""
    async with trio.open_nursery() as nursery:
        positions = services.feature_ports[POSITIONS]
        nursery.start_soon(positions.keep)
        nursery.start_soon(positions.ask)
        yield
        positions.end()


FEATURE = Feature(
    name="positions",
    ports={STORE: PostgresPositions},
    services={POSITIONS: lambda ports: ClientPositions(ports[STORE])},
    open=_open,
)
