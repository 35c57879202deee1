"""Positions, cancelled at many points: what is stored was noted, and a later position is never taken back."""

import trio
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import Person
from chat.domain.messages.client_positions import POSITIONS, STORE, ClientPositions
from chat.domain.ports import NewPerson
from chat.features.positions import FEATURE
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.swept_world import swept_world
from tests.support.campaign import in_campaign
from tests.support.databases import empty


async def kept(run: Run) -> None:
    """Positions are noted, written beside the server, and once more at its end."""
    async with swept_world(run) as (world, _witness):
        ada = await world.add("ada")
        positions = world.services.feature_ports[POSITIONS]
        asked = list[int]()
        positions.asking[lambda: asked.append(1)] = None

        async def serve() -> None:
            assert FEATURE.open is not None
            async with FEATURE.open(world.services):
                for log_id in (1, 2, 3):
                    positions.note((ada.id, "phone"), log_id)
                    await trio.sleep(6.0)

        await run.target(serve)
        stored = await world.storage.feature_ports[STORE].read((ada.id, "phone"))
        assert stored in (None, 1, 2, 3)
        if not run.fired:
            assert stored == 3
            assert asked


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Write and read positions."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            store = storage.feature_ports[STORE]

            async def write_and_read() -> None:
                for log_id in (5, 3):
                    await store.write({(ada.id, "phone"): log_id})
                await store.read((ada.id, "phone"))

            await run.target(write_and_read)
            assert await ClientPositions(store).read((ada.id, "phone")) in (None, 5)

    return scenario


def test_kept(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(kept, "positions kept", flavours=CANCELLING, limit=60)


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "positions in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
