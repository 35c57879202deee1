"""What a storage keeps of drafts; each test runs in memory and on PostgreSQL."""

import pytest

from chat.domain.accounts.account_removal import How
from chat.domain.entities import Person, Room
from chat.domain.messages.changes import RoomDeletion
from chat.domain.ports import NewPerson, Storage
from chat.features.drafts import queries, use_cases
from chat.features.drafts.use_cases import DRAFTS, Drafts

ADA, BEN = 1, 2


@pytest.fixture
async def garden(storage: Storage) -> int:
    for name in ("ada", "ben"):
        assert isinstance(await storage.users.add(NewPerson(name=name, password_hash=b"x")), Person)
    return await a_room(storage, "garden")


async def a_room(storage: Storage, name: str) -> int:
    room = await storage.rooms.create(name, ADA, is_private=False)
    assert isinstance(room, Room)
    return room.id


@pytest.fixture
def drafts(storage: Storage) -> Drafts:
    return storage.feature_ports[DRAFTS]


async def texts(drafts: Drafts, person: int = ADA) -> list[tuple[int, int, str]]:
    return [(each.room_id, each.thread, each.text) for each in await drafts.all(person)]


async def test_the_text_that_was_typed_last_stays(garden: int, drafts: Drafts) -> None:
    for text, age, kept_text in (("b", 5.0, "b"), ("a", 60.0, "b"), ("c", 1.0, "c"), ("d", 2.0, "c")):
        kept = await drafts.save(ADA, garden, 0, text, None, age)
        assert kept is not None
        assert kept.text == kept_text
    await drafts.save(ADA, garden, 7, "in a thread", 9, 0.0)
    await drafts.save(BEN, garden, 0, "ben's", None, 0.0)
    assert await texts(drafts) == [(garden, 7, "in a thread"), (garden, 0, "c")]
    assert (await drafts.all(ADA))[0].reply == 9


async def test_what_was_sent_does_not_come_back_from_a_device_that_was_offline(
    garden: int, drafts: Drafts
) -> None:
    await drafts.save(ADA, garden, 0, "hello", None, 9.0)
    await drafts.save(ADA, garden, 0, "", None, 3.0)
    assert await texts(drafts) == [(garden, 0, "")]
    kept = await drafts.save(ADA, garden, 0, "hel", None, 60.0)
    assert kept is not None
    assert kept.text == ""
    assert await texts(drafts) == [(garden, 0, "")]


async def test_the_oldest_make_room(
    storage: Storage, garden: int, drafts: Drafts, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (queries, use_cases):
        monkeypatch.setattr(module, "MOST_DRAFTS", 2)
    for thread, text, age in ((0, "x", 3.0), (1, "x", 9.0), (2, "x", 5.0)):
        await drafts.save(ADA, garden, thread, text, None, age)
    assert await texts(drafts) == [(garden, 0, "x"), (garden, 2, "x")]
    await drafts.save(ADA, garden, 3, "", None, 0.0)
    assert await texts(drafts) == [(garden, 0, "x"), (garden, 2, "x")]


@pytest.mark.parametrize("how", How)
async def test_drafts_go_with_their_person_and_their_room(
    storage: Storage, garden: int, drafts: Drafts, how: How
) -> None:
    other = await a_room(storage, "kitchen")
    for room in (garden, other):
        await drafts.save(ADA, room, 0, "x", None, 0.0)
        await drafts.save(BEN, room, 0, "x", None, 0.0)
    await storage.messages.save([RoomDeletion(other, ADA, 1.0)])
    assert await texts(drafts) == [(garden, 0, "x")]
    assert await storage.users.delete(BEN, how=how) is True
    assert await texts(drafts, BEN) == []
    assert await drafts.save(BEN, garden, 0, "x", None, 0.0) is None
    assert await drafts.save(ADA, other, 0, "x", None, 0.0) is None
