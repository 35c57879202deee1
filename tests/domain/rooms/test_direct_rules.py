"""Direct rooms, and a person's undelivered messages."""

import pytest

from chat.domain.entities import Draft, Pair, Person
from chat.domain.ports import NewPerson
from chat.domain.rooms.direct import Direct
from tests.reference.storage import MemoryStorage


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
async def direct(storage: MemoryStorage) -> Direct:
    """Over a storage with ada, who is 1, and ben, who is 2."""
    for name in ("ada", "ben"):
        await storage.users.add(NewPerson(name=name, password_hash=b"x"))
    return Direct(storage.users, storage.rooms, storage.messages)


async def test_two_people_share_one_room_whichever_asks(direct: Direct, storage: MemoryStorage) -> None:
    room_id = await direct.room_of(2, 1)
    assert room_id is not None
    assert await direct.room_of(1, 2) == await direct.room_of(2, 1) == room_id
    assert {n for n in (1, 2) if await storage.rooms.is_member(room_id, n)} == {1, 2}
    own = await direct.room_of(1, 1)
    assert own not in (None, room_id)
    assert await direct.room_of(1, 3) is None, "nobody has that id"
    assert await direct.room_of(1, 3) is None


async def test_a_room_that_is_known_costs_no_query(direct: Direct, storage: MemoryStorage) -> None:
    room_id = await direct.room_of(1, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(type(storage.rooms), "direct_room")
        assert await direct.room_of(2, 1) == room_id


async def test_missed_messages_are_read_in_pieces_to_the_end(direct: Direct, storage: MemoryStorage) -> None:
    room_id = await direct.room_of(1, 2)
    assert room_id is not None
    saved = await storage.messages.save([Draft(room_id, 1, "ada", f"{n}", 0.0) for n in range(201)])
    newest = await storage.messages.newest_id()
    piece = await direct.missed(2, 0, newest)
    assert [message.text for message in piece] == [f"{n}" for n in range(200)]
    assert {message.people for message in piece} == {Pair(1, 2)}
    (last,) = await direct.missed(2, piece[-1].id, newest)
    assert saved[-1] is not None
    assert last.id == saved[-1].id
    assert await direct.missed(2, last.id, newest) == []
    assert await direct.missed(2, 0, piece[0].id) == piece[:1]
    assert await direct.missed(1, 0, newest) == [], "what one sent is not sent to oneself"


async def test_a_person_is_found_by_id(direct: Direct) -> None:
    found = await direct.person(2)
    assert isinstance(found, Person)
    assert (found.id, found.name) == (2, "ben")
    assert await direct.person(3) is None
