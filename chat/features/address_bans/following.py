"""Holds the bans in memory, and closes the sockets that they concern, whichever server changed them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import structlog

from chat.domain.closing import ADDRESS_BANNED
from chat.domain.failures import StorageDown
from chat.domain.limits.address_bans import ADDRESS_BANS
from chat.engine.services import EngineServices

logger = structlog.get_logger(__name__)


@asynccontextmanager
async def open_following(services: EngineServices) -> AsyncGenerator[None]:
    """Apply the bans now, and after each change for as long as the server runs. Cancelling: they stay as they are."""

    async def again() -> None:
        await apply(services)

    services.settings.also_refresh(again)
    with suppress(StorageDown):  # they are read when the database answers
        await again()
    yield


async def apply(services: EngineServices) -> None:
    """Read the bans, hold them, and close sockets from banned networks. May raise StorageDown.

    Cancelling: those before hold.
    """
    found = await services.feature_ports[ADDRESS_BANS].list()
    # No await between the read and its application.
    bans = services.budgets.bans
    bans.replace(found)
    banned = [session for session in services.presence if bans.refusal(session.address)]
    for session in banned:
        session.close(ADDRESS_BANNED)
    if banned:
        logger.info("closed sockets of banned networks", sockets=len(banned))
