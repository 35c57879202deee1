"""Looking for a date, cancelled at many points: nothing is left, and it works afterwards."""

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.accounts.sessions import Device
from chat.domain.entities import LOBBY_ID, Draft, Person
from chat.domain.messages.dates import DATES
from chat.domain.ports import NewPerson
from chat.features.dates import native
from chat.features.registry import FEATURES
from chat.operations.operation import Caller
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.cancellation.swept_world import swept_world
from tests.support.campaign import in_campaign
from tests.support.databases import empty


async def by_the_operation(run: Run) -> None:
    """Ask for the first message since a time."""
    async with swept_world(run) as (world, _witness):
        ada = await world.add("ada")
        await world.storage.messages.save([Draft(LOBBY_ID, ada.id, "ada", "hello", 5.0)])
        caller, asked = Caller(ada, Device("127.0.0.1")), native.SinceWhen(room=LOBBY_ID, time=1000)

        async def ask() -> None:
            assert await native.first_since(world.services, caller, asked) == native.FirstSince(seq=1)

        await run.target(ask)
        await ask()


def in_postgres(address: DatabaseAddress) -> Scenario:
    """The same in a database."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            await storage.messages.save([Draft(LOBBY_ID, ada.id, "ada", "hello", 5.0)])

            async def ask() -> None:
                assert await storage.feature_ports[DATES].first_since(LOBBY_ID, 1.0) == 1

            await run.target(ask)
            await ask()

    return scenario


def test_by_the_operation(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(by_the_operation, "dates", flavours=CANCELLING)


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    cancel_sweep.scenario(
        in_postgres(one_database), "dates in PostgreSQL", virtual=False, limit=20, every=25, seeds=1
    )
