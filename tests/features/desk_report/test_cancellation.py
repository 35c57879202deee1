"""The report of the desk, cancelled at many points: a read changes nothing, and leaves nothing behind."""

from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.features.desk_report.port import DESK_REPORT
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.features.desk_report.test_storage import Desk
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty


async def over_http(run: Run) -> None:
    """Read it, and be refused."""

    async def speak(wire: Wire, world: World) -> None:
        olgas = world.token(await world.add("olga", operator=True))
        adas = world.token(await world.add("ada"))
        got: Any = await wire.asks("GET", "/api/v1/support/report", None, olgas)
        assert run.fired or got["all"]["cases"] == 0
        await wire.asks("GET", "/api/v1/support/report", None, adas)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Count a case."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            desk = Desk(storage)
            await desk.open()
            await desk.say("mona", "2026-01-12T00:30")

            async def read() -> None:
                counted = await storage.feature_ports[DESK_REPORT].count(0.0, "UTC", [(1.0, 2.0)])
                assert counted.all.cases == 1

            await run.target(read)

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    name = "the report of the desk over HTTP"
    cancel_sweep.scenario(over_http, name, flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1)


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "the report of the desk in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
