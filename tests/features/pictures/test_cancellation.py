"""Pictures, cancelled at many points: one that somebody has has the file that keeps its bytes."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import Person, Room
from chat.domain.ports import NewPerson
from chat.features.pictures.changes import NewPicture, SetPicture
from chat.features.pictures.use_cases import PICTURES
from chat.features.registry import FEATURES
from chat.storage.file_store import open_file_store
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty
from tests.support.pictures import png

ROSE, TULIP = (NewPicture(bytes([each]) * 32, "image/png", 9, 64) for each in (1, 2))


async def over_http(run: Run) -> None:
    """Give oneself, a room and the server a picture, load them, and take them away."""

    async def speak(wire: Wire, world: World) -> None:
        admin = await world.storage.users.add(NewPerson(name="ada", password_hash=b"x", is_admin=True))
        assert isinstance(admin, Person)
        garden, token = (await world.make_room(admin)).id, world.token(admin)
        for path in ("/me/picture", f"/rooms/{garden}/picture", "/admin/picture"):
            got: Any = await wire.asks("PUT", f"/api/v1{path}", png(8), token)
            assert run.fired or (isinstance(got, dict) and "picture" in got), got
            if isinstance(got, dict) and "picture" in got:
                found = await world.storage.feature_ports[PICTURES].find(bytes.fromhex(got["picture"]))
                assert found is not None
                await wire.asks("GET", f"/api/v1/pictures/{got['picture']}")
        await wire.asks("GET", f"/api/v1/pictures/{'0' * 64}")
        await wire.asks("POST", "/api/v1/profiles", {"people": [admin.id]}, token)
        await wire.asks("DELETE", f"/api/v1/rooms/{garden}/picture", None, token)
        for path in ("/me/picture", f"/admin/people/{admin.id}/picture", "/admin/picture"):
            await wire.send(
                f"DELETE /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
            )
            await wire.until(b"HTTP/1.1 204", b"HTTP/1.1 5")
        await wire.stream.aclose()

    with TemporaryDirectory() as directory:
        store = await open_file_store(Path(directory), "mark")
        await one_connection(run, speak, config(), file_store=store)


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Give somebody, a room and the server pictures, and others: each is there with its file, or neither is."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            pictures = storage.feature_ports[PICTURES]
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            room = await storage.rooms.create("garden", ada.id, is_private=False)
            assert isinstance(room, Room)

            async def write_and_read() -> None:
                for picture in (ROSE, TULIP):
                    await pictures.set_of_person(ada.id, picture, ada.id)
                    write = SetPicture(room_id=room.id, actor_id=ada.id, created_at=2.0, picture=picture)
                    await storage.messages.save([write])
                await pictures.set_of_server(TULIP)
                assert await pictures.find(TULIP.digest) is not None
                assert await pictures.people([ada.id], operators_only=False)
                await pictures.set_of_person(ada.id, None, 0)

            await run.target(write_and_read)
            person = await storage.users.by_id(ada.id)
            assert person is not None
            for each in (ROSE, TULIP):
                found = await pictures.find(each.digest)
                assert (person.picture != each.hash) or found is not None
                assert found is None or each.digest not in await storage.files.unneeded([each.digest])

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "pictures over HTTP", flavours=CANCELLING, virtual=False, limit=30, every=60, seeds=1
    )


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    cancel_sweep.scenario(
        in_postgres(one_database), "pictures in PostgreSQL", virtual=False, limit=20, every=25, seeds=1
    )
