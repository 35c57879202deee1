"""What a storage keeps of teams; each test runs in memory and on PostgreSQL."""

import pytest
from msgspec import structs

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.entities import Peer
from chat.domain.ports import Storage
from chat.features.teams.port import MOST, NO_TEAM, TEAM_TAKEN, TOO_MANY_TEAMS, Team, Unassigned, Waiting
from chat.storage.postgres.database import DatabaseAddress
from tests.features.teams.desk import Desk
from tests.support.databases import fetch


@pytest.fixture
async def desk(storage: Storage) -> Desk:
    desk = Desk(storage)
    await desk.open()
    return desk


async def test_teams_are_kept_with_those_who_are_operators(desk: Desk) -> None:
    sales = await desk.team("Sales", desk.olga, desk.otto, default=True)
    help_ = await desk.team("Help", desk.oleg, in_turn=True)
    assert await desk.teams.all() == [sales, help_]
    assert sales.members == (desk.olga.id, desk.otto.id)
    assert await desk.teams.save(Team(id=0, name="SALES"), "sales") is TEAM_TAKEN
    assert await desk.teams.save(structs.replace(help_, name="sales"), "sales") is TEAM_TAKEN
    assert await desk.teams.save(Team(id=2**40, name="x"), "x") is NO_TEAM
    changed = structs.replace(help_, name="Care", is_default=True, members=(desk.olga.id,))
    assert await desk.teams.save(changed, "care") == changed
    assert await desk.teams.all() == [structs.replace(sales, is_default=False), changed]
    await desk.storage.users.administer(desk.olga.id, AccountChange(is_operator=False), None)
    assert [each.members for each in await desk.teams.all()] == [(desk.otto.id,), ()]
    assert await desk.teams.remove(sales.id)
    assert not await desk.teams.remove(sales.id)
    for number in range(MOST - 1):
        await desk.team(f"team {number}")
    assert await desk.teams.save(Team(id=0, name="one more"), "one more") is TOO_MANY_TEAMS


async def test_a_conversation_is_that_of_one_team(desk: Desk) -> None:
    sales, care = await desk.team("Sales"), await desk.team("Care")
    mona, room = await desk.visitor("mona")
    assert await desk.teams.choose(mona.id, "sales") == room
    assert await desk.teams.choose(mona.id, "none") is NO_TEAM
    assert await desk.teams.choose(desk.olga.id, "sales") is NO_TEAM, "she has no conversation"
    await desk.says(mona, room)
    assert await desk.teams.choose(mona.id, "care") is None, "it has begun"
    assert await desk.teams.rooms(0) == {room: sales.id}
    assert await desk.teams.rooms(mona.id) == {}
    await desk.change(room, mona, closed=True)
    assert await desk.teams.choose(mona.id, "care") == room
    assert await desk.teams.give(room, sales.id) == care.id
    assert await desk.teams.give(room, 2**40) is NO_TEAM
    assert await desk.teams.give(room, None) == sales.id
    assert await desk.teams.give(room, None) is None
    await desk.teams.give(room, care.id)
    await desk.teams.remove(care.id)
    assert await desk.teams.rooms(0) == {}


async def test_who_waits_and_who_is_next(desk: Desk) -> None:
    mona, hers = await desk.visitor("mona")
    nina, other = await desk.visitor("nina")
    for visitor, room in ((mona, hers), (nina, other)):
        await desk.says(visitor, room)
    assert await desk.teams.unassigned() == [], "no team takes them"
    first = await desk.team("All", desk.olga, desk.otto, in_turn=True, default=True)
    quiet = await desk.team("Quiet", desk.oleg)
    await desk.teams.give(other, quiet.id)
    assert await desk.teams.unassigned() == [Unassigned(hers, mona, first.id)]
    everybody = [desk.olga.id, desk.otto.id, desk.oleg.id]
    turns = [await desk.teams.next_in_turn(first.id, everybody) for _ in range(3)]
    assert [each and each.name for each in turns] == ["olga", "otto", "olga"]
    assert await desk.teams.next_in_turn(first.id, [desk.oleg.id]) is None
    assert await desk.teams.next_in_turn(2**40, everybody) is None
    await desk.change(hers, mona, to=desk.otto)
    await desk.change(other, nina, to=desk.oleg)
    assert await desk.teams.unassigned() == []
    otto, oleg = Peer(desk.otto.id, "otto"), Peer(desk.oleg.id, "oleg")
    waiting = [Waiting(hers, mona, otto, True), Waiting(other, nina, oleg, True)]
    assert await desk.teams.waiting() == waiting
    await desk.says(otto, hers, mona)
    await desk.storage.users.administer(desk.oleg.id, AccountChange(is_operator=False), None)
    assert await desk.teams.waiting() == [Waiting(other, nina, oleg, False)]
    await desk.change(other, nina, closed=True)
    assert await desk.teams.waiting() == []


async def test_absences_are_counted_by_operator(desk: Desk, place: DatabaseAddress | None) -> None:
    _, room = await desk.visitor("mona")
    assert await desk.teams.absent(room, desk.olga.id) < 60
    if place is not None:
        await fetch(place, "UPDATE absent_assignees SET since = since - interval '100 s'")
        assert 100 <= await desk.teams.absent(room, desk.olga.id) < 160
    assert await desk.teams.absent(room, desk.otto.id) < 60, "it is another one's now"
    await desk.teams.present([room])
    await desk.teams.present([])
    assert await desk.teams.absent(room, desk.otto.id) < 60
