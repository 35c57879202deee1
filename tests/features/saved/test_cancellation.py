"""Saved messages, cancelled at many points: what was answered about saving is so."""

from functools import partial
from typing import Any

import pytest
import trio
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import Draft, Person, Room
from chat.domain.ports import NewPerson
from chat.features.registry import FEATURES
from chat.features.saved import queries
from chat.features.saved.use_cases import SAVED_MESSAGES, TOO_MANY_SAVED
from chat.protocols.native.wire.codec import NATIVE
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.swept_world import assert_nothing_left, converse, swept_world
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty

PLENTY = 1 << 20


async def over_http(run: Run) -> None:
    """Save a message, list it, and remove it again: what was answered is so."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        garden, token = (await world.make_room(ada)).id, world.token(ada)
        api = "/api/v1"
        await wire.asks("POST", f"{api}/rooms/{garden}/messages", {"key": "k", "text": "hello"}, token)
        for method, is_on in (("PUT", True), ("DELETE", False)):
            got: Any = await wire.asks(method, f"{api}/me/saved/{garden}/1", None, token)
            if isinstance(got, dict) and "saved" in got:
                places = await world.storage.feature_ports[SAVED_MESSAGES].places(ada.id)
                assert places == ({garden: [1]} if is_on else {})
            assert run.fired or got == {"saved": is_on}
            await wire.asks("GET", f"{api}/me/saved", None, token)
            await wire.asks("GET", f"{api}/me/saved/places", None, token)
        await wire.asks("PUT", f"{api}/me/saved/{garden + 1}/1", None, token)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def on_the_socket(run: Run) -> None:
    """Save a message of a room that one may not see: nothing is saved."""
    async with swept_world(run) as (world, witness):
        ada, ben = await world.add("ada"), await world.add("ben")
        room = (await world.make_room(ada)).id
        frames = [
            {"type": "hello", "id": 1, "token": world.token(ben)},
            {"type": "save", "id": 2, "room": room, "seq": 1},
        ]
        client = await converse(run, world, NATIVE, None, frames, meanwhile=partial(trio.sleep, 5))
        answers = [each for each in client.received_now() if each.get("id") == 2]
        assert {each["type"] for each in answers} <= {"error"}
        assert run.fired or len(answers) == 1
        await assert_nothing_left(world, witness, client)


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Save up to the limit, list and remove: there are never more, and the list has what the places have."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            room = await storage.rooms.create("garden", ada.id, is_private=False)
            assert isinstance(room, Room)
            for text in ("one", "two"):
                await storage.messages.save([Draft(room.id, ada.id, "ada", text, 1.0)])
            saved = storage.feature_ports[SAVED_MESSAGES]

            async def write_and_read() -> None:
                await saved.save(ada.id, room.id, 1)
                assert await saved.save(ada.id, room.id, 2) in (TOO_MANY_SAVED, None)
                await saved.page(ada.id, 2**63 - 1, 9, PLENTY)
                await saved.places(ada.id)
                await saved.remove(ada.id, room.id, 1)

            await run.target(write_and_read)
            listed = await saved.page(ada.id, 2**63 - 1, 9, PLENTY)
            places = (await saved.places(ada.id)).get(room.id, [])
            assert [each.message.seq for each in listed] == places
            assert len(places) <= 1

    return scenario


def test_on_the_socket(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(on_the_socket, "saved messages on the socket", flavours=CANCELLING)


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "saved messages over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=20, seeds=1
    )


@in_campaign
def test_in_postgres(
    cancel_sweep: Sweeper, one_database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_SAVED", 1)
    cancel_sweep.scenario(
        in_postgres(one_database),
        "saved messages in PostgreSQL",
        virtual=False,
        limit=20,
        every=25,
        seeds=1,
    )
