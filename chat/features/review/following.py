"""Keeps the words in memory, whichever server changed them, and notifies those whom a held message concerns."""

from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager, suppress

from chat.domain.failures import StorageDown
from chat.domain.messages.live import OwnEvent
from chat.domain.messages.review import REVIEW
from chat.engine.services import EngineServices
from chat.features.review.port import HELD_MESSAGES


@asynccontextmanager
async def open_following(services: EngineServices, event: Callable[[], str]) -> AsyncGenerator[None]:
    """Apply the words now, and after each change for as long as the server runs. Cancelling: they stay as they are.

    `event` returns the event for clients whose held messages have changed.
    """

    async def again() -> None:
        await apply(services)

    def notify(person_ids: Collection[int]) -> None:
        text = event()
        for person_id in person_ids:
            services.notices.publish(OwnEvent(person_id, text))

    services.settings.also_refresh(again)
    services.feature_ports[REVIEW].on_held(notify)
    with suppress(StorageDown):  # they are read when the database answers
        await again()
    yield


async def apply(services: EngineServices) -> None:
    """Read the words, and hold messages by them. May raise StorageDown. Cancelling: those before hold."""
    words = await services.feature_ports[HELD_MESSAGES].words()
    services.feature_ports[REVIEW].replace(words)
