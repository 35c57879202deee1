"""Emoji of the server, cancelled at many points: one that is listed has the file that keeps its bytes."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import Person
from chat.domain.ports import NewPerson
from chat.features.custom_emoji.use_cases import CUSTOM_EMOJI, NewEmoji
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


async def over_http(run: Run) -> None:
    """Add an emoji, react with it, list and remove it: what was answered is so."""

    async def speak(wire: Wire, world: World) -> None:
        admin = await world.storage.users.add(NewPerson(name="ada", password_hash=b"x", is_admin=True))
        assert isinstance(admin, Person)
        garden, token = (await world.make_room(admin)).id, world.token(admin)
        await wire.asks("POST", f"/api/v1/rooms/{garden}/messages", {"key": "k", "text": "hello"}, token)
        got: Any = await wire.asks("PUT", "/api/v1/emoji/party", png(8), token)
        assert run.fired or (isinstance(got, dict) and "picture" in got), got
        if isinstance(got, dict) and "picture" in got:
            assert await world.storage.feature_ports[PICTURES].find(bytes.fromhex(got["picture"]))
        await wire.asks("GET", "/api/v1/emoji", None, token)
        await wire.asks("PUT", f"/api/v1/rooms/{garden}/messages/1/custom_reactions/none", None, token)
        for method in ("PUT", "DELETE"):
            path = f"/api/v1/rooms/{garden}/messages/1/custom_reactions/party"
            got = await wire.asks(method, path, None, token)
            assert run.fired or got.get("reacted", False) == (method == "PUT")
        await wire.send(
            f"DELETE /api/v1/emoji/party HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        await wire.until(b"HTTP/1.1 204", b"HTTP/1.1 404", b"HTTP/1.1 5")
        await wire.stream.aclose()

    with TemporaryDirectory() as directory:
        store = await open_file_store(Path(directory), "mark")
        await one_connection(run, speak, config(), file_store=store)


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Add and remove: an emoji is there with its image, or neither is."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            store = storage.feature_ports[CUSTOM_EMOJI]
            new = NewEmoji("party", b"x" * 32, "image/png", 9, 8, 8, 1)

            async def write_and_read() -> None:
                await store.add(new)
                await store.has("party")
                await store.all()
                await store.remove("party", None)
                await store.add(new)

            await run.target(write_and_read)
            found = await storage.feature_ports[PICTURES].find(new.digest)
            assert (found is not None) == await store.has("party")

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "custom emoji over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1
    )


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    cancel_sweep.scenario(
        in_postgres(one_database), "custom emoji in PostgreSQL", virtual=False, limit=20, every=25, seeds=1
    )
