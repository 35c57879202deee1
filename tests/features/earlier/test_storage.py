"""Which other conversations have the same email address; each test runs in memory and on PostgreSQL."""

from chat.domain.accounts.account_removal import How
from chat.domain.entities import Draft, Peer, Person, Room, SupportOf, Visit
from chat.domain.ports import NewPerson, Storage
from chat.features.earlier.port import EARLIER, MOST


async def visit(storage: Storage, name: str, email: str | None, *, says: int = 1) -> tuple[Person, int]:
    person = await storage.users.add(NewPerson(name=name, password_hash=b"", visit=Visit(email=email)))
    assert isinstance(person, Person)
    room = await storage.rooms.support_room(person.id)
    assert isinstance(room, Room)
    whose = Peer(person.id, person.name)
    for _ in range(says):
        await storage.messages.save([Draft(room.id, person.id, name, "x", 1.0, people=SupportOf(whose))])
    return person, room.id


async def test_those_with_the_same_address_are_found_the_last_active_first(storage: Storage) -> None:
    earlier = storage.feature_ports[EARLIER]
    _, first = await visit(storage, "mona", "Mona@mail.example")
    second_person, second = await visit(storage, "mona 2", "mona@MAIL.example")
    _, last = await visit(storage, "mona 3", "mona@mail.example")
    await visit(storage, "silent", "mona@mail.example", says=0)
    _, other = await visit(storage, "nina", "nina@mail.example")
    _, unknown = await visit(storage, "someone", None)
    await visit(storage, "someone else", None)
    assert await earlier.with_address_of(first, 0) == [last, second]
    assert await earlier.with_address_of(last, second_person.id) == [first]
    for room in (other, unknown, 999):
        assert await earlier.with_address_of(room, 0) == []
    await storage.users.delete(second_person.id, how=How.ERASE)
    assert await earlier.with_address_of(first, 0) == [last]


async def test_there_are_at_most_20(storage: Storage) -> None:
    rooms = [(await visit(storage, f"mona {nth}", "m@mail.example"))[1] for nth in range(MOST + 2)]
    found = await storage.feature_ports[EARLIER].with_address_of(rooms[0], 0)
    assert found == rooms[:1:-1]
