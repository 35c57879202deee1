"""The rooms that new people start in, cancelled at many points: what was answered is so, and who is due is in them."""

from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.entities import Person, Room
from chat.domain.ports import NewPerson
from chat.due.port import DUE
from chat.features.starting_rooms.joining import open_waking, start
from chat.features.starting_rooms.port import KIND, STARTING_ROOMS
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.swept_world import swept_world
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty

PATH = "/api/v1/admin/starting-rooms"


async def over_http(run: Run) -> None:
    """Choose a room, read the list, and take the room back: what was answered is so."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        await world.storage.users.administer(ada.id, AccountChange(is_admin=True), None)
        room, token = (await world.make_room(ada)).id, world.token(ada)
        for method, rooms in (("PUT", [room]), ("DELETE", [])):
            got: Any = await wire.asks(method, f"{PATH}/{room}", None, token)
            if isinstance(got, dict) and "rooms" in got:
                assert got["rooms"] == await world.storage.feature_ports[STARTING_ROOMS].all() == rooms
            await wire.asks("GET", PATH, None, token)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def joining(run: Run) -> None:
    """Join the rooms: what is not done is due again, and then the person is in all of them."""
    async with swept_world(run) as (world, _):
        ada = await world.add("ada")
        rooms = [(await world.make_room(ada, name)).id for name in ("garden", "cellar")]
        port, due = world.storage.feature_ports[STARTING_ROOMS], world.storage.feature_ports[DUE]
        for room in rooms:
            await port.switch(room, ada.id, is_on=True)
        ben = await world.add("ben")

        async def join() -> None:
            async with open_waking(world.services):
                for item in await due.claim([KIND], 9, 0.0):
                    await start(world.services, item)
                    await due.done(item)

        await run.target(join)
        for item in await due.claim([KIND], 9, 60.0):
            await start(world.services, item)
        assert {*rooms} <= {*await world.storage.rooms.of_member(ben.id)}


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Choose a room while somebody comes: they are due, or came before."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            room = await storage.rooms.create("garden", ada.id, is_private=False)
            assert isinstance(room, Room)
            port = storage.feature_ports[STARTING_ROOMS]

            async def write_and_read() -> None:
                await port.switch(room.id, ada.id, is_on=True)
                await port.all()
                await port.switch(room.id, ada.id, is_on=False)

            await run.target(write_and_read)
            assert set(await port.all()) <= {room.id}

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "starting rooms over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1
    )


def test_joining(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(joining, "joining starting rooms", flavours=CANCELLING)


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "starting rooms in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
