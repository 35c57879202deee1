"""Visitors of the support widget, on memory and on PostgreSQL: in no list and in no room but their conversation."""

import asyncpg
import pytest

from chat.domain.entities import LOBBY_ID, Draft, Peer, Person, SupportOf, Visit
from chat.domain.ports import NewPerson, Storage
from chat.storage.postgres.database import DatabaseAddress
from tests.storage.test_contract import add, support_room
from tests.support.account_changes import set_disabled, set_roles
from tests.support.databases import execute, fetch
from tests.support.replays import snapshots

EVER = 2**63 - 1
ANNA = Visit(email="anna@example.com", page="https://shop.example/cart")


async def come(storage: Storage, name: str, visit: Visit) -> Person:
    new = NewPerson(name=name, display_name="Anna", password_hash=b"", visit=visit)
    added = await storage.users.add(new)
    assert isinstance(added, Person)
    assert added.is_visitor
    return added


async def test_a_visitor_has_their_conversation_alone(storage: Storage) -> None:
    ada, olga = await add(storage, "ada", "olga")
    await set_roles(storage.users, olga.id, operator=True, admin=False)
    anna, silent = await come(storage, "visitor-1", ANNA), await come(storage, "visitor-2", Visit())
    assert await storage.users.by_id(anna.id) == anna
    room = (await support_room(storage, anna.id)).id
    assert await storage.timelines.rooms_of([anna.id, silent.id]) == {
        anna.id: {room: "support"},
        silent.id: {},
    }
    people = SupportOf(Peer(anna.id, anna.name))
    text = "@visitor-2 @ada @olga @all help"
    (said,) = await storage.messages.save([Draft(room, anna.id, anna.name, text, 1.0, people=people)])
    assert said is not None
    (own,) = await snapshots(storage, anna.id, EVER)
    (seen,) = await snapshots(storage, olga.id, EVER, [room])
    for snapshot in (own, seen):
        assert (snapshot.visit, snapshot.members) == (ANNA, 2)
        assert snapshot.peer is not None
        assert (snapshot.peer.is_visitor, snapshot.peer.display_name) == (True, "Anna")
    for stranger in (ada.id, silent.id):
        assert await snapshots(storage, stranger, EVER, [room]) == []
    other = (await support_room(storage, ada.id)).id
    assert [each.visit for each in await snapshots(storage, ada.id, EVER, [other])] == [None]


async def test_the_lobby_is_without_visitors(storage: Storage) -> None:
    (ada,) = await add(storage, "ada")
    for number in range(30):
        await come(storage, f"visitor-{number}", Visit())
    (lobby,) = await snapshots(storage, ada.id, EVER)
    assert (lobby.id, lobby.members) == (LOBBY_ID, 1)
    assert [each.person.name for each in await storage.rooms.members(LOBBY_ID, 0, 9)] == ["ada"]
    await storage.messages.save([Draft(LOBBY_ID, ada.id, "ada", "@visitor-1 @all", 1.0)])
    (said,) = await storage.messages.timeline(LOBBY_ID, 1, 1 << 20)
    page = await storage.timelines.history(ada.id, LOBBY_ID, 1, 1 << 20, EVER)
    assert page is not None
    assert (said.text, page.messages[0].mentions) == ("@visitor-1 @all", (0,)), "twenty would be too many"


async def test_no_list_has_visitors_and_nobody_writes_to_them_directly(storage: Storage) -> None:
    ada, olga, otto = await add(storage, "ada", "olga", "otto")
    for operator in (olga, otto):
        await set_roles(storage.users, operator.id, operator=True, admin=False)
    await set_disabled(storage.users, otto.id, disabled=True)
    assert await storage.users.operators() == [olga.id, otto.id]
    anna = await come(storage, "visitor-1", ANNA)
    known = [ada.id, olga.id, otto.id]
    assert [each.id for each in await storage.users.everyone()] == known
    assert await storage.users.count() == len(known)
    assert [each.id for each in await storage.users.page("", 0, 9)] == known
    assert [each.id for each in await storage.contacts.find("", "", 9)] == known
    for one, other in ((ada.id, anna.id), (anna.id, ada.id), (anna.id, anna.id)):
        assert await storage.rooms.direct_room(one, other) is None
    assert await storage.users.by_email("anna@example.com") is None


async def test_a_deleted_account_loses_its_visit_data(
    storage: Storage, place: DatabaseAddress | None
) -> None:
    anna = await come(storage, "visitor-1", ANNA)
    room = (await support_room(storage, anna.id)).id
    people = SupportOf(Peer(anna.id, anna.name))
    await storage.messages.save([Draft(room, anna.id, anna.name, "help", 1.0, people=people)])
    assert await storage.users.delete(anna.id)
    assert await storage.users.by_id(anna.id) is None
    if place is not None:
        assert await fetch(place, "SELECT count(*) FROM visits") == 0
        with pytest.raises(BaseExceptionGroup) as refused:
            await execute(place, "UPDATE users SET is_operator = true WHERE is_visitor")
        assert refused.group_contains(asyncpg.CheckViolationError)
