"""Newcomers, cancelled at many points: nothing that they may not send is taken."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import LOBBY_ID, Draft, Message, Person
from chat.domain.messages.newcomers import NEWCOMERS
from chat.domain.ports import NewPerson
from chat.features.registry import FEATURES
from chat.storage.file_store import open_file_store
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.support.chat_world import World
from tests.support.databases import empty

PLENTY = 1 << 20


async def over_http(run: Run) -> None:
    """Upload a file as a newcomer, in the lobby and for support, and as somebody who is none."""

    async def speak(wire: Wire, world: World) -> None:
        await world.services.settings.change(None, {"newcomer_hours": 24})
        ada = await world.add("ada")
        token = world.token(ada)
        support = await wire.asks("PUT", "/api/v1/support", None, token)
        rooms: list[Any] = [(LOBBY_ID, "newcomer")]
        if isinstance(support, dict) and "id" in support:
            rooms.append((support["id"], None))
        for room, reason in rooms:
            got: Any = await wire.asks("POST", f"/api/v1/rooms/{room}/files?name=a.txt", b"words", token)
            assert run.fired or (got.get("reason") == reason), got
            assert not (isinstance(got, dict) and "size" in got) or reason is None
        world.storage.users.vouched.add(ada.id)
        got = await wire.asks("POST", f"/api/v1/rooms/{LOBBY_ID}/files?name=a.txt", b"words", token)
        assert run.fired or got["size"] == 5
        await wire.stream.aclose()

    with TemporaryDirectory() as directory:
        store = await open_file_store(Path(directory), "mark")
        await one_connection(run, speak, config(), file_store=store)


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Send a link as a newcomer: it is never in the log."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            await storage.settings.change_settings({"newcomer_hours": 24}, None)

            async def write() -> None:
                assert await storage.feature_ports[NEWCOMERS].find(ada.id) is not None
                texts = ("hello", "https://example.org", "@ada hello")
                await storage.messages.save(
                    [Draft(LOBBY_ID, ada.id, "ada", text, 1.0, key=text) for text in texts]
                )

            await run.target(write)
            log = await storage.messages.read_log(0, 10, PLENTY)
            said = [each.text for each in log if isinstance(each, Message)]
            assert said in ([], ["hello", "@ada hello"]), said

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "newcomers over HTTP", flavours=CANCELLING, virtual=False, limit=30, every=60, seeds=1
    )


def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    cancel_sweep.scenario(
        in_postgres(one_database), "newcomers in PostgreSQL", virtual=False, limit=20, every=25, seeds=1
    )
