"""Blocks: what they refuse, and that cached ones are never older than the last change."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chat.domain.entities import Person
from chat.domain.failures import OutcomeUnknown
from chat.domain.ports import NewPerson
from chat.domain.refusals import NO_PERSON
from chat.domain.rooms import blocks as module
from chat.domain.rooms.blocks import NOT_ONESELF, TOO_MANY_BLOCKS, Blocks
from tests.reference.storage import MemoryStorage

ADA, BEN, CEM = (Person(id=number, name=name) for number, name in ((1, "ada"), (2, "ben"), (3, "cem")))


class Contacts:
    """Whom each blocks, as a database has it; it counts the look-ups, which may be held up before their answer."""

    def __init__(self) -> None:
        self.blocks: dict[int, set[int]] = {}
        self.asked = 0
        self.held: trio.Event | None = None
        self.unknown = False

    async def block(self, person_id: int, other_id: int) -> bool:
        if other_id > 100:
            return False
        self.blocks.setdefault(person_id, set()).add(other_id)
        if self.unknown:
            raise OutcomeUnknown
        return True

    async def unblock(self, person_id: int, other_id: int) -> None:
        self.blocks[person_id].discard(other_id)
        if self.unknown:
            raise OutcomeUnknown

    async def blocked_ids(self, person_id: int) -> frozenset[int]:
        self.asked += 1
        found = frozenset(self.blocks.get(person_id, ()))
        if self.held is not None:
            await self.held.wait()
        return found


@pytest.fixture
def contacts() -> Contacts:
    return Contacts()


@pytest.fixture
def blocks(contacts: Contacts) -> Blocks:
    return Blocks(contacts)  # type: ignore[arg-type]


async def test_people_can_not_block_themselves_or_missing_people(blocks: Blocks) -> None:
    assert await blocks.block(ADA, ADA.id) is NOT_ONESELF
    assert await blocks.block(ADA, 101) is NO_PERSON
    assert not await blocks.is_blocked(101, ADA.id)


async def test_a_block_holds_at_once_one_way_and_until_it_is_ended(blocks: Blocks) -> None:
    assert not await blocks.is_blocked(BEN.id, ADA.id)
    assert await blocks.block(ADA, BEN.id) is None
    assert await blocks.is_blocked(BEN.id, ADA.id)
    assert not await blocks.is_blocked(ADA.id, BEN.id)
    await blocks.unblock(ADA, BEN.id)
    assert not await blocks.is_blocked(BEN.id, ADA.id)


async def test_so_many_can_be_blocked_and_those_again(
    blocks: Blocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_BLOCKS", 2)
    assert [await blocks.block(ADA, other) for other in (2, 3, 4, 3)] == [None, None, TOO_MANY_BLOCKS, None]


async def test_cached_blocks_are_read_again_only_after_a_change(blocks: Blocks, contacts: Contacts) -> None:
    for _ in range(3):
        await blocks.is_blocked(BEN.id, ADA.id)
        await blocks.is_blocked(BEN.id, CEM.id)
    assert contacts.asked == 2
    contacts.blocks[ADA.id] = {BEN.id}  # by another server
    blocks.changed(ADA.id)
    assert await blocks.is_blocked(BEN.id, ADA.id)
    await blocks.is_blocked(BEN.id, CEM.id)
    assert contacts.asked == 3
    contacts.blocks = {CEM.id: {BEN.id}}
    blocks.changed(None)
    assert await blocks.is_blocked(BEN.id, CEM.id)
    assert not await blocks.is_blocked(BEN.id, ADA.id)
    blocks.changed(99)  # of whom nothing is known


async def test_a_block_during_a_look_up_counts_once_it_has_returned(
    blocks: Blocks, contacts: Contacts
) -> None:
    contacts.held = trio.Event()
    answers: list[bool] = []

    async def ask() -> None:
        answers.append(await blocks.is_blocked(BEN.id, ADA.id))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        held, contacts.held = contacts.held, None
        assert await blocks.block(ADA, BEN.id) is None
        held.set()  # with what it found before
    assert answers == [True]
    assert await blocks.is_blocked(BEN.id, ADA.id)


async def test_a_change_of_unknown_outcome_is_looked_up_again(blocks: Blocks, contacts: Contacts) -> None:
    assert not await blocks.is_blocked(BEN.id, ADA.id)
    contacts.unknown = True
    with pytest.raises(OutcomeUnknown):
        await blocks.block(ADA, BEN.id)
    assert await blocks.is_blocked(BEN.id, ADA.id)
    with pytest.raises(OutcomeUnknown):
        await blocks.unblock(ADA, BEN.id)
    assert not await blocks.is_blocked(BEN.id, ADA.id)


async def test_blocked_people_are_listed_by_name() -> None:
    storage = MemoryStorage()
    blocks = Blocks(storage.contacts)
    people = [
        await storage.users.add(NewPerson(name=name, password_hash=b"x")) for name in ("ada", "cem", "ben")
    ]
    ada, cem, ben = [person for person in people if isinstance(person, Person)]
    for other in (cem, ben):
        assert await blocks.block(ada, other.id) is None
    assert [each.name for each in await blocks.of(ada, "", 10)] == ["ben", "cem"]
    assert [each.name for each in await blocks.of(ada, "ben", 10)] == ["cem"]
    assert [each.name for each in await blocks.of(ada, "", 1)] == ["ben"]
