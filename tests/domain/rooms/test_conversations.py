"""A person's rights in a room are checked in one place."""

from collections.abc import AsyncGenerator

import pytest
import trio
from msgspec import structs

from chat.domain.entities import LOBBY_ID, Draft, Pair, Peer, Person, Room, RoomKind, SupportOf
from chat.domain.messages.changes import Removal
from chat.domain.ports import NewPerson
from chat.domain.refusals import ARCHIVED, NO_ROOM, NOT_MEMBER, Refusal
from chat.domain.rooms.blocks import Blocks
from chat.domain.rooms.conversations import BLOCKED, OVER, Conversations, may_delete, may_edit, may_speak
from chat.domain.rooms.direct import Direct
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import (
    NOT_LEADING,
    NOT_ONESELF,
    NOT_OWNER,
    NOT_YOURS,
    RoomAccess,
    may_add,
    may_delete_room,
    may_give_role,
    may_invite,
    may_remove,
)
from chat.domain.rooms.rooms import Rooms
from chat.domain.rooms.support import Support
from tests.reference.storage import MemoryStorage

MEMBER, MODERATOR, OWNER = RoomRole.MEMBER, RoomRole.MODERATOR, RoomRole.OWNER


class House:
    """Some people, and what they may do."""

    def __init__(self) -> None:
        self.storage = MemoryStorage()
        self.rooms = Rooms(self.storage.users, self.storage.rooms, self.storage.messages)
        tables = self.storage.users, self.storage.rooms, self.storage.messages
        self.direct, self.blocks = Direct(*tables), Blocks(self.storage.contacts)
        self.conversations = Conversations(
            self.storage.rooms, self.rooms, self.direct, Support(*tables), self.blocks
        )

    async def add(self, name: str, *, operator: bool = False, admin: bool = False) -> Person:
        new = NewPerson(name=name, password_hash=b"x", is_operator=operator, is_admin=admin)
        person = await self.storage.users.add(new)
        assert isinstance(person, Person)
        return person

    async def make(self, creator: Person, name: str, *, is_private: bool = False) -> int:
        room = await self.rooms.create(creator, name, is_private=is_private)
        assert isinstance(room, Room)
        return room.id

    async def enters(self, person: Person, room_id: int) -> RoomAccess:
        access = await self.conversations.enter(person, room_id)
        assert isinstance(access, RoomAccess)
        assert access.room.id == room_id
        return access


@pytest.fixture
async def house() -> AsyncGenerator[House]:
    with trio.fail_after(60):
        yield House()


async def test_members_enter_a_room_and_strangers_get_the_proper_refusal(house: House) -> None:
    ada, ben = await house.add("ada"), await house.add("ben")
    garden, cellar = await house.make(ada, "garden"), await house.make(ada, "cellar", is_private=True)
    assert (await house.enters(ada, garden)).role is OWNER
    assert (await house.enters(ben, LOBBY_ID)).role is MEMBER
    assert await house.conversations.enter(ben, garden) is NOT_MEMBER
    assert await house.conversations.enter(ben, cellar) is NO_ROOM
    assert await house.conversations.enter(ben, 9_999) is NO_ROOM
    house.storage.rooms.roles[garden, ben.id] = RoomRole.BANNED
    house.storage.rooms.roles[cellar, ben.id] = RoomRole.BANNED
    assert await house.conversations.enter(ben, garden) is NOT_MEMBER
    assert await house.conversations.enter(ben, cellar) is NO_ROOM


async def test_a_direct_room_is_for_two_until_one_is_deleted(house: House) -> None:
    ada, ben, cem = await house.add("ada"), await house.add("ben"), await house.add("cem")
    room = await house.storage.rooms.direct_room(ada.id, ben.id)
    assert room is not None
    access = await house.enters(ada, room.id)
    assert (access.people, may_speak(access)) == (Pair(ada.id, ben.id), None)
    assert await house.conversations.enter(cem, room.id) is NO_ROOM
    await house.storage.users.delete(ben.id)
    access = await house.enters(ada, room.id)
    assert (access.people, may_speak(access)) == (Pair(ada.id, ben.id), OVER)


async def test_a_known_direct_room_is_forgotten_with_a_block_and_a_deletion(house: House) -> None:
    ada, ben, cem = await house.add("ada"), await house.add("ben"), await house.add("cem")
    known = house.conversations.known_direct_room
    assert known(ada.id, ben.id) is None
    room = await house.conversations.direct_room(ada, ben.id)
    other = await house.conversations.direct_room(ada, cem.id)
    for _ in range(2):
        assert (known(ada.id, ben.id), known(ada.id, cem.id)) == (room, other)
    assert known(ben.id, ada.id) is None, "whom ada blocks is not known"
    await house.blocks.block(ben, ada.id)
    assert (known(ada.id, ben.id), known(ada.id, cem.id)) == (None, other)
    assert await house.conversations.direct_room(ada, ben.id) is BLOCKED
    assert known(ada.id, ben.id) is None
    await house.storage.users.delete(cem.id)
    house.direct.gone(cem.id)
    assert known(ada.id, cem.id) is None


async def test_a_conversation_is_for_its_person_and_then_for_operators(house: House) -> None:
    ada, ben, olga = await house.add("ada"), await house.add("ben"), await house.add("olga", operator=True)
    room = await house.storage.rooms.support_room(ada.id)
    assert room is not None
    assert (await house.enters(ada, room.id)).people == SupportOf(Peer(ada.id, "ada"))
    assert await house.conversations.enter(olga, room.id) is NO_ROOM
    await house.storage.messages.save([Draft(room.id, ada.id, "ada", "help", 1.0)])
    assert (await house.enters(olga, room.id)).people == SupportOf(Peer(ada.id, "ada"))
    assert await house.conversations.enter(ben, room.id) is NO_ROOM
    await house.storage.users.delete(ada.id)
    assert await house.conversations.enter(olga, room.id) is NO_ROOM


async def test_a_removal_during_entering_keeps_the_person_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = await house.add("ada"), await house.add("ben")
    garden = await house.make(ada, "garden")
    house.storage.rooms.add_member(garden, ben.id)
    access = house.storage.rooms.access

    async def late(room_id: int, person_id: int) -> object:
        found = await access(room_id, person_id)
        if house.storage.rooms.has_member(garden, ben.id):
            await house.storage.messages.save([Removal(garden, ben.id, ada.id, 1.0)])
            house.rooms.outdate(garden, ben.id)
        return found

    monkeypatch.setattr(house.storage.rooms, "access", late)
    assert await house.conversations.enter(ben, garden) is NOT_MEMBER


def access(role: RoomRole = MEMBER, kind: RoomKind = RoomKind.ROOM, *, private: bool = False) -> RoomAccess:
    return RoomAccess(Room(id=2, kind=kind, is_private=private), role, None)


ADA, BEN = Person(id=1, name="ada"), Person(id=2, name="ben")
ADMIN = Person(id=3, name="zoe", is_admin=True)


def test_nobody_speaks_where_it_is_archived() -> None:
    here = access()
    archived = structs.replace(here, room=structs.replace(here.room, is_archived=True))
    assert [may_speak(each) for each in (here, archived)] == [None, ARCHIVED]
    assert [may_edit(each, ADA, ADA.id) for each in (here, archived)] == [None, ARCHIVED]


@pytest.mark.parametrize("role", [MEMBER, MODERATOR, OWNER])
def test_everybody_edits_their_own_and_nobody_others(role: RoomRole) -> None:
    assert may_edit(access(role), ADA, ADA.id) is None
    assert may_edit(access(role), ADMIN, ADA.id) is NOT_YOURS


def test_moderators_and_in_public_rooms_admins_delete_others_messages() -> None:
    assert may_delete(access(), ADA, ADA.id) is None
    assert may_delete(access(), ADA, BEN.id) is NOT_YOURS
    assert [may_delete(access(role), ADA, BEN.id) for role in (MODERATOR, OWNER)] == [None, None]
    assert may_delete(access(), ADMIN, BEN.id) is None
    assert may_delete(access(kind=RoomKind.LOBBY), ADMIN, BEN.id) is None
    for elsewhere in (access(private=True), access(kind=RoomKind.DIRECT), access(kind=RoomKind.SUPPORT)):
        assert may_delete(elsewhere, ADMIN, BEN.id) is NOT_YOURS


def test_moderators_add_and_remove_but_no_owner() -> None:
    assert [may_add(access(role)) for role in (MEMBER, MODERATOR, OWNER)] == [NOT_LEADING, None, None]
    assert may_remove(access(), ADA, ADA.id, MEMBER) is None
    assert may_remove(access(OWNER), ADA, ADA.id, OWNER) is None
    assert may_remove(access(), ADA, BEN.id, MEMBER) is NOT_LEADING
    assert may_remove(access(MODERATOR), ADA, BEN.id, MEMBER) is None
    assert may_remove(access(MODERATOR), ADA, BEN.id, OWNER) is NOT_LEADING
    assert may_remove(access(), ADMIN, BEN.id, MEMBER) is None
    assert may_remove(access(private=True), ADMIN, BEN.id, MEMBER) is NOT_LEADING


def test_owners_alone_delete_a_room() -> None:
    asked: list[Refusal | None] = [may_delete_room(access(role)) for role in (MEMBER, MODERATOR, OWNER)]
    assert asked == [NOT_OWNER, NOT_OWNER, None]


@pytest.mark.parametrize("kind", [RoomKind.LOBBY, RoomKind.DIRECT, RoomKind.SUPPORT])
def test_built_in_rooms_have_no_members_to_change(kind: RoomKind) -> None:
    here = access(OWNER, kind)
    assert [may_add(here), may_remove(here, ADA, ADA.id, MEMBER), may_delete_room(here)] == [NO_ROOM] * 3


BANNED = RoomRole.BANNED


@pytest.mark.parametrize(
    ("who", "whom", "wanted", "public", "private"),
    [
        (OWNER, None, OWNER, None, None),
        (OWNER, MEMBER, MODERATOR, None, None),
        (OWNER, OWNER, MEMBER, None, None),
        (OWNER, MODERATOR, BANNED, None, None),
        (OWNER, OWNER, BANNED, NOT_LEADING, NOT_LEADING),
        (MODERATOR, None, MEMBER, None, None),
        (MODERATOR, BANNED, MEMBER, None, None),
        (MODERATOR, MEMBER, MEMBER, None, None),
        (MODERATOR, None, MODERATOR, NOT_OWNER, NOT_OWNER),
        (MODERATOR, MODERATOR, MEMBER, NOT_OWNER, NOT_OWNER),
        (MODERATOR, OWNER, MEMBER, NOT_OWNER, NOT_OWNER),
        (MODERATOR, MODERATOR, BANNED, None, None),
        (MODERATOR, None, BANNED, None, None),
        (MODERATOR, OWNER, BANNED, NOT_LEADING, NOT_LEADING),
        (MEMBER, None, MEMBER, NOT_LEADING, NOT_LEADING),
        (MEMBER, MEMBER, MODERATOR, NOT_OWNER, NOT_OWNER),
        (MEMBER, None, BANNED, NOT_LEADING, NOT_LEADING),
        ("admin", MEMBER, BANNED, None, NOT_LEADING),
        ("admin", OWNER, BANNED, NOT_LEADING, NOT_LEADING),
        ("admin", None, MEMBER, NOT_LEADING, NOT_LEADING),
        ("admin", MEMBER, OWNER, NOT_OWNER, NOT_OWNER),
    ],
)
def test_role_changes_follow_the_rights_of_the_actor(
    who: RoomRole | str,
    whom: RoomRole | None,
    wanted: RoomRole,
    public: Refusal | None,
    private: Refusal | None,
) -> None:
    person = Person(id=1, name="ada", is_admin=who == "admin")
    role = RoomRole(who) if who != "admin" else MEMBER
    for is_private, expected in ((False, public), (True, private)):
        access = RoomAccess(Room(id=7, kind=RoomKind.ROOM, name="x", is_private=is_private), role, None)
        assert may_give_role(access, person, 2, whom, wanted) == expected
    lobby = RoomAccess(Room(id=LOBBY_ID, kind=RoomKind.LOBBY), role, None)
    assert may_give_role(lobby, person, 2, whom, wanted) == NO_ROOM


def test_oneself_one_may_only_step_down() -> None:
    person = Person(id=1, name="ada", is_admin=True)
    ranks = (MEMBER, MODERATOR, OWNER)
    for own, role in enumerate(ranks):
        access = RoomAccess(Room(id=7, kind=RoomKind.ROOM, name="x"), role, None)
        for nth, wanted in enumerate(ranks):
            expected = None if nth <= own else NOT_ONESELF
            assert may_give_role(access, person, 1, role, wanted) == expected
        assert may_give_role(access, person, 1, role, BANNED) == NOT_ONESELF


def test_only_owners_and_moderators_invite_to_a_private_room() -> None:
    for role, private in ((MEMBER, NOT_LEADING), (MODERATOR, None), (OWNER, None)):
        for is_private, expected in ((False, None), (True, private)):
            room = Room(id=7, kind=RoomKind.ROOM, name="x", is_private=is_private)
            assert may_invite(RoomAccess(room, role, None)) == expected
            assert may_invite(RoomAccess(structs.replace(room, is_archived=True), role, None)) == ARCHIVED
    assert may_invite(RoomAccess(Room(id=LOBBY_ID, kind=RoomKind.LOBBY), OWNER, None)) == NO_ROOM
