"""Folders, cancelled at many points: what was answered is so, and each change is done whole or not at all."""

from functools import partial
from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import Person
from chat.domain.ports import NewPerson
from chat.features.folders import folders
from chat.features.folders.folders import FOLDERS
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty

PATH = "/api/v1/me/folders"


async def over_http(run: Run) -> None:
    """Make a folder, rename it, put a room into it, and delete it."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        room, token = (await world.make_room(ada)).id, world.token(ada)
        for method, path, body in (
            ("POST", PATH, {"name": "one"}),
            ("PATCH", f"{PATH}/1", {"name": "two"}),
            ("PUT", f"/api/v1/rooms/{room}/folder", {"folder": 1}),
            ("GET", PATH, None),
            ("DELETE", f"{PATH}/1", None),
        ):
            got: Any = await wire.asks(method, path, body, token)
            if isinstance(got, dict) and "version" in got:
                assert (await world.storage.feature_ports[FOLDERS].read(ada.id)).version == got["version"]
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Change the folders: the version says how often."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            store = storage.feature_ports[FOLDERS]

            async def write_and_read() -> None:
                for name in ("one", "two"):
                    await store.change(ada.id, partial(folders.with_new, name=name))
                await store.read(ada.id)

            await run.target(write_and_read)
            now = await store.read(ada.id)
            assert now.version == now.made == len(now.folders)

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "folders over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1
    )


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "folders in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
