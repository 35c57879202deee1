"""Earlier conversations, cancelled at many points: a read changes nothing, and leaves nothing behind."""

from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.features.earlier.port import EARLIER
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.features.earlier.test_storage import visit
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty


async def over_http(run: Run) -> None:
    """List those with an address, those without another one, and a refusal."""

    async def speak(wire: Wire, world: World) -> None:
        token = world.token(await world.add("olga", operator=True))
        rooms = [(await visit(world.storage, f"mona {nth}", "m@mail.example"))[1] for nth in range(2)]
        rooms.append((await visit(world.storage, "nina", None))[1])
        for room, others in zip(rooms, (1, 1, 0), strict=True):
            got: Any = await wire.asks("GET", f"/api/v1/support/{room}/earlier", None, token)
            assert run.fired or len(got["rooms"]) == others
        await wire.asks("GET", f"/api/v1/support/{rooms[-1] + 1}/earlier", None, token)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Find the other one."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            (_, first), (_, second) = [await visit(storage, name, "m@mail.example") for name in ("a", "b")]

            async def read() -> None:
                assert await storage.feature_ports[EARLIER].with_address_of(first, 0) == [second]

            await run.target(read)

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http,
        "earlier conversations over HTTP",
        flavours=CANCELLING,
        virtual=False,
        limit=20,
        every=60,
        seeds=1,
    )


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "earlier conversations in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
