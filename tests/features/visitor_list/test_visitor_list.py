"""The list of visitors, on both storages and over HTTP."""

from chat.domain.entities import Peer, Person, Visit
from chat.domain.ports import NewPerson, Storage
from chat.features.visitor_list.port import VISITOR_LIST
from tests.features.teams.desk import said
from tests.protocols.native.site import open_site


async def add(storage: Storage, name: str, display: str | None = None, email: str | None = None) -> Person:
    visit = Visit(email=email, page="https://shop.example/")
    new = NewPerson(name=name, display_name=display, password_hash=b"", visit=visit)
    person = await storage.users.add(new)
    assert isinstance(person, Person)
    return person


async def test_visitors_are_listed_in_pages_and_found(storage: Storage) -> None:
    table = storage.feature_ports[VISITOR_LIST]
    await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    one = await add(storage, "visitor-1", "Anna Müller", "Anna@Example.com")
    two, three = await add(storage, "visitor-2"), await add(storage, "visitor-3", "Bea")
    room = await storage.rooms.support_room(one.id)
    assert room is not None
    found = await table.page("", 2**53, 10)
    assert [(each.person.id, each.room_id) for each in found] == [
        (three.id, None),
        (two.id, None),
        (one.id, None),
    ]
    await storage.messages.save([said(Peer(one.id, one.name), room.id)])
    (listed,) = await table.page("müller", 2**53, 10)
    assert (listed.person.display_name, listed.room_id, listed.visit) == (
        "Anna Müller",
        room.id,
        Visit(email="Anna@Example.com", page="https://shop.example/"),
    )
    assert [each.person.id for each in await table.page("example.com", 2**53, 10)] == [one.id]
    assert [each.person.id for each in await table.page("", three.id, 1)] == [two.id]
    assert await table.page("%", 2**53, 10) == []
    await storage.users.delete(two.id)
    assert [each.person.id for each in await table.page("visitor", 2**53, 10)] == [three.id, one.id]


async def test_admins_page_through_the_visitors() -> None:
    async with open_site(widget_origins=("https://shop.example",)) as site:
        _, eves = await site.join("eve", admin=True)
        _, olgas = await site.join("olga", operator=True)
        for name in ("Ann", "Bea", "Cia"):
            await site.call("POST", "/support/visitors", {"name": name})
        first = await site.call("GET", "/admin/visitors?limit=2", token=eves)
        assert [each["person"]["display"] for each in first["visitors"]] == ["Cia", "Bea"]
        bea = first["visitors"][1]["person"]["id"]
        assert (
            await site.call("PATCH", f"/admin/people/{bea}", {"disabled": True}, token=eves)
        ).status == 200
        rest = await site.call("GET", f"/admin/visitors?after={first['next']}", token=eves)
        assert [each["person"]["display"] for each in rest["visitors"]] == ["Ann"]
        assert "next" not in rest.body
        (blocked,) = (await site.call("GET", "/admin/visitors?q=BEA", token=eves))["visitors"]
        assert blocked["blocked"]
        assert (await site.call("GET", "/admin/visitors", token=olgas)).status == 403
