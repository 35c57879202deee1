"""What a storage keeps of saved messages; each test runs in memory and on PostgreSQL."""

import pytest

from chat.domain.entities import Draft, Message, MessageKind, Person, Room
from chat.domain.messages.changes import Deletion, Removal, RoomDeletion
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import NO_MESSAGE, NO_PERSON
from chat.features.saved import queries
from chat.features.saved.use_cases import SAVED_MESSAGES, TOO_MANY_SAVED, SavedMessages
from tests.features.saved import model

NOW = 1_700_000_000.5
ADA, BEN = 1, 2
ONE, TWO, THREE = 2, 3, 4
"""The seqs of three texts: Ben's joining stands before them."""
PLENTY = 1 << 20


@pytest.fixture
async def garden(storage: Storage) -> int:
    """Ada's room, in which Ben is, with three messages of hers."""
    for name in ("ada", "ben"):
        assert isinstance(await storage.users.add(NewPerson(name=name, password_hash=b"x")), Person)
    return await a_room(storage, "Garden")


async def a_room(storage: Storage, name: str) -> int:
    room = await storage.rooms.create(name, ADA, is_private=False)
    assert isinstance(room, Room)
    await storage.messages.save([Draft(room.id, BEN, "", "", NOW, MessageKind.JOIN)])
    for text in ("one", "two", "three"):
        (said,) = await storage.messages.save([Draft(room.id, ADA, "", text, NOW)])
        assert isinstance(said, Message)
    return room.id


@pytest.fixture
def saved(storage: Storage) -> SavedMessages:
    return storage.feature_ports[SAVED_MESSAGES]


async def texts(
    saved: SavedMessages, person: int = BEN, before: int = 2**63 - 1, limit: int = 9
) -> list[str]:
    return [each.message.text for each in await saved.page(person, before, limit, PLENTY)]


async def test_the_last_saved_comes_first(garden: int, saved: SavedMessages) -> None:
    for seq in (TWO, ONE, THREE):
        assert await saved.save(BEN, garden, seq) is None
    assert await saved.save(BEN, garden, TWO) is None  # it stays where it is
    assert await texts(saved) == ["three", "one", "two"]
    first, second, _ = await saved.page(BEN, 2**63 - 1, 9, PLENTY)
    assert first.saved_at >= second.saved_at
    assert await texts(saved, before=second.id) == ["two"]
    assert await texts(saved, limit=2) == ["three", "one"]
    assert [each.message.text for each in await saved.page(BEN, 2**63 - 1, 9, 1)] == ["three"]
    assert await saved.places(BEN) == {garden: [ONE, TWO, THREE]}
    assert await texts(saved, ADA) == []
    for _ in range(2):
        await saved.remove(BEN, garden, ONE)
        assert await texts(saved) == ["three", "two"]


async def test_only_texts_that_are_there_are_saved(
    storage: Storage, garden: int, saved: SavedMessages
) -> None:
    for seq in (1, 99):
        assert await saved.save(BEN, garden, seq) == NO_MESSAGE
    assert await saved.save(99, garden, ONE) == NO_PERSON
    await saved.save(BEN, garden, ONE)
    await saved.save(BEN, garden, TWO)
    await storage.messages.save([Deletion(garden, ONE, ADA, NOW)])
    assert await saved.save(BEN, garden, ONE) == NO_MESSAGE
    assert await texts(saved) == ["two"]
    assert await saved.places(BEN) == {garden: [TWO]}


async def test_a_room_that_one_has_left_shows_nothing_until_one_is_back(
    storage: Storage, garden: int, saved: SavedMessages
) -> None:
    await saved.save(BEN, garden, ONE)
    await storage.messages.save([Removal(garden, BEN, BEN, NOW)])
    assert await texts(saved) == []
    assert await saved.places(BEN) == {garden: [ONE]}
    await storage.messages.save([Draft(garden, BEN, "", "", NOW, MessageKind.JOIN)])
    assert await texts(saved) == ["one"]
    await storage.messages.save([RoomDeletion(garden, ADA, NOW)])
    assert await texts(saved) == []


async def test_nothing_is_kept_of_a_deleted_person(
    storage: Storage, garden: int, saved: SavedMessages
) -> None:
    await saved.save(BEN, garden, ONE)
    assert await storage.users.delete(BEN)
    assert await saved.places(BEN) == {}
    assert await saved.save(BEN, garden, ONE) == NO_PERSON


async def test_at_the_limit_what_one_may_not_read_makes_room(
    storage: Storage, garden: int, saved: SavedMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (queries, model):
        monkeypatch.setattr(module, "MOST_SAVED", 2)
    shed = await a_room(storage, "Shed")
    for room in (garden, shed):
        assert await saved.save(BEN, room, ONE) is None
    assert await saved.save(BEN, garden, TWO) == TOO_MANY_SAVED
    assert await saved.save(BEN, garden, ONE) is None
    await storage.messages.save([Removal(shed, BEN, BEN, NOW)])
    assert await saved.save(BEN, garden, TWO) is None
    assert await saved.places(BEN) == {garden: [ONE, TWO]}
