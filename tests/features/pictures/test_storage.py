"""What a storage keeps of pictures; each test runs in memory and on PostgreSQL."""

from hashlib import sha256

import pytest

from chat.domain.accounts.account_removal import How
from chat.domain.entities import LOBBY_ID, Draft, MessageKind, Person, Room, Visit
from chat.domain.messages.changes import RoleChange, RoomDeletion
from chat.domain.messages.outcomes import Unchanged
from chat.domain.messages.sync_types import RoomsAt
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import NOT_ADMIN, NOT_MEMBER
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import NOT_OWNER
from chat.features.pictures.changes import NewPicture, PictureSet, SetPicture
from chat.features.pictures.use_cases import PICTURES

NOW = 1_700_000_000.5
ADA, BEN, CEM, OLGA = range(1, 5)
ROOM = 2
EVER = 2**60


def picture(content: bytes) -> NewPicture:
    return NewPicture(sha256(content).digest(), "image/png", len(content), 256)


ROSE, TULIP = picture(b"rose"), picture(b"tulip")


@pytest.fixture
async def garden(storage: Storage) -> Storage:
    """Ada's public room, in which Ben is; Cem is not. Olga is an admin, and an operator."""
    for name in ("ada", "ben", "cem", "olga"):
        is_olga = name == "olga"
        new = NewPerson(name=name, password_hash=b"x", is_admin=is_olga, is_operator=is_olga)
        assert isinstance(await storage.users.add(new), Person)
    room = await storage.rooms.create("Garden", ADA, is_private=False)
    assert isinstance(room, Room)
    assert room.id == ROOM
    await storage.messages.save([Draft(ROOM, BEN, "", "", NOW, MessageKind.JOIN)])
    return storage


async def give(storage: Storage, person_id: int, picture: NewPicture | None, by_id: int = 0) -> bool:
    return await storage.feature_ports[PICTURES].set_of_person(person_id, picture, by_id or person_id)


async def is_served(storage: Storage, picture: NewPicture) -> bool:
    found = await storage.feature_ports[PICTURES].find(picture.digest)
    return found is not None and (found.file.type, found.file.size) == (picture.type, picture.size)


async def is_needed(storage: Storage, picture: NewPicture) -> bool:
    """Whether the cleaner leaves its bytes."""
    return picture.digest not in await storage.files.unneeded([picture.digest])


async def of_room(storage: Storage, picture: NewPicture | None, by: int = ADA, room: int = ROOM) -> object:
    write = SetPicture(room_id=room, actor_id=by, created_at=NOW, picture=picture)
    (saved,) = await storage.messages.save([write])
    return saved


async def shown(storage: Storage, room_id: int = ROOM) -> str | None:
    (found,) = await storage.timelines.snapshots([RoomsAt(ADA, EVER, (room_id,))])
    return found[0].picture


async def test_a_picture_stands_wherever_its_person_is_read(garden: Storage) -> None:
    before = await garden.users.by_id(ADA)
    assert await give(garden, ADA, ROSE)
    person = await garden.users.by_id(ADA)
    assert person is not None
    assert before is not None
    assert person.picture == ROSE.hash
    assert person.changed_at > before.changed_at
    (found,) = await garden.contacts.find("ada", "", 1)
    members = await garden.rooms.members(ROOM, 0, 9)
    changed = await garden.contacts.changed_since(BEN, before.changed_at, 9)
    profiles = await garden.feature_ports[PICTURES].people([ADA, 99], operators_only=False)
    for each in (found, members[0].person, *changed, *profiles):
        assert each.picture == ROSE.hash
    direct = await garden.rooms.direct_room(BEN, ADA)
    assert direct is not None
    (rooms,) = await garden.timelines.snapshots([RoomsAt(BEN, EVER)])
    assert [room.peer.picture for room in rooms if room.peer is not None] == [ROSE.hash]


async def test_a_replaced_or_removed_picture_is_neither_served_nor_needed(garden: Storage) -> None:
    assert await give(garden, ADA, ROSE)
    assert await is_served(garden, ROSE)
    assert await is_needed(garden, ROSE)
    assert await give(garden, BEN, ROSE)  # the same bytes
    assert await give(garden, ADA, TULIP)
    assert await is_served(garden, ROSE)
    assert await give(garden, BEN, None)
    assert not await is_served(garden, ROSE)
    assert not await is_needed(garden, ROSE)
    assert await is_needed(garden, TULIP)
    assert await give(garden, ADA, TULIP)
    assert await is_served(garden, TULIP)
    assert await give(garden, ADA, None)
    assert await give(garden, ADA, None)
    assert not await is_needed(garden, TULIP)
    assert not await give(garden, 99, ROSE)


@pytest.mark.parametrize("how", How)
async def test_a_removed_account_has_no_picture(garden: Storage, how: How) -> None:
    await give(garden, ADA, ROSE)
    assert await garden.users.delete(ADA, how=how) is True
    assert not await is_served(garden, ROSE)
    assert not await is_needed(garden, ROSE)
    assert not await give(garden, ADA, ROSE)


async def test_visitors_have_no_pictures_and_see_those_of_operators(garden: Storage) -> None:
    new = NewPerson(name="visitor-1", password_hash=b"", visit=Visit())
    visitor = await garden.users.add(new)
    assert isinstance(visitor, Person)
    assert not await give(garden, visitor.id, ROSE)
    every = [ADA, OLGA, visitor.id]
    pictures = garden.feature_ports[PICTURES]
    assert [each.id for each in await pictures.people(every, operators_only=True)] == [OLGA]
    assert [each.id for each in await pictures.people(every, operators_only=False)] == [ADA, OLGA]


async def test_only_what_another_removes_is_audited(garden: Storage) -> None:
    await give(garden, ADA, ROSE)
    await give(garden, ADA, None)
    await give(garden, ADA, None, OLGA)  # there is none
    await give(garden, ADA, TULIP)
    await give(garden, ADA, None, OLGA)
    acts = await garden.audit.acts(None, 9)
    assert [(act.by and act.by.id, act.person and act.person.id) for act in acts] == [(OLGA, ADA)]


async def test_owners_give_a_room_its_picture_and_others_do_not(garden: Storage) -> None:
    made = await of_room(garden, ROSE)
    assert isinstance(made, PictureSet)
    assert (made.pos, made.picture, await shown(garden)) == (2, ROSE.hash, ROSE.hash)
    assert await of_room(garden, ROSE) == Unchanged(2)
    assert await of_room(garden, TULIP, BEN) == NOT_OWNER
    await garden.messages.save([RoleChange(ROOM, BEN, RoomRole.MODERATOR, ADA, NOW)])
    assert await of_room(garden, TULIP, BEN) == NOT_OWNER
    assert await of_room(garden, TULIP, CEM) == NOT_MEMBER
    assert await of_room(garden, ROSE, ADA, LOBBY_ID) == NOT_ADMIN
    assert isinstance(await of_room(garden, TULIP, OLGA, LOBBY_ID), PictureSet)
    assert await shown(garden, LOBBY_ID) == TULIP.hash
    log = [each for each in await garden.messages.read_log(0, 99, 1 << 20) if isinstance(each, PictureSet)]
    assert [(each.room_id, each.picture) for each in log] == [(ROOM, ROSE.hash), (LOBBY_ID, TULIP.hash)]
    assert await of_room(garden, None) is not None
    assert (await shown(garden), await is_needed(garden, ROSE)) == (None, False)


async def test_a_deleted_room_has_no_picture(garden: Storage) -> None:
    await of_room(garden, ROSE)
    await garden.messages.save([RoomDeletion(ROOM, ADA, NOW)])
    assert not await is_served(garden, ROSE)
    assert not await is_needed(garden, ROSE)


async def test_the_server_has_one_picture(garden: Storage) -> None:
    pictures = garden.feature_ports[PICTURES]
    await pictures.set_of_server(ROSE)
    await pictures.set_of_server(TULIP)
    assert [await is_served(garden, each) for each in (ROSE, TULIP)] == [False, True]
    await pictures.set_of_server(None)
    assert not await is_served(garden, TULIP)
