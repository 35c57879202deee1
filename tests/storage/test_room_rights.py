"""Rights in a room are checked in the statement that writes, against the state before it."""

from collections.abc import Sequence

import pytest

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Pair, Person, Room
from chat.domain.messages.changes import (
    Addition,
    Deleted,
    Deletion,
    Removal,
    Removed,
    RoleChange,
    RoleChanged,
    RoomChange,
    RoomChanged,
    RoomDeletion,
    Write,
)
from chat.domain.messages.outcomes import Saved, Unchanged
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import ALREADY_IN, BLOCKED, NO_ROOM, NOT_ADMIN, NOT_MEMBER, PRIVATE, Refusal
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import NOT_LEADING, NOT_ONESELF, NOT_OWNER, NOT_YOURS

NOW = 1_700_000_000.5
ADA, BEN, CEM, DAN, MOD, ROOT = range(1, 7)
ROOM = 2
MEMBER, MODERATOR, OWNER = RoomRole.MEMBER, RoomRole.MODERATOR, RoomRole.OWNER


@pytest.fixture
async def garden(storage: Storage) -> int:
    """Ada's public room, which ben moderates; cem and mod are in it, dan and root are not.

    Mod is a moderator of the server, and root an admin.
    """
    for name in ("ada", "ben", "cem", "dan", "mod", "root"):
        about = {"is_moderator": name == "mod", "is_admin": name == "root"}
        assert isinstance(await storage.users.add(NewPerson(name=name, password_hash=b"x", **about)), Person)
    room = await storage.rooms.create("Garden", ADA, is_private=False)
    assert isinstance(room, Room)
    assert room.id == ROOM
    await storage.messages.save([*map(joining, (BEN, CEM, MOD)), RoleChange(ROOM, BEN, MODERATOR, ADA, NOW)])
    await storage.messages.save([Draft(ROOM, CEM, "cem", "moin", NOW)])
    return room.id


def joining(person: int) -> Draft:
    return Draft(ROOM, person, "", "", NOW, MessageKind.JOIN)


def adding(person: int, by: int) -> Addition:
    return Addition(joining(person), by)


def removal(person: int, by: int) -> Removal:
    return Removal(ROOM, person, by, NOW)


def ban(person: int, by: int) -> Removal:
    return Removal(ROOM, person, by, NOW, is_ban=True)


def role(person: int, wanted: RoomRole | None, by: int = ADA) -> RoleChange:
    return RoleChange(ROOM, person, wanted, by, NOW)


def like(by: int, *, is_private: bool | None = None, name: str | None = None, admin: bool = False) -> Write:
    return RoomChange(
        room_id=ROOM, actor_id=by, created_at=NOW, is_private=is_private, name=name, as_admin=admin
    )


def deletion(by: int | None, seq: int = 4, room: int = ROOM) -> Deletion:
    """The deletion of a message, by default of what Cem said in the garden."""
    return Deletion(room, seq, by, NOW)


TOO_LATE: dict[str, tuple[Sequence[Write], Write, Refusal]] = {
    "remove who has become an owner": ([role(CEM, OWNER)], removal(CEM, BEN), NOT_LEADING),
    "ban who has become an owner": ([role(CEM, OWNER)], ban(CEM, BEN), NOT_LEADING),
    "ban an owner, by a moderator of the server": ([role(CEM, OWNER)], ban(CEM, MOD), NOT_LEADING),
    "remove, being removed": ([removal(BEN, ADA)], removal(CEM, BEN), NOT_MEMBER),
    "ban, being banned": ([ban(BEN, ADA)], ban(CEM, BEN), NOT_MEMBER),
    "ban, being a member": ([role(BEN, MEMBER)], ban(CEM, BEN), NOT_LEADING),
    "ban a stranger, being a member": ([role(BEN, MEMBER)], ban(DAN, BEN), NOT_LEADING),
    "lift a ban, being a member": (
        [ban(DAN, ADA), role(BEN, MEMBER)],
        role(DAN, None, BEN),
        NOT_LEADING,
    ),
    "give a role, being no owner": (
        [role(BEN, OWNER), role(BEN, MODERATOR)],
        role(CEM, OWNER, BEN),
        NOT_OWNER,
    ),
    "take a role, being no owner": ([role(CEM, OWNER)], role(CEM, MEMBER, BEN), NOT_OWNER),
    "rise, being a member": ([role(BEN, MEMBER)], role(BEN, MODERATOR, BEN), NOT_ONESELF),
    "add, being a member": ([role(BEN, MEMBER)], adding(DAN, BEN), NOT_LEADING),
    "add, being removed": ([removal(BEN, ADA)], adding(DAN, BEN), NOT_MEMBER),
    "join what is private": ([like(ADA, is_private=True)], joining(DAN), PRIVATE),
    "remove from what is private, by a moderator of the server": (
        [like(ADA, is_private=True)],
        removal(CEM, MOD),
        NOT_LEADING,
    ),
    "rename, being no owner": ([role(BEN, OWNER), role(BEN, MODERATOR)], like(BEN, name="Mine"), NOT_OWNER),
    "rename, being outside": (
        [like(ADA, is_private=True), removal(BEN, BEN)],
        like(BEN, name="Mine"),
        NO_ROOM,
    ),
    "delete, being no owner": (
        [role(BEN, OWNER), role(BEN, MEMBER)],
        RoomDeletion(ROOM, BEN, NOW),
        NOT_OWNER,
    ),
    "delete a message, being a member": ([role(BEN, MEMBER)], deletion(BEN), NOT_YOURS),
    "delete a message, being removed": ([removal(BEN, ADA)], deletion(BEN), NOT_MEMBER),
    "delete a message, being banned": ([ban(BEN, ADA)], deletion(BEN), NOT_MEMBER),
    "delete a message, being outside what is private": (
        [like(ADA, is_private=True), removal(BEN, BEN)],
        deletion(BEN),
        NO_ROOM,
    ),
    "delete a message of what is private, by a moderator of the server": (
        [like(ADA, is_private=True)],
        deletion(MOD),
        NOT_YOURS,
    ),
    "delete a message, by a moderator of the server who is removed": (
        [removal(MOD, ADA)],
        deletion(MOD),
        NOT_MEMBER,
    ),
}


@pytest.mark.parametrize("how", ["in one batch", "one after the other"])
@pytest.mark.parametrize(("before", "late", "refusal"), TOO_LATE.values(), ids=TOO_LATE)
async def test_a_lost_right_is_checked_at_the_commit(
    storage: Storage, garden: int, before: Sequence[Write], late: Write, refusal: Refusal, how: str
) -> None:
    if how == "in one batch":
        *done, outcome = await storage.messages.save([*before, late])
    else:
        done = await storage.messages.save(before)
        members = await storage.rooms.members(garden, 0, 9), await storage.rooms.banned(garden, 0, 9)
        room = await storage.rooms.by_id(garden)
        (outcome,) = await storage.messages.save([late])
        assert members == (
            await storage.rooms.members(garden, 0, 9),
            await storage.rooms.banned(garden, 0, 9),
        )
        assert room == await storage.rooms.by_id(garden)
    assert outcome == refusal
    assert not any(each is None or isinstance(each, Refusal) for each in done)


async def test_current_moderators_delete_others_messages(storage: Storage, garden: int) -> None:
    await storage.messages.save([Draft(garden, CEM, "cem", f"{n}", NOW) for n in range(4)])
    saved = await storage.messages.save(
        [
            deletion(BEN),
            role(BEN, MEMBER),
            deletion(BEN, 5),
            deletion(CEM, 5),
            deletion(MOD, 6),
            removal(CEM, CEM),
            deletion(None, 7),
            deletion(ADA, 99),
        ]
    )
    kinds = [type(each) for each in saved]
    assert kinds == [Deleted, RoleChanged, Refusal, Deleted, Deleted, Removed, Deleted, type(None)]


async def test_in_the_lobby_a_moderator_deletes_as_long_as_they_are_one(
    storage: Storage, garden: int
) -> None:
    said = [Draft(LOBBY_ID, CEM, "cem", text, NOW) for text in ("one", "two")]
    one, two = await storage.messages.save(said)
    assert isinstance(one, Message)
    assert isinstance(two, Message)
    (done,) = await storage.messages.save([deletion(MOD, one.seq, LOBBY_ID)])
    assert isinstance(done, Deleted)
    late = [deletion(by, two.seq, LOBBY_ID) for by in (MOD, BEN)]
    await storage.users.administer(MOD, AccountChange(is_moderator=False), None)
    assert await storage.messages.save(late) == [NOT_YOURS, NOT_YOURS]
    await storage.users.administer(MOD, AccountChange(is_moderator=True, is_disabled=True), None)
    assert await storage.messages.save(late) == [NOT_MEMBER, NOT_YOURS]


async def test_in_a_direct_room_nobody_deletes_the_others_messages(storage: Storage, garden: int) -> None:
    pair = await storage.rooms.direct_room(CEM, MOD)
    assert pair is not None
    (said,) = await storage.messages.save([Draft(pair.id, CEM, "cem", "hi", NOW, people=Pair(CEM, MOD))])
    assert isinstance(said, Message)
    late, own = deletion(MOD, said.seq, pair.id), deletion(CEM, said.seq, pair.id)
    refused, done = await storage.messages.save([late, own])
    assert refused == NOT_YOURS
    assert isinstance(done, Deleted)


async def test_rights_are_checked_in_order_within_a_batch(storage: Storage, garden: int) -> None:
    saved = await storage.messages.save(
        [
            adding(DAN, BEN),
            removal(DAN, MOD),
            role(BEN, MEMBER),
            removal(CEM, BEN),
            role(CEM, OWNER),
            role(ADA, MODERATOR),
            like(CEM, is_private=True),
            adding(DAN, ADA),
            ban(BEN, ADA),
            role(BEN, None),
            removal(ADA, ADA),
            like(CEM, name="Orchard"),
        ]
    )
    kinds = [type(each) for each in saved]
    assert kinds == [
        Message,
        Removed,
        RoleChanged,
        Refusal,
        RoleChanged,
        RoleChanged,
        RoomChanged,
        Message,
        Removed,
        Unchanged,
        Removed,
        RoomChanged,
    ]


async def test_a_maker_who_left_keeps_the_rights_of_an_ownerless_room(storage: Storage, garden: int) -> None:
    saved = await storage.messages.save(
        [
            removal(ADA, ADA),
            removal(CEM, ADA),
            adding(CEM, ADA),
            role(BEN, OWNER),
            removal(CEM, ADA),
            RoomDeletion(garden, ADA, NOW),
        ]
    )
    assert isinstance(saved[1], Removed)
    assert isinstance(saved[2], Message)
    assert isinstance(saved[3], RoleChanged)
    assert saved[4:] == [NOT_MEMBER, NOT_MEMBER]


@pytest.mark.parametrize("out", ["disabled", "deleted"])
async def test_an_account_that_may_not_log_in_changes_no_room(
    storage: Storage, garden: int, out: str
) -> None:
    if out == "disabled":
        await storage.users.administer(BEN, AccountChange(is_disabled=True), None)
        await storage.users.administer(ROOT, AccountChange(is_disabled=True), None)
    else:
        await storage.users.delete(BEN)
        await storage.users.delete(ROOT)
    late = [removal(CEM, BEN), adding(DAN, BEN), role(CEM, None, BEN), like(ROOT, name="Mine", admin=True)]
    assert await storage.messages.save(late) == [NOT_MEMBER, NOT_MEMBER, NOT_MEMBER, NOT_ADMIN]


async def test_an_admin_looks_after_every_room_as_long_as_they_are_one(storage: Storage, garden: int) -> None:
    async def both() -> list[Saved]:
        renamed = like(ROOT, name="Park", admin=True)
        return await storage.messages.save([renamed, RoomDeletion(garden, ROOT, NOW, as_admin=True)])

    await storage.users.administer(ROOT, AccountChange(is_admin=False), None)
    assert await both() == [NOT_ADMIN, NOT_ADMIN]
    await storage.users.administer(ROOT, AccountChange(is_admin=True), None)
    assert not any(each is None or isinstance(each, Refusal) for each in await both())


async def test_a_blocked_person_can_not_add_the_blocker(storage: Storage, garden: int) -> None:
    await storage.contacts.block(DAN, BEN)
    saved = await storage.messages.save([adding(DAN, BEN), adding(DAN, ADA), adding(DAN, BEN)])
    assert saved[0] == saved[2] == BLOCKED
    assert isinstance(saved[1], Message)
    assert await storage.messages.save([adding(DAN, ADA)]) == [ALREADY_IN]
