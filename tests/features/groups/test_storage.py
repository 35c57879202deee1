"""Groups, in memory and on PostgreSQL: the same people have one room, as long as none of them leaves."""

import pytest

from chat.domain.accounts.account_removal import How
from chat.domain.entities import Person, Room
from chat.domain.messages.changes import Addition, Removal, RoomChange, RoomChanged, RoomDeletion
from chat.domain.messages.outcomes import Saved
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import BLOCKED, NO_PERSON
from chat.domain.rooms.rooms import Rooms
from chat.features.groups.names import made_name
from chat.features.groups.use_cases import GROUPS, Group

ADA, BEN, CLEO, DAN = range(1, 5)
ALL_FOUR = (ADA, BEN, CLEO, DAN)


@pytest.fixture
async def people(storage: Storage) -> list[Person]:
    added = [
        await storage.users.add(NewPerson(name=name, password_hash=b"x", is_admin=name == "ada"))
        for name in ("ada", "ben", "cleo", "dan")
    ]
    return [each for each in added if isinstance(each, Person)]


async def opened(storage: Storage, *people: int) -> Group:
    group = await storage.feature_ports[GROUPS].open(people[0], sorted(people))
    assert isinstance(group, Group)
    return group


async def let_in(storage: Storage, people: list[Person], room_id: int) -> list[Saved]:
    rooms = Rooms(storage.users, storage.rooms, storage.messages)
    return await storage.messages.save([Addition(rooms.joining(each, room_id), None) for each in people])


async def test_the_same_people_have_one_room_which_nobody_owns(
    storage: Storage, people: list[Person]
) -> None:
    made = await opened(storage, BEN, ADA, CLEO)
    assert list(made.missing) == [ADA, BEN, CLEO]
    await let_in(storage, people[:2], made.room_id)
    again = await opened(storage, CLEO, ADA, BEN)
    assert (again.room_id, list(again.missing)) == (made.room_id, [CLEO])
    await let_in(storage, people[2:3], made.room_id)
    assert not (await opened(storage, ADA, BEN, CLEO)).missing
    assert (await opened(storage, *ALL_FOUR)).room_id != made.room_id
    room = await storage.rooms.by_id(made.room_id)
    assert room is not None
    assert (room.name, room.creator_id, room.is_private) == ("ada, ben, cleo", None, True)
    members = await storage.rooms.members(made.room_id, 0, 9)
    assert {each.role for each in members} == {"member"}


async def test_its_name_takes_no_name_from_others(storage: Storage, people: list[Person]) -> None:
    group = await opened(storage, ADA, BEN, CLEO)
    named = await storage.rooms.create("ada, ben, cleo", DAN, is_private=False)
    assert isinstance(named, Room)
    change = RoomChange(room_id=group.room_id, actor_id=ADA, created_at=1.0, is_archived=True, as_admin=True)
    (changed,) = await storage.messages.save([change])
    assert isinstance(changed, RoomChanged)


@pytest.mark.parametrize("how", ["left", "deleted", "person deleted"])
async def test_who_leaves_makes_room_for_a_new_group(
    storage: Storage, people: list[Person], how: str
) -> None:
    group = await opened(storage, *ALL_FOUR)
    await let_in(storage, people, group.room_id)
    match how:
        case "left":
            await storage.messages.save([Removal(group.room_id, DAN, DAN, 1.0)])
        case "deleted":
            await storage.messages.save([RoomDeletion(group.room_id, ADA, 1.0, as_admin=True)])
        case _:
            await storage.users.delete(DAN)
            assert await storage.feature_ports[GROUPS].open(ADA, ALL_FOUR) is NO_PERSON
            return
    assert (await opened(storage, *ALL_FOUR)).room_id != group.room_id


async def test_a_group_with_somebody_who_blocks_one_is_not_made(
    storage: Storage, people: list[Person]
) -> None:
    await storage.contacts.block(CLEO, ADA)
    assert await storage.feature_ports[GROUPS].open(ADA, [ADA, BEN, CLEO]) is BLOCKED
    await opened(storage, BEN, ADA, CLEO)
    await opened(storage, ADA, BEN, CLEO)
    assert await storage.feature_ports[GROUPS].open(ADA, [ADA, BEN, 99]) is NO_PERSON


async def test_who_left_or_was_erased_is_in_no_name_of_a_group(
    storage: Storage, people: list[Person]
) -> None:
    group = await opened(storage, *ALL_FOUR)
    await let_in(storage, people, group.room_id)
    other = await opened(storage, ADA, BEN, CLEO)
    await let_in(storage, people[:3], other.room_id)
    await storage.messages.save([Removal(group.room_id, DAN, DAN, 1.0)])
    assert await names(storage, group, other) == ["ada, ben, cleo", "ada, ben, cleo"]
    assert await storage.users.delete(CLEO, how=How.ERASE) is True
    claimed = await storage.account_removals.claim(1, 60.0, 0.0)
    assert claimed is not None
    await storage.account_removals.finish(CLEO)
    assert await names(storage, group, other) == ["ada, ben", "ada, ben"]


async def names(storage: Storage, *groups: Group) -> list[str | None]:
    rooms = [await storage.rooms.by_id(each.room_id) for each in groups]
    return [None if room is None else room.name for room in rooms]


def test_a_long_name_is_cut() -> None:
    assert made_name(["ada", "ben"]) == "ada, ben"
    assert len(made_name(["x" * 60, "y" * 60])) == 64
