"""What a storage keeps of statuses; each test runs in memory and on PostgreSQL."""

import pytest

from chat.domain.accounts.account_removal import How
from chat.domain.entities import Draft, MessageKind, Person, Room
from chat.domain.messages.sync_types import RoomsAt
from chat.domain.ports import NewPerson, Storage
from chat.due.port import DUE
from chat.features.pictures.use_cases import PICTURES
from chat.features.statuses.use_cases import ALL, PERSON_STATUSES, STATUS_END, PersonStatus, PersonStatuses

ADA, BEN, CEM = 1, 2, 3
EVER = 2**60
NOW = 1_700_000_000.5
FUTURE, LATER = 8_000_000_000.0, 9_000_000_000.0
PAST, LONG_PAST = -5.25, -1_000.0
HOLIDAY = PersonStatus("🌴", "on holiday", FUTURE)


@pytest.fixture
async def statuses(storage: Storage) -> PersonStatuses:
    """Ada, Ben and Cem."""
    for name in ("ada", "ben", "cem"):
        assert isinstance(await storage.users.add(NewPerson(name=name, password_hash=b"x")), Person)
    return storage.feature_ports[PERSON_STATUSES]


def status_of(person: Person | None) -> PersonStatus:
    assert person is not None
    return PersonStatus(person.status_emoji, person.status_text, person.status_until)


async def due_in(storage: Storage) -> float | None:
    return await storage.feature_ports[DUE].next_in([STATUS_END])


NONE = PersonStatus(None, "", None)


async def test_a_status_stands_wherever_its_person_is_read(
    storage: Storage, statuses: PersonStatuses
) -> None:
    before = await storage.users.by_id(ADA)
    assert before is not None
    assert await statuses.set_status(ADA, HOLIDAY)
    person = await storage.users.by_id(ADA)
    assert person is not None
    assert person.changed_at > before.changed_at
    room = await storage.rooms.create("garden", ADA, is_private=False)
    assert isinstance(room, Room)
    await storage.messages.save([Draft(room.id, BEN, "", "", NOW, MessageKind.JOIN)])
    (found,) = await storage.contacts.find("ada", "", 1)
    members = await storage.rooms.members(room.id, 0, 9)
    changed = await storage.contacts.changed_since(BEN, before.changed_at, 9)
    profiles = await storage.feature_ports[PICTURES].people([ADA], operators_only=False)
    await storage.rooms.direct_room(BEN, ADA)
    (rooms,) = await storage.timelines.snapshots([RoomsAt(BEN, EVER)])
    peers = [each.peer for each in rooms if each.peer is not None]
    assert changed
    assert peers
    for each in (person, found, members[0].person, *changed, *profiles, *peers):
        assert status_of(each) == HOLIDAY
    assert await statuses.set_status(ADA, PersonStatus(None, "back", None))
    assert status_of(await storage.users.by_id(ADA)) == PersonStatus(None, "back", None)
    for _ in range(2):
        await statuses.set_status(ADA, None)
        assert status_of(await storage.users.by_id(ADA)) == NONE
    assert not await statuses.set_status(99, HOLIDAY)


@pytest.mark.parametrize("how", How)
async def test_a_removed_account_has_no_status(storage: Storage, statuses: PersonStatuses, how: How) -> None:
    await statuses.set_status(ADA, HOLIDAY)
    assert await storage.users.delete(ADA, how=how) is True
    assert not await statuses.set_status(ADA, HOLIDAY)
    assert await statuses.end(9) == []
    assert await due_in(storage) is None


async def test_those_that_are_over_end_the_earliest_first(storage: Storage, statuses: PersonStatuses) -> None:
    due = storage.feature_ports[DUE]
    for person, until in ((ADA, PAST), (BEN, LATER), (CEM, LONG_PAST)):
        await statuses.set_status(person, PersonStatus("🌴", "", until))
    (item,) = await due.claim([STATUS_END], 9, 60.0)
    assert item.key == ALL  # one for all
    assert await statuses.end(1) == [CEM]
    assert (await due_in(storage) or 0.0) <= 0  # there are more
    assert await statuses.end(9) == [ADA]
    assert await statuses.end(9) == []
    await due.done(item)  # as the runner does, and it changes nothing
    assert (await due_in(storage) or 0.0) > 1_000_000
    assert status_of(await storage.users.by_id(ADA)) == NONE
    assert status_of(await storage.users.by_id(BEN)).until == LATER


async def test_an_earlier_end_is_due_earlier_and_one_that_is_cleared_ends_nothing(
    storage: Storage, statuses: PersonStatuses
) -> None:
    await statuses.set_status(ADA, PersonStatus("🌴", "", LATER))
    later = await due_in(storage)
    await statuses.set_status(BEN, PersonStatus("🌴", "", FUTURE))
    assert (await due_in(storage) or 0.0) == pytest.approx((later or 0.0) - (LATER - FUTURE), abs=100)
    await statuses.set_status(BEN, None)
    await statuses.set_status(ADA, PersonStatus("🌴", "", None))
    assert await statuses.end(9) == []
    assert await due_in(storage) is None
