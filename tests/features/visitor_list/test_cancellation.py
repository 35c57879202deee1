"""The list of visitors, cancelled at many points: it only reads."""

from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.ports import NewPerson
from chat.features.visitor_list.port import VISITOR_LIST
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.features.visitor_list.test_visitor_list import add
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty


async def over_http(run: Run) -> None:
    """List the visitors."""

    async def speak(wire: Wire, world: World) -> None:
        eve = await world.storage.users.add(NewPerson(name="eve", password_hash=b"x", is_admin=True))
        await add(world.storage, "visitor-1")
        got: Any = await wire.asks("GET", "/api/v1/admin/visitors", None, world.token(eve))  # type: ignore[arg-type]
        assert run.fired or len(got["visitors"]) == 1
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """List the visitors."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            one = await add(storage, "visitor-1")
            await run.target(storage.feature_ports[VISITOR_LIST].page, "", 2**53, 9)
            (found,) = await storage.feature_ports[VISITOR_LIST].page("", 2**53, 9)
            assert found.person.id == one.id

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    name = "visitors listed over HTTP"
    cancel_sweep.scenario(over_http, name, flavours=CANCELLING, virtual=False, limit=10, every=20, seeds=1)


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "visitors listed in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=10, every=25, seeds=1)
