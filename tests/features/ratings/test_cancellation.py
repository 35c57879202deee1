"""Ratings, cancelled at many points: what was answered is so."""

from typing import Any

from msgspec import UNSET
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import Peer, SupportOf
from chat.domain.messages.changes import SupportChange
from chat.features.ratings.port import RATINGS
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.features.ratings.test_storage import Rated
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty


async def over_http(run: Run) -> None:
    """Rate, read it as the person and as an operator, and be refused."""

    async def speak(wire: Wire, world: World) -> None:
        ada, olga = await world.add("ada"), await world.add("olga", operator=True)
        adas, olgas = world.token(ada), world.token(olga)
        room: Any = await wire.asks("PUT", "/api/v1/support", None, adas)
        if not isinstance(room, dict) or "id" not in room:
            return  # cancelled
        rated = {"rating": "good"}
        await wire.asks("PUT", "/api/v1/support/rating", rated, adas)
        said = {"key": "k", "text": "help"}
        await wire.asks("POST", f"/api/v1/rooms/{room['id']}/messages", said, adas)
        people = SupportOf(Peer(ada.id, ada.name))
        await world.storage.messages.save(
            [SupportChange(room["id"], olga.id, 1.0, people, True, UNSET, UNSET)]
        )
        got: Any = await wire.asks("PUT", "/api/v1/support/rating", rated, adas)
        kept = (await world.storage.feature_ports[RATINGS].own(ada.id)).rating
        if isinstance(got, dict) and "rating" in got:
            assert kept is not None
            assert kept.is_good
        await wire.asks("GET", "/api/v1/support/rating", None, adas)
        await wire.asks("GET", f"/api/v1/support/{room['id']}/ratings", None, olgas)
        await wire.asks("GET", f"/api/v1/support/{room['id'] + 1}/ratings", None, olgas)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Be refused, rate, and read."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            rated = Rated(storage)
            await rated.open()

            async def write_and_read() -> None:
                await rated.ratings.rate(rated.mona.id, "", is_good=True)
                await rated.say()
                await rated.close()
                await rated.rate("so", is_good=False)
                await rated.ratings.own(rated.mona.id)
                await rated.ratings.of_room(rated.room)

            await run.target(write_and_read)
            assert len(await rated.ratings.of_room(rated.room)) <= 1

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "ratings over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1
    )


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "ratings in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
