"""What a storage keeps of pins; each test runs in memory and on PostgreSQL."""

import pytest
from msgspec import structs

from chat.domain.entities import LOBBY_ID, Draft, MessageKind, Pair, Peer, Person, Room
from chat.domain.messages.changes import Deletion, Edit, RoleChange, RoomChange, RoomDeletion, Write
from chat.domain.messages.outcomes import Saved, Unchanged
from chat.domain.messages.sync_types import ChangeRange
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import ARCHIVED, NO_MESSAGE, NOT_MEMBER, Refusal
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import NOT_LEADING
from chat.features.pins.changes import MOST_PINS, Pin, Pinned
from chat.features.pins.use_cases import PINS
from tests.support.replays import replay

NOW = 1_700_000_000.5
ADA, BEN, CEM, DAN, MOD = range(1, 6)
ROOM = 2
FIRST = 4
"""The seq of the first text: three joinings stand before it."""
PLENTY = 1 << 20


@pytest.fixture
async def garden(storage: Storage) -> int:
    """Ada's public room, which Ben moderates; Cem and Mod are in it, Dan is not. Mod is a moderator of the server."""
    for name in ("ada", "ben", "cem", "dan", "mod"):
        new = NewPerson(name=name, password_hash=b"x", is_moderator=name == "mod")
        assert isinstance(await storage.users.add(new), Person)
    room = await storage.rooms.create("Garden", ADA, is_private=False)
    assert isinstance(room, Room)
    assert room.id == ROOM
    joinings = [Draft(ROOM, person, "", "", NOW, MessageKind.JOIN) for person in (BEN, CEM, MOD)]
    moderating = RoleChange(ROOM, BEN, RoomRole.MODERATOR, ADA, NOW)
    await storage.messages.save([*joinings, moderating])
    await say(storage, "moin", "servus")
    return room.id


async def say(storage: Storage, *texts: str, room_id: int = ROOM, sender: int = CEM) -> None:
    await storage.messages.save([Draft(room_id, sender, "cem", text, NOW) for text in texts])


def pin(seq: int, by: int = ADA, *, is_on: bool = True, room_id: int = ROOM) -> Pin:
    return Pin(room_id=room_id, actor_id=by, created_at=NOW, seq=seq, is_on=is_on)


def unpin(seq: int, by: int = ADA) -> Pin:
    return pin(seq, by, is_on=False)


async def save(storage: Storage, write: Write) -> Saved:
    (saved,) = await storage.messages.save([write])
    return saved


async def pinned(storage: Storage, room_id: int = ROOM) -> list[str]:
    """The texts of the pinned messages."""
    found = await storage.feature_ports[PINS].list(CEM, room_id)
    assert await storage.feature_ports[PINS].count(room_id) == len(found)
    return [each.message.text for each in found]


async def test_a_pin_is_a_change_of_the_room(storage: Storage, garden: int) -> None:
    newest = await storage.messages.newest_id()
    assert await save(storage, pin(FIRST)) == Pinned(
        id=newest + 1, room_id=garden, pos=newest + 1, actor_id=ADA, created_at=NOW, seq=FIRST, is_on=True
    )
    assert await save(storage, unpin(FIRST, BEN)) == Pinned(
        id=newest + 2, room_id=garden, pos=newest + 2, actor_id=BEN, created_at=NOW, seq=FIRST, is_on=False
    )
    room = await storage.rooms.by_id(garden)
    assert room is not None
    assert room.last_pos == newest + 2


async def test_the_newest_pin_comes_first_with_its_message_as_it_is_now(
    storage: Storage, garden: int
) -> None:
    await save(storage, pin(FIRST + 1, BEN))
    await save(storage, structs.replace(pin(FIRST), created_at=NOW + 1))
    await save(storage, Edit(garden, FIRST, CEM, "moin moin", NOW))
    first, second = await storage.feature_ports[PINS].list(CEM, garden)
    assert (first.message.text, first.created_at, first.by) == ("moin moin", NOW + 1, Peer(ADA, "ada"))
    assert (second.message.seq, second.created_at, second.by) == (FIRST + 1, NOW, Peer(BEN, "ben"))
    assert first.message.edited_at == NOW
    assert second.message.sender_name == "cem"


async def test_pinning_a_pinned_message_changes_nothing(storage: Storage, garden: int) -> None:
    made = await save(storage, pin(FIRST))
    assert isinstance(made, Pinned)
    assert await save(storage, pin(FIRST, BEN)) == Unchanged(made.pos)
    assert await save(storage, unpin(FIRST + 1)) == Unchanged(made.pos)
    assert await pinned(storage) == ["moin"]


async def test_of_two_pins_in_one_batch_the_second_counts_on_the_first(storage: Storage, garden: int) -> None:
    saved = await storage.messages.save([pin(FIRST), pin(FIRST), unpin(FIRST), pin(FIRST + 1)])
    assert [type(each) for each in saved] == [Pinned, Unchanged, Pinned, Pinned]
    assert await pinned(storage) == ["servus"]


@pytest.mark.parametrize("seq", [1, FIRST + 2, 2**53 - 1])
async def test_only_texts_are_pinned(storage: Storage, garden: int, seq: int) -> None:
    assert await save(storage, pin(seq)) == NO_MESSAGE
    assert await pinned(storage) == []


async def test_a_deleted_message_is_not_pinned(storage: Storage, garden: int) -> None:
    await storage.messages.save([pin(FIRST), pin(FIRST + 1)])
    await save(storage, Deletion(garden, FIRST, CEM, NOW))
    assert await pinned(storage) == ["servus"]
    assert await save(storage, pin(FIRST)) == NO_MESSAGE
    assert await save(storage, unpin(FIRST)) == NO_MESSAGE


async def test_a_room_has_at_most_fifty_pins(storage: Storage, garden: int) -> None:
    await say(storage, *map(str, range(MOST_PINS)))
    saved = await storage.messages.save([pin(FIRST + nth) for nth in range(MOST_PINS + 1)])
    assert all(isinstance(each, Pinned) for each in saved[:-1])
    refusal = saved[-1]
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.reason) == ("too_many", "too_many_pins")
    assert len(await pinned(storage)) == MOST_PINS
    last = FIRST + MOST_PINS
    await save(storage, Deletion(garden, FIRST, CEM, NOW))
    assert isinstance(await save(storage, pin(last)), Pinned)  # a deleted message's pin counts no more
    assert await save(storage, pin(last + 1)) == refusal
    await save(storage, unpin(last))
    assert isinstance(await save(storage, pin(last + 1)), Pinned)


@pytest.mark.parametrize(
    ("by", "refusal"), [(ADA, None), (BEN, None), (CEM, NOT_LEADING), (MOD, None), (DAN, NOT_MEMBER)]
)
async def test_those_pin_who_may_delete_others_messages(
    storage: Storage, garden: int, by: int, refusal: Refusal | None
) -> None:
    for write in (pin(FIRST, by), unpin(FIRST, by)):
        saved = await save(storage, write)
        assert saved == refusal if refusal else isinstance(saved, Pinned)


async def test_a_role_that_was_taken_in_the_same_batch_pins_nothing(storage: Storage, garden: int) -> None:
    demoting = RoleChange(garden, BEN, RoomRole.MEMBER, ADA, NOW)
    _, saved = await storage.messages.save([demoting, pin(FIRST, BEN)])
    assert saved == NOT_LEADING


async def test_an_archived_room_keeps_its_pins_as_they_are(storage: Storage, garden: int) -> None:
    await save(storage, pin(FIRST))
    await save(storage, RoomChange(room_id=garden, actor_id=ADA, created_at=NOW, is_archived=True))
    assert await save(storage, pin(FIRST + 1)) == ARCHIVED
    assert await save(storage, unpin(FIRST)) == ARCHIVED
    assert await pinned(storage) == ["moin"]


async def test_in_the_lobby_moderators_of_the_server_pin(storage: Storage, garden: int) -> None:
    await say(storage, "hello", room_id=LOBBY_ID)
    assert await save(storage, pin(1, ADA, room_id=LOBBY_ID)) == NOT_LEADING
    assert isinstance(await save(storage, pin(1, MOD, room_id=LOBBY_ID)), Pinned)
    assert await pinned(storage, LOBBY_ID) == ["hello"]


async def test_nobody_pins_where_two_talk(storage: Storage, garden: int) -> None:
    room = await storage.rooms.direct_room(ADA, CEM)
    assert room is not None
    await storage.messages.save([Draft(room.id, CEM, "cem", "you", NOW, people=Pair(ADA, CEM))])
    for by in (ADA, CEM):
        assert await save(storage, pin(1, by, room_id=room.id)) == NOT_LEADING


async def test_pins_go_with_their_room(storage: Storage, garden: int) -> None:
    await save(storage, pin(FIRST))
    await save(storage, RoomDeletion(garden, ADA, NOW))
    assert await save(storage, pin(FIRST)) is None
    assert await storage.feature_ports[PINS].list(CEM, garden) == []
    while await storage.rooms.remove_deleted(100):
        pass
    assert await pinned(storage) == []


async def test_the_log_and_a_replay_have_pins_and_say_what_was_so(storage: Storage, garden: int) -> None:
    start = await storage.messages.newest_id()
    made = await storage.messages.save([pin(FIRST), unpin(FIRST)])
    await save(storage, Deletion(garden, FIRST, CEM, NOW))
    assert (await storage.messages.read_log(start, 9, PLENTY))[:2] == made
    assert (await replay(storage, DAN, [ChangeRange(garden, start, start + 2)], PLENTY)) == made
