"""What a storage keeps of private notes; each test runs in memory and on PostgreSQL."""

import pytest
import trio

from chat.domain.accounts.account_removal import How
from chat.domain.entities import Draft, Message, Peer, Person, Room, SupportOf, Visit
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import NO_ROOM, Refusal
from chat.features.notes.port import MOST, NOTES, TOO_MANY_NOTES, Note, Notes
from chat.features.retention.ports import RETENTION
from chat.storage.postgres.database import DatabaseAddress
from tests.support.databases import fetch

EVER = 2**63 - 1
ME = 1
"""The number of a server."""


class Desk:
    """Two operators, and a visitor with a conversation."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.notes: Notes = storage.feature_ports[NOTES]

    async def open(self) -> None:
        self.olga, self.oscar = [
            await self.person(NewPerson(name=name, password_hash=b"x", is_operator=True))
            for name in ("olga", "oscar")
        ]
        self.mona = await self.person(NewPerson(name="mona", password_hash=b"", visit=Visit()))
        room = await self.storage.rooms.support_room(self.mona.id)
        assert isinstance(room, Room)
        self.room = room.id

    async def person(self, new: NewPerson) -> Person:
        person = await self.storage.users.add(new)
        assert isinstance(person, Person)
        return person

    async def say(self) -> None:
        peer = Peer(self.mona.id, self.mona.name)
        draft = Draft(self.room, peer.id, peer.name, "words", 1.0, people=SupportOf(peer))
        (said,) = await self.storage.messages.save([draft])
        assert isinstance(said, Message)

    async def add(self, author: Person, text: str) -> Note:
        note = await self.notes.add(self.room, author.id, text)
        assert isinstance(note, Note)
        return note

    async def texts(self) -> list[str]:
        return [each.text for each in await self.notes.page(self.room, EVER, 100)]


@pytest.fixture
async def desk(storage: Storage) -> Desk:
    desk = Desk(storage)
    await desk.open()
    return desk


async def test_a_note_stands_behind_the_newest_message(desk: Desk) -> None:
    assert await desk.notes.add(desk.room, desk.olga.id, "too early") is NO_ROOM
    await desk.say()
    one = await desk.add(desk.olga, "one")
    await desk.say()
    two, three = await desk.add(desk.oscar, "two"), await desk.add(desk.olga, "three")
    assert [each.seq for each in (one, two, three)] == [1, 2, 2]
    assert one.author == Peer(desk.olga.id, "olga")
    assert one.created_at <= two.created_at <= three.created_at
    assert await desk.notes.page(desk.room, EVER, 2) == [three, two]
    assert await desk.notes.page(desk.room, two.id, 2) == [one]
    assert await desk.notes.author(desk.room, two.id) == desk.oscar.id
    assert await desk.notes.author(desk.room + 1, two.id) is None, "it is not of that conversation"
    for _ in range(2):
        await desk.notes.remove(two.id)
        assert await desk.notes.page(desk.room, EVER, 9) == [three, one]
    assert await desk.notes.author(desk.room, two.id) is None


async def test_there_are_at_most_500_also_of_several_that_are_added_at_once(desk: Desk) -> None:
    await desk.say()
    for number in range(MOST - 2):
        await desk.add(desk.olga, str(number))
    got: list[Note | Refusal] = []

    async def one() -> None:
        got.append(await desk.notes.add(desk.room, desk.olga.id, "x"))

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(one)
    assert [each for each in got if isinstance(each, Refusal)] == [TOO_MANY_NOTES] * 2


async def test_notes_stay_when_their_author_leaves_and_go_when_they_are_erased(desk: Desk) -> None:
    await desk.say()
    await desk.add(desk.olga, "hers")
    await desk.add(desk.oscar, "his")
    await desk.storage.users.delete(desk.oscar.id)
    assert await desk.texts() == ["his", "hers"]
    assert await desk.notes.add(desk.room, desk.oscar.id, "gone") is NO_ROOM
    await desk.storage.users.delete(desk.olga.id, how=How.ERASE)
    await erase(desk.storage)
    assert await desk.texts() == ["his"]


async def test_they_go_with_the_conversation_of_an_erased_person(
    desk: Desk, place: DatabaseAddress | None
) -> None:
    await desk.say()
    await desk.add(desk.olga, "about Mona")
    await desk.storage.users.delete(desk.mona.id, how=How.ERASE)
    await erase(desk.storage)
    while await desk.storage.rooms.remove_deleted(100):
        pass
    if place is not None:
        assert await fetch(place, "SELECT count(*) FROM notes") == 0


async def test_a_note_on_hold_is_kept_until_the_hold_is_lifted(
    desk: Desk, place: DatabaseAddress | None
) -> None:
    if place is None:
        pytest.skip("notes know nothing of holds in the reference model")
    await desk.say()
    retention = desk.storage.feature_ports[RETENTION]
    count = "SELECT count(*) FROM notes"
    for kind, target in (
        ("server", 0),
        ("room", desk.room),
        ("person", desk.mona.id),
        ("person", desk.olga.id),
    ):
        note = await desk.add(desk.olga, "case 7")
        assert await retention.place(kind, target, "case 7", desk.oscar.id)
        await desk.notes.remove(note.id)
        assert await desk.texts() == []
        assert await fetch(place, count) == 1, kind
        (hold,) = await retention.holds()
        await retention.lift(hold.id, desk.oscar.id)
        assert await fetch(place, count) == 0, kind


async def erase(storage: Storage) -> None:
    """Remove all that is to go of who was erased."""
    removals = storage.account_removals
    while (found := await removals.claim(ME, 9.0, 0.0)) is not None:
        done, is_end = found.done_id, False
        while not is_end:
            window = await removals.window(found.person_id, done, 100)
            await storage.messages.save(window.writes)
            await removals.clear(found.person_id, done, window.last_id)
            done, is_end = window.last_id, window.is_end
        await removals.finish(found.person_id)
