"""Blocks: whom one blocks, and blocking and unblocking them.

That who is blocked can't write is a rule of the core: `domain/rooms/blocks.py`.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from chat.engine.services import EngineServices
from chat.features.blocks.native import OPERATIONS
from chat.features.blocks.publishing import BlockPublisher, open_block_publisher
from chat.features.feature import Feature

__all__ = ["FEATURE"]


@asynccontextmanager
async def _open(services: EngineServices) -> AsyncGenerator[None]:
    """Publish changed blocks for as long as the block lasts. Cancelling: as of `open_block_publisher`."""
    publisher = BlockPublisher(services.contacts, services.presence.people, services.notices.publish_here)
    async with open_block_publisher(publisher, services.blocks):
        yield


FEATURE = Feature(name="blocks", operations=OPERATIONS, open=_open)
