"""Groups, cancelled at many points: nobody else is in one, and the next call completes it."""

from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.ports import NewPerson
from chat.features.groups.use_cases import GROUPS, open_group
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.swept_world import swept_world
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty


async def opening(run: Run) -> None:
    """Open a group; whatever was done of it, opening it again gives the one room with all of its people."""
    async with swept_world(run) as (world, _):
        ada, ben, cleo = [await world.add(name) for name in ("ada", "ben", "cleo")]
        await run.target(open_group, world.services, ada, [ben.id, cleo.id])
        again = await open_group(world.services, ben, [cleo.id, ada.id])
        assert isinstance(again, int)
        members = await world.storage.rooms.members(again, 0, 9)
        assert [each.person.id for each in members] == [ada.id, ben.id, cleo.id]
        assert await world.storage.rooms.of_member(ada.id) == [again]


async def over_http(run: Run) -> None:
    """Open a group, and one with a person who is not there."""

    async def speak(wire: Wire, world: World) -> None:
        ada, ben, cleo = [await world.add(name) for name in ("ada", "bea", "cleo")]
        for people in ([ben.id, cleo.id], [ben.id, cleo.id + 99]):
            got: Any = await wire.asks("PUT", "/api/v1/direct", {"people": people}, world.token(ada))
            if isinstance(got, dict) and "others" in got:
                assert [each["id"] for each in got["others"]] == [ben.id, cleo.id]
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Open a group twice: there is one room, or none."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            for name in ("ada", "ben", "cleo"):
                await storage.users.add(NewPerson(name=name, password_hash=b"x"))
            groups = storage.feature_ports[GROUPS]

            async def twice() -> None:
                for maker in (1, 2):
                    await groups.open(maker, [1, 2, 3])

            await run.target(twice)
            assert await groups.open(3, [1, 2, 3]) == await groups.open(1, [1, 2, 3])
            assert len(await storage.rooms.summaries("ada", 1, 9)) == 1

    return scenario


def test_opening(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(opening, "opening groups", flavours=CANCELLING)


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "groups over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=20, seeds=1
    )


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "groups in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
