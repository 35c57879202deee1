"""New people join the rooms that they start in, by the rules of everybody who joins a public room."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from chat.application import members
from chat.due.port import DueItem
from chat.due.schedule import SCHEDULE
from chat.engine.services import EngineServices
from chat.features.starting_rooms.port import STARTING_ROOMS


async def start(services: EngineServices, item: DueItem) -> None:
    """Let the person of a due item join the rooms. Raises StorageDown.

    A room that refuses them is left out: it is archived, or they are banned or in it. Cancelling: they may be in some
    of the rooms; the item is due again.
    """
    person = await services.accounts.person(int(item.key))
    if person is None:
        return
    for room_id in await services.feature_ports[STARTING_ROOMS].all():
        await members.join(services, person, room_id)


@asynccontextmanager
async def open_waking(services: EngineServices) -> AsyncGenerator[None]:
    """Look for due items whenever people came, on any server, for as long as the block lasts.

    Cancelling: the next start, or another server, finds the items that are due.
    """
    counts, schedule = services.member_counts, services.feature_ports[SCHEDULE]

    async def wake() -> None:
        seen = counts.people_changes
        while True:
            await counts.change_signal.wait()
            if counts.people_changes != seen:
                seen = counts.people_changes
                schedule.wake()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wake)
        yield
        nursery.cancel_scope.cancel(reason="the server stops")
