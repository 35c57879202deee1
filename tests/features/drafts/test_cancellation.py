"""Drafts, cancelled at many points: what was answered is kept, and each save is done whole or not at all."""

from functools import partial
from typing import Any

import pytest
import trio
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import LOBBY_ID, Person, Room
from chat.domain.ports import NewPerson
from chat.features.drafts import queries
from chat.features.drafts.use_cases import DRAFTS
from chat.protocols.native.wire.codec import NATIVE
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.swept_world import assert_nothing_left, converse, swept_world
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty


async def over_http(run: Run) -> None:
    """Keep a draft, list it, and keep one in a room that is not there."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        room, token = (await world.make_room(ada)).id, world.token(ada)
        for path, body in ((room, {"text": "hel"}), (room, {"text": "hello"}), (room + 1, {"text": "no"})):
            got: Any = await wire.asks("PUT", f"/api/v1/rooms/{path}/draft", body, token)
            if isinstance(got, dict) and "at" in got:
                (kept,) = await world.storage.feature_ports[DRAFTS].all(ada.id)
                assert kept.text == body["text"]
        await wire.asks("GET", "/api/v1/me/drafts", None, token)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def on_the_socket(run: Run) -> None:
    """Keep a draft in one's room, and one in a room that one may not see: that one is never kept."""
    async with swept_world(run) as (world, witness):
        ada, ben = await world.add("ada"), await world.add("ben")
        other = (await world.make_room(ada)).id
        frames = [
            {"type": "hello", "id": 1, "token": world.token(ben)},
            {"type": "save_draft", "id": 2, "room": LOBBY_ID, "text": "hello"},
            {"type": "save_draft", "id": 3, "room": other, "text": "hello"},
        ]
        client = await converse(run, world, NATIVE, None, frames, meanwhile=partial(trio.sleep, 5))
        kept = {each.room_id for each in await world.storage.feature_ports[DRAFTS].all(ben.id)}
        answers = {each["id"]: each["type"] for each in client.received_now() if each.get("id") in (2, 3)}
        assert kept <= {LOBBY_ID}
        assert answers.get(2) != "save_draft_ok" or kept == {LOBBY_ID}
        assert answers.get(3, "error") == "error"
        assert run.fired or len(answers) == 2
        await assert_nothing_left(world, witness, client)


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Keep drafts up to the limit: there are never more."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            room = await storage.rooms.create("garden", ada.id, is_private=False)
            assert isinstance(room, Room)
            drafts = storage.feature_ports[DRAFTS]

            async def write_and_read() -> None:
                for thread, age in ((0, 2.0), (0, 9.0), (1, 1.0)):
                    await drafts.save(ada.id, room.id, thread, "hello", None, age)
                await drafts.all(ada.id)

            await run.target(write_and_read)
            assert len(await drafts.all(ada.id)) <= 1

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "drafts over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1
    )


def test_on_the_socket(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(on_the_socket, "drafts on the socket", flavours=CANCELLING)


@in_campaign
def test_in_postgres(
    cancel_sweep: Sweeper, one_database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_DRAFTS", 1)
    name = "drafts in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
