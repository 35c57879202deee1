"""Rooms, roles, bans and invites that change: one contract for every storage."""

from typing import Any

import pytest

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Room
from chat.domain.messages.changes import (
    Acceptance,
    Change,
    Deletion,
    Edit,
    Reaction,
    Removal,
    Removed,
    RoleChange,
    RoleChanged,
    RoomChange,
    RoomChanged,
    RoomDeletion,
    Write,
)
from chat.domain.messages.outcomes import Repeated, Saved, Unchanged
from chat.domain.messages.sync_types import ChangeRange
from chat.domain.ports import Invite, NewInvite, NewPerson, Storage, Taken
from chat.domain.refusals import ALREADY_IN, ARCHIVED, BANNED, INVITE_OVER, LAST_OWNER, ROOM_TAKEN
from chat.domain.rooms.membership import RoomRole
from tests.support.replays import replay, snapshots

NOW = 1_700_000_000.123456
LATER = 4_000_000_000.0
PLENTY = 1 << 20
ADA, BEN, CEM = 1, 2, 3
MEMBER, MODERATOR, OWNER = RoomRole.MEMBER, RoomRole.MODERATOR, RoomRole.OWNER


@pytest.fixture
async def garden(storage: Storage) -> int:
    """Ada's room, with ben in it; cem is outside."""
    ids = [(await storage.users.add(NewPerson(name=n, password_hash=b"x"))) for n in ("ada", "ben", "cem")]
    assert [person.id for person in ids if person is not None and not isinstance(person, Taken)] == [1, 2, 3]
    room = await made(storage, "Garden")
    await storage.messages.save([joining(room, BEN)])
    return room


async def made(storage: Storage, name: str, **about: Any) -> int:
    room = await storage.rooms.create(name, ADA, is_private=about.pop("private", False), **about)
    assert isinstance(room, Room)
    return room.id


def joining(room: int, person: int) -> Draft:
    return Draft(room, person, "", "", NOW, MessageKind.JOIN)


def role(room: int, person: int, wanted: RoomRole | None) -> RoleChange:
    return RoleChange(room, person, wanted, ADA, NOW)


def ban(room: int, person: int) -> Removal:
    return Removal(room, person, ADA, NOW, is_ban=True)


def like(room: int, **about: Any) -> RoomChange:
    return RoomChange(room_id=room, actor_id=ADA, created_at=NOW, **about)


async def write(storage: Storage, *writes: Write) -> list[Saved]:
    return await storage.messages.save(writes)


async def roles(storage: Storage, room: int) -> dict[int, str]:
    found = await storage.rooms.members(room, 0, 9)
    return {each.person.id: each.role.value for each in found}


async def test_a_changed_room_is_returned_in_its_new_state(storage: Storage, garden: int) -> None:
    other = await made(storage, "Cellar")
    saved = await write(
        storage,
        like(garden, topic="roses"),
        like(garden, topic="roses", name="Garden", is_private=False, is_archived=False),
        like(garden, name="CELLAR"),
        Draft(garden, ADA, "ada", "between", NOW),
        like(garden, name="garden", is_private=True),
        like(LOBBY_ID, topic="everything"),
        like(99, topic="nothing"),
    )
    first = RoomChanged(2, garden, 2, ADA, "Garden", "roses", False, False, NOW)
    last = RoomChanged(4, garden, 4, ADA, "garden", "roses", True, False, NOW)
    assert isinstance(saved[3], Message)
    assert (saved[3].id, saved[3].seq, saved[3].pos) == (3, 2, 3)
    assert saved[:3] + saved[4:] == [first, Unchanged(2), ROOM_TAKEN, last, None, None]
    room = await storage.rooms.by_id(garden)
    assert room is not None
    assert (room.name, room.topic, room.is_private, room.last_seq, room.last_pos) == (
        "garden",
        "roses",
        True,
        2,
        4,
    )
    now = [RoomChanged(2, garden, 2, ADA, "garden", "roses", True, False, NOW), last]
    assert [each for each in await log(storage) if isinstance(each, RoomChanged)] == now
    replayed = await replay(storage, BEN, [ChangeRange(garden, 1, 9)], PLENTY)
    assert [replayed[0], replayed[2]] == now
    (snapshot,) = await snapshots(storage, BEN, 99, [garden])
    assert (snapshot.name, snapshot.topic, snapshot.is_private, snapshot.pos) == ("garden", "roses", True, 4)
    bytes_of_two = 2 * len('"roses"') + len('"between"')
    assert len(await replay(storage, BEN, [ChangeRange(garden, 1, 9)], bytes_of_two)) == 3
    assert len(await replay(storage, BEN, [ChangeRange(garden, 1, 9)], bytes_of_two - 1)) == 2
    assert len(await storage.messages.read_log(1, 9, bytes_of_two - 1)) == 2
    assert await write(storage, like(other, name="Garden two"), like(garden, name="cellar")) == [
        RoomChanged(5, other, 1, ADA, "Garden two", "", False, False, NOW),
        RoomChanged(6, garden, 5, ADA, "cellar", "roses", True, False, NOW),
    ]
    assert await storage.rooms.create("Cellar", BEN, is_private=False) == Taken("name")
    assert isinstance(await storage.rooms.create("Garden", BEN, is_private=False), Room)


async def log(storage: Storage) -> list[Change]:
    return await storage.messages.read_log(0, 99, PLENTY)


async def test_roles_are_given_to_members_and_the_last_owner_stays_one(storage: Storage, garden: int) -> None:
    saved = await write(
        storage,
        role(garden, ADA, MEMBER),
        role(garden, BEN, MODERATOR),
        role(garden, BEN, MODERATOR),
        role(garden, CEM, MODERATOR),
        role(garden, BEN, OWNER),
        role(garden, ADA, MEMBER),
        RoleChange(garden, BEN, MODERATOR, BEN, NOW),
        role(99, BEN, MODERATOR),
        role(LOBBY_ID, BEN, MODERATOR),
    )
    given = [
        RoleChanged(2, garden, 2, BEN, MODERATOR, ADA, NOW),
        RoleChanged(3, garden, 3, BEN, OWNER, ADA, NOW),
        RoleChanged(4, garden, 4, ADA, MEMBER, ADA, NOW),
    ]
    assert saved == [LAST_OWNER, given[0], Unchanged(2), None, given[1], given[2], LAST_OWNER, None, None]
    assert await roles(storage, garden) == {ADA: "member", BEN: "owner"}
    assert (await log(storage))[1:] == given
    assert await replay(storage, BEN, [ChangeRange(garden, 1, 9)], PLENTY) == given
    access = await storage.rooms.access(garden, BEN)
    assert access is not None
    assert access.role is OWNER
    # Who made the room is no owner by coming back, unless nobody else is.
    await write(storage, Removal(garden, ADA, ADA, NOW), joining(garden, ADA))
    assert await roles(storage, garden) == {ADA: "member", BEN: "owner"}
    await write(storage, Removal(garden, ADA, ADA, NOW))
    access = await storage.rooms.access(garden, ADA)
    assert access is not None
    assert (access.role, access.has_owner) == (None, True)
    await write(storage, Removal(garden, BEN, BEN, NOW))
    access = await storage.rooms.access(garden, ADA)
    assert access is not None
    assert (access.role, access.has_owner) == (None, False)
    await write(storage, joining(garden, BEN), joining(garden, ADA))
    assert await roles(storage, garden) == {ADA: "owner", BEN: "member"}


async def test_a_deleted_owner_does_not_count_as_owner(storage: Storage, garden: int) -> None:
    await write(storage, role(garden, BEN, OWNER))
    await storage.users.delete(BEN)
    assert await write(storage, role(garden, ADA, MEMBER)) == [LAST_OWNER]


async def test_a_ban_removes_the_member_until_it_is_lifted(storage: Storage, garden: int) -> None:
    saved = await write(
        storage,
        Removal(garden, BEN, ADA, NOW),
        joining(garden, BEN),
        ban(garden, BEN),
        ban(garden, BEN),
        ban(garden, CEM),
        joining(garden, BEN),
        joining(garden, CEM),
        Removal(garden, BEN, BEN, NOW),
        role(garden, BEN, MEMBER),
        ban(99, BEN),
        ban(LOBBY_ID, BEN),
    )
    banned = Removed(4, garden, 4, BEN, ADA, NOW, is_ban=True)
    assert saved[2:] == [banned, Unchanged(4), Unchanged(4), BANNED, BANNED, None, None, None, None]
    assert (await log(storage))[-1] == banned
    assert (await replay(storage, ADA, [ChangeRange(garden, 3, 9)], PLENTY)) == [banned]
    assert await roles(storage, garden) == {ADA: "owner"}
    found = await storage.rooms.banned(garden, 0, 9)
    assert [(each.person.id, each.role) for each in found] == [(BEN, "banned"), (CEM, "banned")]
    assert min(each.joined_at for each in found) > NOW
    assert [each.person.id for each in await storage.rooms.banned(garden, BEN, 9)] == [CEM]
    assert [each.person.id for each in await storage.rooms.banned(garden, 0, 1)] == [BEN]
    assert not await storage.rooms.is_member(garden, BEN)
    assert await storage.rooms.joinable(BEN, "", "", 9) == []
    lifted = await write(storage, role(garden, BEN, None), role(garden, ADA, None), joining(garden, BEN))
    assert lifted[:2] == [Unchanged(4), Unchanged(4)]
    assert await roles(storage, garden) == {ADA: "owner", BEN: "member"}
    assert [each.person.id for each in await storage.rooms.banned(garden, 0, 9)] == [CEM]


async def test_an_archived_room_is_read_only(storage: Storage, garden: int) -> None:
    keyed = Draft(garden, ADA, "ada", "one", NOW, key="k")
    await write(storage, keyed, like(garden, is_archived=True))
    saved = await write(
        storage,
        Draft(garden, ADA, "ada", "two", NOW),
        Draft(LOBBY_ID, ADA, "ada", "elsewhere", NOW),
        joining(garden, CEM),
        Edit(garden, 2, ADA, "won", NOW),
        Reaction(garden, 2, ADA, "👍", True, NOW),
    )
    assert isinstance(saved[1], Message)
    assert [saved[0], *saved[2:]] == [ARCHIVED] * 4
    for many in ([keyed], [keyed, Draft(garden, ADA, "ada", "new", NOW, key="n")]):
        (first, *others) = await write(storage, *many)
        assert isinstance(first, Repeated)
        assert others == [ARCHIVED] * len(others)
    plain = Draft(garden, ADA, "ada", "three", NOW)
    assert await write(storage, plain, Draft(99, ADA, "ada", "x", NOW)) == [ARCHIVED, None]
    assert [each.text for each in await storage.messages.timeline(garden, 9, PLENTY)] == ["", "one"]
    deleted, role_change, back, said = await write(
        storage,
        Deletion(garden, 2, ADA, NOW),
        role(garden, BEN, MODERATOR),
        like(garden, is_archived=False),
        plain,
    )
    assert None not in (deleted, role_change)
    assert isinstance(back, RoomChanged)
    assert isinstance(said, Message)
    assert (said.seq, said.pos) == (3, 7)


async def test_an_invite_is_used_up_by_joins(storage: Storage, garden: int) -> None:
    cellar = await made(storage, "Cellar", private=True)
    new = NewInvite(digest=b"code", uses=1, expires_at=LATER, room_id=cellar, maker_id=ADA, registers=False)
    await storage.users.invite(new)
    assert not await storage.users.is_invite(b"code")
    assert await storage.users.add(NewPerson(name="dan", password_hash=b"x", invite=b"code")) is None
    await write(storage, ban(cellar, BEN))

    def accepts(person: int, room: int = cellar, code: bytes = b"code") -> Acceptance:
        return Acceptance(joining(room, person), code)

    saved = await write(
        storage,
        accepts(BEN),
        accepts(ADA),
        accepts(CEM, garden),
        accepts(CEM, code=b"other"),
        accepts(CEM),
        accepts(CEM),
        role(cellar, BEN, None),
        accepts(BEN),
    )
    assert isinstance(saved[4], Message)
    assert (saved[4].kind, saved[4].sender_id, saved[4].pos) == (MessageKind.JOIN, CEM, 1)
    assert saved[:4] == [BANNED, ALREADY_IN, INVITE_OVER, INVITE_OVER]
    assert saved[5:] == [ALREADY_IN, Unchanged(1), INVITE_OVER]
    assert await roles(storage, cellar) == {ADA: "owner", CEM: "member"}
    found = Invite(
        uses_left=0,
        expires_at=LATER,
        room_id=cellar,
        room_name="Cellar",
        maker_id=ADA,
        registers=False,
        is_over=True,
        maker_name="ada",
    )
    assert await storage.users.find_invite(b"code") == found
    assert await storage.users.find_invite(b"none") is None


async def test_makers_list_their_valid_invites_in_pages(storage: Storage, garden: int) -> None:
    for person in (ADA, BEN):
        await storage.users.administer(person, AccountChange(is_admin=True), None)
    cellar = await made(storage, "Cellar")
    issued = {
        b"later": (LATER + 1, garden),
        b"b": (LATER, garden),
        b"a": (LATER, None),
        b"gone": (LATER, cellar),
    }
    for digest, (expires_at, room_id) in issued.items():
        about = {"uses": 2, "expires_at": expires_at, "room_id": room_id}
        await storage.users.invite(NewInvite(digest=digest, maker_id=ADA, **about))
    for digest, maker_id in ((b"bens", BEN), (b"a command's", None)):
        await storage.users.invite(NewInvite(digest=digest, uses=1, expires_at=LATER, maker_id=maker_id))
    await write(storage, RoomDeletion(cellar, ADA, NOW))
    found = await storage.users.invites(b"", 9, maker_id=ADA)
    assert [each.digest for each in found] == [b"a", b"b", b"later"]
    assert [each.invite for each in found] == [await storage.users.find_invite(each.digest) for each in found]

    async def digests(after: bytes = b"", limit: int = 9, **whose: int) -> list[bytes]:
        return [each.digest for each in await storage.users.invites(after, limit, **whose)]

    assert await digests(maker_id=BEN) == [b"bens"]
    assert await digests(room_id=garden) == [b"b", b"later"]
    assert await digests(room_id=cellar) == []
    assert await digests() == [b"a", b"a command's", b"b", b"bens", b"later"]
    assert await digests(b"b", 1) == [b"bens"]
    assert await digests(limit=2, maker_id=ADA) == [b"a", b"b"]
    await storage.users.withdraw_invite(b"b")
    assert await digests(b"b", 2, maker_id=ADA) == [b"later"]
    assert await digests(b"none", maker_id=ADA) == []


async def test_an_invite_is_good_until_it_is_withdrawn_or_its_room_is_gone(
    storage: Storage, garden: int
) -> None:
    for digest in (b"one", b"two"):
        await storage.users.invite(NewInvite(digest=digest, uses=2, expires_at=LATER, room_id=garden))
    assert await storage.users.is_invite(b"one")
    assert await storage.users.withdraw_invite(b"one")
    assert not await storage.users.withdraw_invite(b"one")
    assert not await storage.users.withdraw_invite(b"none")
    await write(storage, like(garden, is_archived=True))
    assert await write(storage, Acceptance(joining(garden, CEM), b"two")) == [ARCHIVED]
    found = await storage.users.find_invite(b"two")
    assert found is not None
    assert (found.uses_left, found.is_over) == (2, False), "who does not get in uses nothing up"
    await write(storage, RoomDeletion(garden, ADA, NOW))
    for digest in (b"one", b"two"):
        over = await storage.users.find_invite(digest)
        assert over is not None
        assert over.is_over
        assert await write(storage, Acceptance(joining(garden, CEM), digest)) == [INVITE_OVER]
    await storage.users.invite(NewInvite(digest=b"three", uses=1, expires_at=LATER, room_id=garden))
    assert await storage.users.find_invite(b"three") is None


async def end(storage: Storage, garden: int, how: str) -> None:
    """Let ben, who moderates a private room, invite nobody any more."""
    match how:
        case "removed":
            await write(storage, Removal(garden, BEN, ADA, NOW))
        case "banned":
            await write(storage, ban(garden, BEN))
        case "a member":
            await write(storage, role(garden, BEN, MEMBER))
        case "disabled":
            await storage.users.administer(BEN, AccountChange(is_disabled=True), None)
        case "deleted":
            await storage.users.delete(BEN)


@pytest.mark.parametrize("how", ["removed", "banned", "a member", "disabled", "deleted"])
async def test_a_rooms_invite_depends_on_its_makers_current_rights(
    storage: Storage, garden: int, how: str
) -> None:
    await write(storage, role(garden, BEN, MODERATOR), like(garden, is_private=True))
    invite = NewInvite(
        digest=b"bens", uses=2, expires_at=LATER, room_id=garden, maker_id=BEN, registers=False
    )
    await storage.users.invite(invite)
    accepts = Acceptance(joining(garden, CEM), b"bens")
    registered = Acceptance(joining(garden, CEM), b"bens", is_used=True)
    await end(storage, garden, how)
    assert await write(storage, accepts, registered) == [INVITE_OVER, INVITE_OVER]
    found = await storage.users.find_invite(b"bens")
    assert found is not None
    assert (found.is_over, found.uses_left) == (True, 2)
    assert await storage.users.invites(b"", 9, room_id=garden) == []
    if how == "a member":
        await write(storage, like(garden, is_private=False))
        assert len(await storage.users.invites(b"", 9, room_id=garden)) == 1, "any member invites there"
        await write(storage, like(garden, is_private=True))
    assert await storage.users.withdraw_invite(b"bens"), "or who made it could come back to it"
    assert not await storage.users.withdraw_invite(b"bens")


async def test_within_a_batch_an_invite_depends_on_its_makers_rights_at_its_place(
    storage: Storage, garden: int
) -> None:
    invite = NewInvite(digest=b"bens", uses=2, expires_at=LATER, room_id=garden, maker_id=BEN)
    await storage.users.invite(invite)
    accepts = Acceptance(joining(garden, CEM), b"bens")
    over, saved, again = (await write(storage, like(garden, is_private=True), accepts))[1], None, None
    _, saved, _, again = await write(
        storage,
        role(garden, BEN, MODERATOR),
        accepts,
        Removal(garden, CEM, CEM, NOW),
        Acceptance(joining(garden, CEM), b"bens", is_used=True),
    )
    assert over == INVITE_OVER
    assert isinstance(saved, Message)
    assert isinstance(again, Message)
    found = await storage.users.find_invite(b"bens")
    assert found is not None
    assert found.uses_left == 1, "who registered with it has used it already"


@pytest.mark.parametrize(
    "change", [AccountChange(is_admin=False), AccountChange(is_disabled=True), None], ids=str
)
async def test_a_registration_invite_depends_on_its_makers_current_rights(
    storage: Storage, garden: int, change: AccountChange | None
) -> None:
    await storage.users.administer(BEN, AccountChange(is_admin=True), None)
    for digest, room_id in ((b"to the server", None), (b"to a room", garden)):
        await storage.users.invite(
            NewInvite(digest=digest, uses=2, expires_at=LATER, room_id=room_id, maker_id=BEN)
        )
        assert await storage.users.is_invite(digest)
    if change is None:
        await storage.users.delete(BEN)
    else:
        await storage.users.administer(BEN, change, None)
    for digest in (b"to the server", b"to a room"):
        assert not await storage.users.is_invite(digest)
        assert await storage.users.add(NewPerson(name="dan", password_hash=b"x", invite=digest)) is None
    member = change is not None and change.is_disabled is not True
    over = await storage.users.find_invite(b"to a room")
    assert over is not None
    assert over.is_over is not member, "a member invites to a public room still"
