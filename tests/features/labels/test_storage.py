"""What a storage keeps of labels; each test runs in memory and on PostgreSQL."""

import pytest
import trio
from msgspec import structs

from chat.domain.entities import Person, Room, Visit
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import Refusal
from chat.features.labels.port import LABEL_TAKEN, LABELS, MOST, NO_LABEL, TOO_MANY_LABELS, Label, Labels


@pytest.fixture
def labels(storage: Storage) -> Labels:
    return storage.feature_ports[LABELS]


async def add(labels: Labels, name: str) -> Label:
    added = await labels.add(name, name.lower(), "blue")
    assert isinstance(added, Label)
    return added


async def a_conversation(storage: Storage, name: str) -> tuple[Person, int]:
    person = await storage.users.add(NewPerson(name=name, password_hash=b"", visit=Visit()))
    assert isinstance(person, Person)
    room = await storage.rooms.support_room(person.id)
    assert isinstance(room, Room)
    return person, room.id


async def test_of_each_name_there_is_one_label(labels: Labels) -> None:
    urgent, refund = await add(labels, "Urgent"), await add(labels, "Refund")
    assert await labels.all() == [urgent, refund]
    assert await labels.add("URGENT", "urgent", "red") is LABEL_TAKEN
    assert await labels.change(structs.replace(refund, name="urgent"), "urgent") is LABEL_TAKEN
    renamed = structs.replace(refund, name="REFUND", colour="red")
    assert await labels.change(renamed, "refund") is None
    assert await labels.all() == [urgent, renamed]
    assert await labels.remove(refund.id)
    assert not await labels.remove(refund.id)
    assert await labels.change(renamed, "refund") is NO_LABEL
    assert await labels.all() == [urgent]


async def test_there_are_at_most_50_also_of_several_that_are_added_at_once(labels: Labels) -> None:
    for number in range(MOST - 1):
        await add(labels, f"n{number}")
    got: list[Label | Refusal] = []

    async def one(name: str) -> None:
        got.append(await labels.add(name, name, "grey"))

    async with trio.open_nursery() as nursery:
        for name in ("a", "b", "c"):
            nursery.start_soon(one, name)
    assert [each for each in got if isinstance(each, Refusal)] == [TOO_MANY_LABELS] * 2


async def test_conversations_have_labels_until_these_are_taken_or_removed(
    storage: Storage, labels: Labels
) -> None:
    urgent, refund = await add(labels, "Urgent"), await add(labels, "Refund")
    (mona, monas), (_, ninas) = [await a_conversation(storage, name) for name in ("mona", "nina")]
    for _ in range(2):
        assert await labels.switch(monas, refund.id, on=True) == [refund.id]
    assert await labels.switch(monas, urgent.id, on=True) == [urgent.id, refund.id]
    assert await labels.switch(ninas, urgent.id, on=True) == [urgent.id]
    assert await labels.labelled(0) == {monas: [urgent.id, refund.id], ninas: [urgent.id]}
    assert await labels.labelled(mona.id) == {ninas: [urgent.id]}, "not those of one's own"
    assert await labels.switch(monas, refund.id + 9, on=True) is NO_LABEL
    for _ in range(2):
        assert await labels.switch(monas, refund.id, on=False) == [urgent.id]
    await labels.remove(urgent.id)
    assert await labels.labelled(0) == {}
