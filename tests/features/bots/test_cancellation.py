"""Bots, cancelled at many points: each is made, changed and removed whole, or not at all."""

from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.accounts.bots import BOTS, BotAccount
from chat.domain.entities import Person
from chat.domain.ports import NewPerson, NewSession
from chat.features.bots.rules import NO_BOT, OFF_BY_ADMIN
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty


async def over_http(run: Run) -> None:
    """Make a bot, change it, add it to a room, speak as it, take it out and remove it."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.accounts.add("ada", "secret word")
        assert isinstance(ada, Person)
        garden, token = (await world.make_room(ada)).id, world.token(ada)
        made: Any = await wire.asks("POST", "/api/v1/bots", {"name": "Dice", "scopes": ["read"]}, token)
        if isinstance(made, dict) and "id" in made:
            which = f"/api/v1/bots/{made['id']}"
            await wire.asks("PATCH", which, {"scopes": ["speak"]}, token)
            await wire.asks("PATCH", which, {"off": True}, token)
            await wire.asks("PATCH", which, {"off": False}, token)
            await wire.does("PUT", f"{which}/rooms/{garden}", {}, token)
            wanted = {"name": "x", "password": "secret word"}
            given: Any = await wire.asks("POST", f"{which}/tokens", wanted, token)
            if isinstance(given, dict) and "token" in given:
                said = {"key": "k", "text": "six"}
                await wire.asks("POST", f"/api/v1/rooms/{garden}/messages", said, given["token"])
                await wire.does("DELETE", f"{which}/tokens/{given['id']}", None, token)
            await wire.asks("GET", "/api/v1/bots", None, token)
            await wire.asks("GET", f"/api/v1/rooms/{garden}/bots", None, token)
            await wire.does("DELETE", f"{which}/rooms/{garden}", None, token)
            await wire.does("PUT", f"{which}/rooms/{garden}", {}, token)
            await wire.does("DELETE", which, None, token)
            said_now = [each.text for each in world.said(garden) if each.text]
            assert said_now in ([], ["six"]) if run.fired else said_now == ["six"]
        eve = await world.storage.users.add(NewPerson(name="eve", password_hash=b"x", is_admin=True))
        await wire.asks("GET", "/api/v1/admin/bots", None, world.token(eve))  # type: ignore[arg-type]
        left = await world.storage.feature_ports[BOTS].page(0, 9)
        assert run.fired or left == []
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Make, change, use and remove a bot."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            eve = await storage.users.add(NewPerson(name="eve", password_hash=b"x", is_admin=True))
            assert isinstance(ada, Person)
            assert isinstance(eve, Person)
            bots = storage.feature_ports[BOTS]

            async def write_and_read() -> None:
                made = await bots.add(ada.id, "Dice (bot)", ["read"])
                assert isinstance(made, BotAccount)
                assert await bots.change(made.id + 1, ada.id, None, ["speak"]) == NO_BOT
                changed = await bots.change(made.id, ada.id, "Cards (bot)", ["speak"])
                for by, is_on in ((ada.id, False), (eve.id, True), (eve.id, False)):
                    await bots.switch(made.id, by, is_on=is_on)
                assert await bots.switch(made.id, ada.id, is_on=True) == OFF_BY_ADMIN
                switched = await bots.switch(made.id, eve.id, is_on=True)
                assert switched == changed
                assert [changed] == [*await bots.of(ada.id)] == [*await bots.page(0, 9)]
                assert await bots.one(made.id) == changed
                assert await bots.in_room(1, 9) == []
                begun = await storage.sessions.begin(NewSession(person_id=made.id, generation=0, lasts=60))
                assert begun is not None
                await bots.note_use(begun.id)
                assert await bots.remove(made.id, eve.id) is None

            await run.target(write_and_read)
            for each in await bots.of(ada.id):
                await bots.remove(each.id, ada.id)
            await write_and_read()

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    name = "bots over HTTP"
    cancel_sweep.scenario(over_http, name, flavours=CANCELLING, virtual=False, limit=6, every=60, seeds=1)


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "bots in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
