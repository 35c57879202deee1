"""Teams, cancelled at many points: what was answered is so, and a conversation that waits is given at last."""

from typing import Any

import trio
from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.accounts.account_changes import AccountChange
from chat.due.port import DueItem
from chat.features.teams.port import ALL, TEAMS, TURN, Team
from chat.features.teams.turns import give, open_turns
from chat.protocols.native.wire.codec import NATIVE
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation import postgres_scenarios
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.swept_world import swept_world
from tests.features.teams.desk import Desk, said
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty

TEAM = "/api/v1/admin/teams"


async def over_http(run: Run) -> None:
    """Make a team, change it, hand a conversation over to it, choose it for one's own, and remove it."""

    async def speak(wire: Wire, world: World) -> None:
        ada, olga = await world.add("ada"), await world.add("olga", operator=True)
        await world.storage.users.administer(olga.id, AccountChange(is_admin=True), None)
        adas, olgas = world.token(ada), world.token(olga)
        table = world.storage.feature_ports[TEAMS]
        room: Any = await wire.asks("PUT", "/api/v1/support", None, adas)
        got: Any = await wire.asks("POST", TEAM, {"name": "Sales", "members": [olga.id]}, olgas)
        if not isinstance(got, dict) or "name" not in got or not isinstance(room, dict) or "id" not in room:
            return  # cancelled
        assert [each.name for each in await table.all()] == ["Sales"]
        path, team = f"{TEAM}/{got['id']}", f"/api/v1/support/{room['id']}/team"
        await wire.does("PUT", "/api/v1/support/team", {"team": "sales"}, adas)
        said = {"key": "k", "text": "help"}
        await wire.asks("POST", f"/api/v1/rooms/{room['id']}/messages", said, adas)
        await wire.asks("PATCH", path, {"in_turn": True}, olgas)
        await wire.does("PUT", team, {"team": got["id"], "was": ada.id}, olgas)
        await wire.does("PUT", team, {"team": got["id"]}, olgas)
        await wire.does("PUT", team, {}, olgas)
        await wire.asks("GET", "/api/v1/support/teams", None, olgas)
        await wire.does("DELETE", path, None, olgas)
        if not run.fired:
            assert await table.all() == []
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def giving(run: Run) -> None:
    """Free a conversation of who is no operator any more, and give it: then the next look does."""
    async with swept_world(run) as (world, _):
        desk = Desk(world.storage)
        await desk.open()
        await desk.team("All", desk.olga, in_turn=True, default=True)
        mona, room = await desk.visitor("mona")
        await desk.says(mona, room)
        await desk.change(room, mona, to=desk.otto)
        await world.storage.users.administer(desk.otto.id, AccountChange(is_operator=False), None)
        await world.connect(NATIVE, desk.olga)
        item = DueItem(1, TURN, ALL, 1)

        async def look() -> None:
            async with open_turns(world.services):
                await world.services.writes.write(said(mona, room))
                await trio.sleep(1)  # until it looks
                await give(world.services, item)

        await run.target(look)
        await give(world.services, item)
        assert [each.assignee.name for each in await desk.teams.waiting()] == ["olga"]


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Save, give and choose, and take turns."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with postgres_scenarios.storage_at(address) as storage:
            desk = Desk(storage)
            await desk.open()
            mona, room = await desk.visitor("mona")

            async def write_and_read() -> None:
                team = await desk.team("Sales", desk.olga, in_turn=True, default=True)
                await desk.teams.save(Team(id=team.id, name="Care", members=(desk.otto.id,)), "care")
                await desk.teams.choose(mona.id, "care")
                await desk.teams.give(room, None)
                await desk.teams.give(room, team.id)
                await desk.teams.rooms(0)
                await desk.teams.unassigned()
                await desk.teams.waiting()
                await desk.teams.next_in_turn(team.id, [desk.otto.id])
                await desk.teams.absent(room, desk.otto.id)
                await desk.teams.present([])
                await desk.teams.remove(team.id)

            await run.target(write_and_read)
            assert len(await desk.teams.all()) <= 1

    return scenario


def test_over_http(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        over_http, "teams over HTTP", flavours=CANCELLING, virtual=False, limit=20, every=20, seeds=1
    )


def test_giving(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(giving, "conversations in turn", flavours=CANCELLING, limit=30, seeds=1)


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "teams in PostgreSQL"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
