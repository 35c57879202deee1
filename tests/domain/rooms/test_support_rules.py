"""One support conversation for each person: who sees how much of it, and how it is found."""

import pytest

from chat.domain.entities import Draft, Peer, Person
from chat.domain.ports import NewPerson
from chat.domain.rooms.support import Support
from tests.reference.storage import MemoryStorage

ADA, BEN = Peer(1, "ada"), Peer(2, "ben")
NOBODY = Peer(99, "nobody")


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
async def support(storage: MemoryStorage) -> Support:
    """Over a storage with ada and ben."""
    for name in ("ada", "ben"):
        await storage.users.add(NewPerson(name=name, password_hash=b"x"))
    return Support(storage.users, storage.rooms, storage.messages)


async def says(storage: MemoryStorage, support: Support, peer: Peer, *texts: str) -> list[int]:
    """Save what somebody says in their own conversation; return the messages' ids."""
    room_id = await support.room_of(peer)
    assert room_id is not None
    saved = await storage.messages.save([Draft(room_id, peer.id, peer.name, text, 0.0) for text in texts])
    return [message.id for message in saved if message is not None]


async def test_a_person_has_one_conversation_and_a_known_one_costs_no_query(
    support: Support, storage: MemoryStorage
) -> None:
    room_id = await support.room_of(ADA)
    other = await support.room_of(BEN)
    assert None not in (room_id, other)
    assert room_id != other
    assert await support.room_of(NOBODY) is None
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(type(storage.rooms), "support_room")
        assert await support.room_of(ADA) == room_id


async def test_a_conversation_is_read_oldest_first_with_its_person(
    support: Support, storage: MemoryStorage
) -> None:
    one, two, three = await says(storage, support, ADA, "one", "two", "three")
    await says(storage, support, BEN, "another")
    ada = Person(id=1, name="ada")
    got = await support.conversation(ada, two)
    assert [(message.id, message.text, message.peer) for message in got] == [
        (one, "one", ADA),
        (two, "two", ADA),
    ]
    assert await support.conversation(Person(id=99, name="nobody"), three) == []

    async def texts(before: int, limit: int) -> list[str]:
        return [message.text for message in await support.history(ADA, before, limit)]

    assert await texts(0, 1000) == ["one", "two", "three"]
    assert await texts(0, 2) == ["two", "three"]
    assert await texts(three, 2) == ["one", "two"]
    assert await texts(one, 2) == []


async def test_at_most_a_thousand_messages_are_read_at_once(support: Support, storage: MemoryStorage) -> None:
    ids = await says(storage, support, ADA, *(f"{n}" for n in range(1001)))
    got = await support.history(ADA, 0, 5000)
    assert [message.id for message in got] == ids[1:]
    assert [m.id for m in await support.conversation(Person(id=1, name="ada"), ids[-1])] == ids[1:]


async def test_the_overview_has_the_newest_conversation_first(
    support: Support, storage: MemoryStorage
) -> None:
    assert await support.conversations() == []
    await says(storage, support, ADA, "one", "two")
    await says(storage, support, BEN, "three")
    got = [(c.person_id, c.person_name, c.last.text, c.last.peer) for c in await support.conversations()]
    assert got == [(2, "ben", "three", BEN), (1, "ada", "two", ADA)]


async def test_a_person_is_found_by_id_and_by_name(support: Support) -> None:
    assert await support.find(1) == await support.find("ADA") == ADA
    assert await support.find(99) is None
    assert await support.find("nobody") is None
