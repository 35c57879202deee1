"""A clean-up, cancelled at many points: what was answered as deleted is deleted."""

from typing import Any

import pytest
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import LOBBY_ID, Draft, Person
from chat.domain.ports import NewPerson
from chat.features.clean_up import queries, use_cases
from chat.features.clean_up.use_cases import RECENT_MESSAGES, Found
from chat.features.registry import FEATURES
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty


async def add_moderator(storage: Any) -> Person:
    mod = await storage.users.add(NewPerson(name="mod", password_hash=b"x", is_moderator=True))
    assert isinstance(mod, Person)
    return mod


async def over_http(run: Run) -> None:
    """Delete what Eve said in two commits: the answer is as many as are gone, and what is gone is gone whole."""

    async def speak(wire: Wire, world: World) -> None:
        eve = await world.add("eve")
        mod = await add_moderator(world.storage)
        api, said = "/api/v1", 0
        garden = (await world.make_room(mod)).id
        await wire.asks("PUT", f"{api}/rooms/{garden}/members/{eve.id}", {}, world.token(eve))
        for nth in range(3):
            body = {"key": f"k{nth}", "text": "words"}
            got: Any = await wire.asks("POST", f"{api}/rooms/{garden}/messages", body, world.token(eve))
            said += isinstance(got, dict) and "seq" in got
        got = await wire.asks("POST", f"{api}/people/{eve.id}/clean-up", {"hours": 1}, world.token(mod))
        recent = world.storage.feature_ports[RECENT_MESSAGES]
        left = await recent.find(mod.id, eve.id, 0.0, None, 9)
        if isinstance(got, dict) and "deleted" in got:
            assert left.messages == []
        assert run.fired or got == {"deleted": said}
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Find messages through several windows."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with open_postgres_storage(
            address, pool_size=2, query_timeout=5, commit_timeout=5, features=FEATURES
        ) as storage:
            mod = await add_moderator(storage)
            for _ in range(3):
                await storage.messages.save([Draft(LOBBY_ID, mod.id, "mod", "words", 2.0)])
            recent = storage.feature_ports[RECENT_MESSAGES]

            async def read() -> None:
                assert await recent.find(mod.id, mod.id, 1.0, None, 9) == Found(
                    [(LOBBY_ID, 3), (LOBBY_ID, 2), (LOBBY_ID, 1)], None
                )

            await run.target(read)
            await read()

    return scenario


def test_over_http(cancel_sweep: Sweeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use_cases, "_AT_ONCE", 2)
    cancel_sweep.scenario(
        over_http, "a clean-up over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=60, seeds=1
    )


@in_campaign
def test_in_postgres(
    cancel_sweep: Sweeper, one_database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_WINDOW", 2)
    cancel_sweep.scenario(
        in_postgres(one_database), "recent messages in PostgreSQL", virtual=False, limit=20, every=25, seeds=1
    )
