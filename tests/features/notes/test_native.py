"""Private notes over HTTP, and their event on the sockets of operators."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from chat.domain.accounts.sessions import Device
from chat.domain.administration.administration import Wanted
from chat.domain.entities import Person, Room
from chat.features.notes import native, port
from chat.operations.operation import Caller
from tests.engine.cluster.test_servers import Servers, servers
from tests.features.notes import model
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site
from tests.support.account_changes import set_roles
from tests.support.chat_world import World, open_world

__all__ = ["servers"]  # the fixture


class Desk:
    """Ada's conversation, with two operators and an operator who is an admin."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.people: dict[str, Person] = {}
        self.tokens: dict[str, str] = {}
        self.room = 0

    async def open(self) -> None:
        for name, about in (
            ("ada", {}),
            ("olga", {"operator": True}),
            ("oscar", {"operator": True}),
            ("boss", {"operator": True, "admin": True}),
        ):
            self.people[name], self.tokens[name] = await self.site.join(name, **about)
        self.room = (await self.call("ada", "PUT", "/support"))["id"]

    async def call(self, name: str, method: str, path: str, **fields: Any) -> Answer:
        return await self.site.call(method, path, fields or None, token=self.tokens[name])

    async def say(self, name: str, text: str = "words") -> int:
        path = f"/rooms/{self.room}/messages"
        seq: int = (await self.call(name, "POST", path, key=text, text=text))["seq"]
        return seq

    async def note(self, name: str, text: str) -> Answer:
        return await self.call(name, "POST", f"/support/{self.room}/notes", text=text)

    async def notes(self, name: str, query: str = "") -> Answer:
        return await self.call(name, "GET", f"/support/{self.room}/notes{query}")

    async def remove(self, name: str, note: int) -> Answer:
        return await self.call(name, "DELETE", f"/support/{self.room}/notes/{note}")


@pytest.fixture
async def desk(site: Site) -> Desk:
    desk = Desk(site)
    await desk.open()
    return desk


async def test_operators_write_list_and_remove_notes(desk: Desk) -> None:
    assert (await desk.note("olga", "too early")).status == 404
    await desk.say("ada")
    one = await desk.note("olga", "  She is a regular. ")
    assert (one.status, one["seq"], one["text"], one["by"]["name"]) == (201, 1, "She is a regular.", "olga")
    await desk.say("olga", "hello")
    two = await desk.note("oscar", "Be kind")
    assert two["seq"] == 2
    assert (await desk.notes("oscar", "?limit=1")).body == {"notes": [two.body], "next": two["id"]}
    assert (await desk.notes("oscar", f"?after={two['id']}")).body == {"notes": [one.body]}
    assert (await desk.remove("oscar", one["id"]))["reason"] == "not_your_message"
    assert (await desk.remove("boss", one["id"])).status == 204
    assert (await desk.remove("oscar", two["id"])).status == 204
    assert (await desk.remove("oscar", two["id"]))["reason"] == "no_note"
    assert (await desk.notes("olga")).body == {"notes": []}


async def test_who_is_no_operator_and_whose_conversation_it_is_read_none(desk: Desk) -> None:
    await desk.say("ada")
    note = await desk.note("olga", "She shouts")
    boss, ada = desk.people["boss"], desk.people["ada"]

    async def refusals(name: str) -> list[tuple[int, str]]:
        asked = [await desk.notes(name), await desk.note(name, "x"), await desk.remove(name, note["id"])]
        return [(each.status, each["reason"]) for each in asked]

    assert await refusals("ada") == [(403, "not_operator")] * 3
    await desk.site.services.administration.change(ada.id, Wanted(operator=True), boss)
    assert await refusals("ada") == [(403, "own_conversation")] * 3, "as an operator neither"
    await desk.site.services.administration.change(desk.people["olga"].id, Wanted(operator=False), boss)
    assert await refusals("olga") == [(404, "no_room")] * 3, "her own note neither"
    assert len((await desk.notes("oscar"))["notes"]) == 1


async def test_what_is_no_note_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.say("ada")
    for text, reason in (("  ", "empty_text"), ("x" * 4001, "long_text"), ("a\0b", "bad_text")):
        assert (await desk.note("olga", text))["reason"] == reason
    monkeypatch.setattr(model, "MOST", 1)
    assert (await desk.note("olga", "x" * 4000)).status == 201
    refused = await desk.note("olga", "one more")
    assert (refused.status, refused["reason"]) == (409, port.TOO_MANY_NOTES.reason)


async def test_a_note_moves_no_number_and_no_position(desk: Desk) -> None:
    await desk.say("ada")
    before = [(await desk.call(name, "GET", f"/rooms/{desk.room}")).body for name in ("ada", "oscar")]
    counts = (await desk.call("oscar", "GET", "/support/counts")).body
    await desk.note("olga", "nobody counts this")
    assert [(await desk.call(name, "GET", f"/rooms/{desk.room}")).body for name in ("ada", "oscar")] == before
    assert (await desk.call("oscar", "GET", "/support/counts")).body == counts


async def test_the_event_reaches_the_operators_on_all_servers(
    autojump_clock: MockClock, servers: Servers
) -> None:
    (ada,) = await servers.one.add_all("ada")
    ben, olga, oscar = [await servers.one.add(name, operator=True) for name in ("ben", "olga", "oscar")]
    here, there = Replica(servers.one, olga), Replica(servers.other, oscar)
    bens, adas = Replica(servers.one, ben), Replica(servers.other, ada)
    for each in (here, there, bens, adas):
        await each.connect()
    room = await a_conversation(servers.one, bens)
    for write in (write_note, remove_notes):
        await write(servers.one, olga, room)
        event = {"type": "notes", "room": room}
        assert await heard(here, there, bens, adas) == [[event], [event], [], []], "it is about Ben"


async def test_who_ceases_to_be_an_operator_hears_none_on_an_open_socket(autojump_clock: MockClock) -> None:
    async with open_world(follows=True) as world:
        ada = await world.add("ada")
        olga, oscar = [await world.add(name, operator=True) for name in ("olga", "oscar")]
        adas, olgas, oscars = Replica(world, ada), Replica(world, olga), Replica(world, oscar)
        for each in (adas, olgas, oscars):
            await each.connect()
        room = await a_conversation(world, adas)
        await write_note(world, olga, room)
        assert [len(each) for each in await heard(adas, olgas, oscars)] == [0, 1, 1]
        await set_roles(world.storage.users, oscar.id, operator=False, admin=False)
        await world.rest()
        await write_note(world, olga, room)
        assert [len(each) for each in await heard(adas, olgas, oscars)] == [0, 1, 0]


async def a_conversation(world: World, own: Replica) -> int:
    """The conversation of somebody who has written there."""
    room = await world.storage.rooms.support_room(own.person.id)
    assert isinstance(room, Room)
    await own.say(room.id, "help")
    await own.receives()
    return room.id


async def write_note(world: World, by: Person, room: int) -> None:
    request = native.AddNote(room=room, text="a word between us")
    assert isinstance(await native.add_note(world.services, caller(by), request), native.Note)


async def remove_notes(world: World, by: Person, room: int) -> None:
    page = await native.notes(world.services, caller(by), native.WhichNotes(room=room))
    assert isinstance(page, native.NotesPage)
    for note in page.notes:
        which = native.WhichNote(room=room, note=note.id)
        assert await native.remove_note(world.services, caller(by), which) is None


def caller(person: Person) -> Caller:
    return Caller(person, Device("127.0.0.1"))


async def heard(*replicas: Replica) -> list[list[dict[str, Any]]]:
    """The events about notes that each has got since."""
    await trio.sleep(0.1)
    return [[event for event in await each.receives() if event["type"] == "notes"] for each in replicas]
