"""One contract for the reads of a sync. Each test runs on memory and on PostgreSQL."""

from collections.abc import Mapping
from typing import Protocol

import pytest
import trio
from msgspec import structs

from chat.domain.entities import (
    LOBBY_ID,
    Draft,
    Message,
    MessageKind,
    Pair,
    Peer,
    People,
    Person,
    Room,
    RoomKind,
    SupportOf,
)
from chat.domain.messages.changes import (
    Addition,
    Deleted,
    Deletion,
    Edit,
    Edited,
    Reacted,
    Reaction,
    Removal,
    Removed,
    RoomDeletion,
    Write,
)
from chat.domain.messages.reading import MOST_LOOKED_AT, MOST_UNREAD, ReadMark, ReadState
from chat.domain.messages.sync_types import (
    MOST_REACTORS,
    MOST_REPLAYED,
    ChangeRange,
    MessageNow,
    Position,
    PositionState,
    ReactionCount,
    ResumeCheck,
    RoomSnapshot,
    milliseconds,
)
from chat.domain.ports import NewPerson, ProfileChange, Storage
from chat.domain.rooms.membership import Notify, OwnSettings, RoomRole
from chat.storage.postgres.database import DatabaseAddress
from tests.reference.storage import MemoryStorage
from tests.support.account_changes import set_roles
from tests.support.databases import execute
from tests.support.replays import replay, resume_checks, snapshots

NOW = 1_700_000_000.123456
EVER = 2**63 - 1
PLENTY = 1 << 20

GOOD, OTHER, TOO_FAR, ERASED = (
    PositionState.GOOD,
    PositionState.OTHER_HISTORY,
    PositionState.TOO_FAR,
    PositionState.ERASED,
)


class Administrator(Protocol):
    """Changes rooms as no port does yet."""

    async def __call__(
        self,
        room_id: int,
        *,
        topic: str = "",
        is_archived: bool = False,
        floor: int = 0,
        roles: Mapping[int, RoomRole] = {},
    ) -> None: ...


@pytest.fixture
def change_room(place: DatabaseAddress | None, storage: Storage) -> Administrator:
    async def in_memory(
        room_id: int,
        *,
        topic: str = "",
        is_archived: bool = False,
        floor: int = 0,
        roles: Mapping[int, RoomRole] = {},
    ) -> None:
        assert isinstance(storage, MemoryStorage)
        await trio.lowlevel.checkpoint()
        rooms = storage.rooms
        room = rooms.look_up(room_id)
        assert room is not None
        rooms._by_id[room_id] = structs.replace(room, topic=topic, is_archived=is_archived)
        rooms.floors[room_id] = floor
        for person_id, role in roles.items():
            if role is RoomRole.BANNED:
                rooms.remove_member(room_id, person_id)
            rooms.roles[room_id, person_id] = role

    async def in_postgres(
        room_id: int,
        *,
        topic: str = "",
        is_archived: bool = False,
        floor: int = 0,
        roles: Mapping[int, RoomRole] = {},
    ) -> None:
        assert place is not None
        archived_at = "now()" if is_archived else "NULL"
        await execute(
            place,
            f"UPDATE rooms SET topic = '{topic}', archived_at = {archived_at}, floor = {floor} WHERE id = {room_id}",
        )
        for person_id, role in roles.items():
            key = f"room_id = {room_id} AND user_id = {person_id}"
            if role is RoomRole.BANNED:
                await execute(place, f"DELETE FROM memberships WHERE {key}")
                await execute(place, f"INSERT INTO bans VALUES ({room_id}, {person_id})")
            else:
                await execute(place, f"UPDATE memberships SET role = '{role}' WHERE {key}")

    return in_memory if place is None else in_postgres


async def add(storage: Storage, *names: str, is_operator: bool = False) -> list[int]:
    added = [
        await storage.users.add(NewPerson(name=name, password_hash=b"x", is_operator=is_operator))
        for name in names
    ]
    return [person.id for person in added if isinstance(person, Person)]


async def make_room(storage: Storage, creator: int, name: str = "Garden", *, is_private: bool = False) -> int:
    room = await storage.rooms.create(name, creator, is_private=is_private)
    assert isinstance(room, Room)
    return room.id


async def direct_room(storage: Storage, one: int, other: int) -> int:
    room = await storage.rooms.direct_room(one, other)
    assert room is not None
    return room.id


async def support_room(storage: Storage, person: int) -> int:
    room = await storage.rooms.support_room(person)
    assert room is not None
    return room.id


async def write(storage: Storage, *writes: Write) -> None:
    saved = await storage.messages.save(writes)
    assert None not in saved


async def say(
    storage: Storage, sender: int, room: int, *texts: str, at: float = NOW, key: str | None = None
) -> list[Message]:
    drafts = [Draft(room, sender, "?", text, at, MessageKind.TEXT, key) for text in texts]
    saved = [made for made in await storage.messages.save(drafts) if isinstance(made, Message)]
    assert len(saved) == len(texts)
    return saved


def joining(room: int, person: int) -> Draft:
    return Draft(room, person, "?", "", NOW, MessageKind.JOIN)


async def rooms_of(
    storage: Storage, person: int, up_to_id: int = EVER, among: list[int] | None = None
) -> dict[int, RoomSnapshot]:
    got = await snapshots(storage, person, up_to_id, among)
    by_id = {room.id: room for room in got}
    assert len(by_id) == len(got)
    if among is None:
        kinds = await storage.timelines.rooms_of([person])
        assert kinds == {person: {room.id: room.kind for room in got}}
    return by_id


async def one_room(storage: Storage, person: int, room: int, up_to_id: int = EVER) -> RoomSnapshot:
    return (await rooms_of(storage, person, up_to_id))[room]


def at(seconds: float) -> int:
    return milliseconds(seconds)


# --- rooms ---


async def test_a_new_person_has_the_lobby_with_all_of_it_read(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    assert await snapshots(storage, ada, EVER) == [
        RoomSnapshot(id=LOBBY_ID, kind=RoomKind.LOBBY, name="lobby", members=1)
    ]
    await say(storage, ada, LOBBY_ID, "one", "two")
    (ben,) = await add(storage, "Ben")
    lobby = await one_room(storage, ben, LOBBY_ID)
    assert (lobby.seq, lobby.read, lobby.unread, lobby.members) == (2, 2, 0, 2)
    await say(storage, ada, LOBBY_ID, "three")
    lobby = await one_room(storage, ben, LOBBY_ID)
    assert (lobby.seq, lobby.read, lobby.unread) == (3, 2, 1)
    assert await snapshots(storage, 99, EVER) == []


async def test_a_snapshot_has_the_rooms_state(storage: Storage, change_room: Administrator) -> None:
    ada, ben, cem = await add(storage, "Ada", "Ben", "Cem")
    garden = await make_room(storage, ada, is_private=True)
    await write(storage, *(Addition(joining(garden, each), ada) for each in (ben, cem)))
    (hello,) = await say(storage, ben, garden, "hello", key="k", at=NOW + 0.001)
    await change_room(garden, topic="roses", is_archived=True, roles={ben: RoomRole.MODERATOR})
    last = MessageNow(
        id=hello.id,
        room_id=garden,
        seq=3,
        pos=3,
        changed_pos=3,
        sender_id=ben,
        sender_name="Ben",
        kind=MessageKind.TEXT,
        text="hello",
        created_at=NOW + 0.001,
        key="k",
    )
    got = await one_room(storage, ben, garden)
    assert got == RoomSnapshot(
        id=garden,
        kind=RoomKind.ROOM,
        name="Garden",
        topic="roses",
        is_private=True,
        is_archived=True,
        role=RoomRole.MODERATOR,
        members=3,
        pos=3,
        at=1_700_000_000_124,
        seq=3,
        read=got.read,
        unread=0,
        last=last,
    )
    got = await one_room(storage, ada, garden)
    assert (got.role, got.unread, got.last) == (RoomRole.OWNER, 1, structs.replace(last, key=None))
    room = await storage.rooms.by_id(garden)
    assert room is not None
    assert (room.topic, room.is_archived) == ("roses", True)


async def role(storage: Storage, room: int, person: int) -> RoomRole | None:
    access = await storage.rooms.access(room, person)
    return None if access is None else access.role


async def test_roles_include_members_and_banned_people(storage: Storage, change_room: Administrator) -> None:
    ada, ben, cem, dora = await add(storage, "Ada", "Ben", "Cem", "Dora")
    garden = await make_room(storage, ada)
    await write(storage, joining(garden, ben), joining(garden, cem))
    await change_room(garden, roles={ben: RoomRole.MODERATOR, cem: RoomRole.BANNED})
    people = (ada, ben, cem, dora, 99)
    roles = [await role(storage, garden, person) for person in people]
    assert roles == [RoomRole.OWNER, RoomRole.MODERATOR, RoomRole.BANNED, None, None]
    assert garden not in await rooms_of(storage, cem)
    assert not await storage.rooms.is_member(garden, cem)
    assert (await one_room(storage, ada, garden)).members == 2
    await write(storage, RoomDeletion(garden, ada, NOW))
    assert await role(storage, garden, ada) is None


async def test_a_creator_who_left_is_owner_again_after_joining(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    garden = await make_room(storage, ada)
    await write(storage, Removal(garden, ada, ada, NOW))
    assert await role(storage, garden, ada) is None
    await write(storage, joining(garden, ada))
    assert await role(storage, garden, ada) is RoomRole.OWNER


async def test_members_are_counted_as_they_come_and_go(storage: Storage) -> None:
    ada, *others = await add(storage, "Ada", "Ben", "Cem", "Dora")
    garden = await make_room(storage, ada)
    await write(storage, *(joining(garden, person) for person in others))
    assert (await one_room(storage, ada, garden)).members == 4
    await storage.messages.save([joining(garden, others[0])])  # in already
    await write(storage, Removal(garden, others[0], ada, NOW), Removal(garden, others[1], ada, NOW))
    assert (await one_room(storage, ada, garden)).members == 2


async def test_left_deleted_and_others_rooms_are_not_returned(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    left, deleted = await make_room(storage, ada, "left"), await make_room(storage, ada, "deleted")
    await make_room(storage, ben, "bens")
    await support_room(storage, ben)
    await direct_room(storage, ben, ben)
    await write(storage, Removal(left, ada, ada, NOW), RoomDeletion(deleted, ada, NOW))
    assert list(await rooms_of(storage, ada)) == [LOBBY_ID]


async def test_the_room_with_the_newest_message_comes_first(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    first, second, silent = [await make_room(storage, ada, name) for name in ("a", "b", "c")]
    await say(storage, ada, second, "1")
    await say(storage, ada, LOBBY_ID, "2")
    (last,) = await say(storage, ada, first, "3")
    assert list(await rooms_of(storage, ada)) == [first, LOBBY_ID, second, silent]
    assert list(await rooms_of(storage, ada, last.id - 1)) == [LOBBY_ID, second, silent, first]
    assert list(await rooms_of(storage, ada, among=[second, first, 99])) == [first, second]
    assert await rooms_of(storage, ada, among=[]) == {}


async def test_a_direct_rooms_peer_has_only_public_fields(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    ben = await storage.users.add(
        NewPerson(name="Ben", password_hash=b"x", email="ben@example.com", display_name="Benjamin")
    )
    assert isinstance(ben, Person)
    room, own = await direct_room(storage, ada, ben.id), await direct_room(storage, ada, ada)
    rooms = await rooms_of(storage, ada)
    assert rooms[room].peer == structs.replace(ben, email=None)
    assert (rooms[room].kind, rooms[room].members, rooms[room].role) == (RoomKind.DIRECT, 2, RoomRole.MEMBER)
    peer = rooms[own].peer
    assert peer is not None
    assert (peer.id, rooms[own].members) == (ada, 1)
    assert (await one_room(storage, ben.id, room)).peer != rooms[room].peer


async def test_a_conversation_is_its_persons_and_once_it_has_begun_every_operators(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    ben, cem = await add(storage, "Ben", "Cem", is_operator=True)
    conversation = await support_room(storage, ada)
    assert conversation in await rooms_of(storage, ada)
    assert conversation not in await rooms_of(storage, ben)
    await say(storage, ada, conversation, "help", "please")
    for operator in (ben, cem):
        got = await one_room(storage, operator, conversation)
        assert (got.unread, got.members, got.kind) == (2, 3, RoomKind.SUPPORT)
        assert got.peer is not None
        assert got.peer.id == ada
    own = await support_room(storage, ben)
    await say(storage, ben, own, "I too")
    assert (await one_room(storage, ben, own)).members == 2
    assert await set_roles(storage.users, cem, operator=False, admin=False) is not None
    assert list(await rooms_of(storage, cem)) == [LOBBY_ID]
    assert await storage.users.delete(ada)
    assert conversation not in await rooms_of(storage, ben)


async def test_earlier_messages_count_as_read_for_a_new_operator(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    conversation = await support_room(storage, ada)
    await say(storage, ada, conversation, "help", "please")
    assert await set_roles(storage.users, ben, operator=True, admin=False) is not None
    assert (await one_room(storage, ben, conversation)).unread == 0
    await say(storage, ada, conversation, "anybody?")
    assert (await one_room(storage, ben, conversation)).unread == 1
    assert await set_roles(storage.users, ben, operator=True, admin=True) is not None
    assert (await one_room(storage, ben, conversation)).unread == 1, "an operator all the time"


async def test_a_snapshot_is_as_of_its_log_id(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    garden = await make_room(storage, ada)
    await write(storage, joining(garden, ben))
    first, second = await say(storage, ben, garden, "one", "two", at=NOW + 1)
    await write(storage, Reaction(garden, first.seq, ada, "👍", True, NOW + 2))
    await write(storage, Edit(garden, first.seq, ben, "won", NOW + 3))
    await say(storage, ben, garden, "three", at=NOW + 4)
    expected = [  # pos, at, seq, unread, by the number of changes before the cut
        (0, 0, 0, 0),
        (1, at(NOW), 1, 0),
        (2, at(NOW + 1), 2, 1),
        (3, at(NOW + 1), 3, 2),
        (4, at(NOW + 2), 3, 2),
        (5, at(NOW + 3), 3, 2),
        (6, at(NOW + 4), 4, 3),
    ]
    for nth, (pos, when, seq, unread) in enumerate(expected):
        room = await one_room(storage, ada, garden, nth)
        assert (room.pos, room.at, room.seq, room.unread) == (pos, when, seq, unread), nth
        assert (room.last.seq if room.last else 0) == seq
    assert second.id == 3


async def test_a_deleted_last_message_is_returned_without_its_text(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    (said,) = await say(storage, ben, LOBBY_ID, "secret")
    await write(storage, Reaction(LOBBY_ID, said.seq, ada, "👍", True, NOW))
    await write(
        storage,
        Edit(LOBBY_ID, said.seq, ben, "secret!", NOW + 1),
        Deletion(LOBBY_ID, said.seq, ben, NOW + 2),
    )
    lobby = await one_room(storage, ada, LOBBY_ID)
    assert lobby.last is not None
    assert (lobby.last.text, lobby.last.reactions) == ("", ())
    assert (lobby.last.deleted_at, lobby.last.deleted_by, lobby.last.edited_at) == (NOW + 2, ben, NOW + 1)
    assert (lobby.last.pos, lobby.last.changed_pos, lobby.pos, lobby.unread) == (1, 4, 4, 0)


async def test_reactions_have_counts_first_people_and_the_readers_own(
    storage: Storage,
) -> None:
    people = await add(storage, *(f"person {n}" for n in range(MOST_REACTORS + 2)))
    (said,) = await say(storage, people[0], LOBBY_ID, "hello")
    await write(
        storage, *(Reaction(LOBBY_ID, said.seq, person, "👍", True, NOW) for person in reversed(people))
    )
    await write(storage, *(Reaction(LOBBY_ID, said.seq, person, "❤", True, NOW) for person in people[1:3]))
    for reader, is_mine in ((people[-1], False), (people[1], True)):
        lobby = await one_room(storage, reader, LOBBY_ID)
        assert lobby.last is not None
        assert lobby.last.reactions == (
            ReactionCount("❤", 2, tuple(people[1:3]), is_mine),
            ReactionCount("👍", MOST_REACTORS + 2, tuple(people[:MOST_REACTORS]), True),
        )


# --- how far people have read ---


async def test_a_new_membership_starts_read_also_the_second_one(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    garden = await make_room(storage, ada)
    await say(storage, ada, garden, "one", "two")
    await write(storage, joining(garden, ben))
    room = await one_room(storage, ben, garden)
    assert (room.read, room.unread) == (3, 0)
    await say(storage, ada, garden, "three")
    await storage.timelines.mark_read({(garden, ben): ReadMark(1, is_back=True)})
    assert await storage.timelines.set_own(garden, ben, OwnSettings(is_hidden=True))
    assert (await one_room(storage, ben, garden)).unread == 2
    await write(storage, Removal(garden, ben, ada, NOW), joining(garden, ben))
    room = await one_room(storage, ben, garden)
    assert (room.unread, room.is_hidden) == (0, False)
    await say(storage, ada, garden, "four")
    assert (await one_room(storage, ben, garden)).unread == 1


async def test_read_positions_are_returned_of_members_who_share_them(
    storage: Storage,
) -> None:
    ada, ben, cem, eve = await add(storage, "Ada", "Ben", "Cem", "Eve")
    garden = await make_room(storage, ada)
    await say(storage, ada, garden, "one", "two")
    await write(storage, joining(garden, ben))
    await write(storage, joining(garden, cem))
    await storage.timelines.mark_read({(garden, ben): ReadMark(1, is_back=True)})
    await storage.users.change_profile(cem, ProfileChange(share_reads=False))
    reads = storage.timelines.shared_reads
    assert await reads(garden, [ada, ben, cem, eve, 999]) == {ada: 0, ben: 1}
    assert await reads(garden, [ada]) == {ada: 0}
    assert await reads(LOBBY_ID, [ada, ben, cem, eve]) == {ada: 0, ben: 0, eve: 0}
    assert await reads(999, [ada]) == await reads(garden, []) == {}


async def test_a_mark_moves_back_only_on_request(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    await say(storage, ada, LOBBY_ID, *map(str, range(9)))
    timelines = storage.timelines
    for mark, read in (
        (ReadMark(4), 4),
        (ReadMark(2), 4),
        (ReadMark(2, is_back=True), 2),
        (ReadMark(0, is_back=True), 0),
        (ReadMark(3), 3),
        (ReadMark(99), 9),
        (ReadMark(99, is_back=True), 9),
    ):
        await timelines.mark_read({(LOBBY_ID, ben): mark})
        room = await one_room(storage, ben, LOBBY_ID)
        assert (room.read, room.unread) == (read, 9 - read), mark
    assert (await one_room(storage, ada, LOBBY_ID)).read == 0


async def test_a_first_mark_is_not_before_the_start_of_the_membership(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    garden, pair = await make_room(storage, ada), await direct_room(storage, ada, ben)
    await say(storage, ada, garden, "one", "two")
    await say(storage, ada, LOBBY_ID, "one", "two")
    await write(storage, joining(garden, ben))
    (cem,) = await add(storage, "Cem")
    keys = [(garden, ben), (LOBBY_ID, cem), (pair, ben)]
    # Which says nothing of what was read.
    assert await storage.timelines.set_own(garden, ben, OwnSettings(notify=Notify.ALL))
    await storage.timelines.mark_read(dict.fromkeys(keys, ReadMark(1)))
    assert (await one_room(storage, ben, garden)).read == 3
    assert (await one_room(storage, cem, LOBBY_ID)).read == 2
    assert (await one_room(storage, ben, pair)).read == 0
    await storage.timelines.mark_read(dict.fromkeys(keys, ReadMark(1, is_back=True)))
    assert (await one_room(storage, ben, garden)).read == 1
    assert (await one_room(storage, cem, LOBBY_ID)).read == 1


async def test_marks_of_rooms_that_somebody_does_not_have_are_passed_over(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    (operator,) = await add(storage, "Olga", is_operator=True)
    garden, deleted = await make_room(storage, ada), await make_room(storage, ada, "deleted")
    conversation = await support_room(storage, ada)
    await say(storage, ada, conversation, "help")
    await say(storage, ada, garden, "one", "two")
    await write(storage, RoomDeletion(deleted, ada, NOW))
    keys = [
        (garden, ben),
        (garden, ada),
        (garden, 99),
        (99, ada),
        (deleted, ada),
        (conversation, ben),
        (conversation, operator),
    ]
    await storage.timelines.mark_read(dict.fromkeys(keys, ReadMark(1)))
    assert (await one_room(storage, ada, garden)).read == 1
    assert (await one_room(storage, operator, conversation)).read == 1
    for room, person in ((garden, ben), (conversation, ben), (deleted, ada), (99, ada), (garden, 99)):
        assert not await storage.timelines.set_own(room, person, OwnSettings(is_hidden=True))
    await write(storage, joining(garden, ben))
    assert (await one_room(storage, ben, garden)).read == 3
    await storage.timelines.mark_read({})


async def test_unread_are_texts_of_others_that_were_not_deleted_up_to_a_hundred(storage: Storage) -> None:
    ada, ben, cem = await add(storage, "Ada", "Ben", "Cem")
    garden = await make_room(storage, ada)
    await write(storage, joining(garden, ben), joining(garden, cem))
    await say(storage, ada, garden, "own")
    said = await say(storage, ben, garden, "one", "two", "three")
    await write(storage, Deletion(garden, said[1].seq, ben, NOW), Edit(garden, said[0].seq, ben, "!", NOW))
    assert (await one_room(storage, ada, garden)).unread == 2
    assert (await one_room(storage, cem, garden)).unread == 3
    await say(storage, ben, garden, *map(str, range(MOST_UNREAD - 3)))
    assert (await one_room(storage, ada, garden)).unread == MOST_UNREAD - 1
    await say(storage, ben, garden, "a", "b", "c")
    assert (await one_room(storage, ada, garden)).unread == MOST_UNREAD


async def test_recent_marks_of_a_person_are_returned(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    garden, left = await make_room(storage, ada), await make_room(storage, ada, "left")
    await say(storage, ben, LOBBY_ID, "one", "two")
    await say(storage, ben, garden, "one", "two", "three")
    marks = {(LOBBY_ID, ada): 1, (garden, ada): 1, (left, ada): 0, (LOBBY_ID, ben): 2}
    await storage.timelines.mark_read({key: ReadMark(seq) for key, seq in marks.items()})
    assert await storage.timelines.set_own(left, ada, OwnSettings(is_hidden=True))
    await write(storage, Removal(left, ada, ada, NOW))
    reads = storage.timelines.reads_since
    assert await reads(ada, 0) == [ReadState(LOBBY_ID, 1, 1), ReadState(garden, 1, 2)]
    assert await reads(ada, 4e9) == []
    assert await reads(ben, 0) == [ReadState(LOBBY_ID, 2, 0)]
    assert await reads(99, 0) == []


async def test_own_messages_after_the_mark_are_reported_with_it(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    garden = await make_room(storage, ada)
    await write(storage, joining(garden, ben))

    async def has_spoken(person: int) -> bool:
        (state,) = await storage.timelines.reads_since(person, 0)
        return state.has_spoken

    await storage.timelines.mark_read({(garden, ben): ReadMark(0, is_back=True)})
    await say(storage, ada, garden, "one")
    assert not await has_spoken(ben), "they have joined, and said nothing"
    await say(storage, ben, garden, "two")
    assert await has_spoken(ben)
    await storage.timelines.mark_read({(garden, ben): ReadMark(3)})
    assert not await has_spoken(ben)
    await storage.timelines.mark_read({(garden, ben): ReadMark(2, is_back=True)})
    assert await has_spoken(ben), "what is marked unread looks as what is still to be noted"
    await say(storage, ada, garden, *map(str, range(MOST_LOOKED_AT)))
    assert not await has_spoken(ben), "that was long ago"


async def test_a_persons_settings_of_a_room_are_stored(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    await say(storage, ben, LOBBY_ID, "one", "two")
    await storage.timelines.mark_read({(LOBBY_ID, ada): ReadMark(1)})
    set_own = storage.timelines.set_own
    for change, expected in (
        (OwnSettings(notify=Notify.ALL), (Notify.ALL, False, False)),
        (OwnSettings(is_hidden=True), (Notify.ALL, True, False)),
        (OwnSettings(is_starred=True), (Notify.ALL, True, True)),
        (OwnSettings(notify=Notify.NONE, is_hidden=False), (Notify.NONE, False, True)),
        (OwnSettings(), (Notify.NONE, False, True)),
        (OwnSettings(is_starred=False), (Notify.NONE, False, False)),
    ):
        assert await set_own(LOBBY_ID, ada, change)
        room = await one_room(storage, ada, LOBBY_ID)
        assert (room.notify, room.is_hidden, room.is_starred, room.read) == (*expected, 1)
    room = await one_room(storage, ben, LOBBY_ID)
    assert (room.notify, room.is_hidden, room.is_starred) == (Notify.MENTIONS, False, False)


async def test_marks_that_are_noted_at_once_in_any_order_all_land(storage: Storage) -> None:
    people = await add(storage, *(f"person {n}" for n in range(20)))
    rooms = [await make_room(storage, people[0], name) for name in "abcd"]
    await write(storage, *(joining(room, person) for room in rooms for person in people[1:]))
    keys = [(room, person) for room in rooms for person in people]
    await storage.timelines.mark_read(dict.fromkeys(keys[::2], ReadMark(0, is_back=True)))
    async with trio.open_nursery() as nursery:
        for seq in range(1, 13):
            marks = dict.fromkeys(keys[:: (-1) ** seq], ReadMark(seq, is_back=seq == 12))
            nursery.start_soon(storage.timelines.mark_read, marks)
    await storage.timelines.mark_read(dict.fromkeys(keys, ReadMark(13)))
    for person in people:
        got = await snapshots(storage, person, EVER, rooms)
        assert [room.read for room in got if room.read not in (13, *range(14, 20))] == []


# --- where clients stand ---


async def stand(
    storage: Storage, *known: tuple[int, int, int], up_to_id: int = EVER
) -> list[tuple[object, int]]:
    positions = [Position(*each) for each in known]
    return [(each.state, each.up_to) for each in await resume_checks(storage, positions, up_to_id)]


async def test_a_position_is_good_if_the_change_of_that_number_has_that_time(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    garden = await make_room(storage, ada)
    (said,) = await say(storage, ada, garden, "one")
    await write(storage, Reaction(garden, said.seq, ada, "👍", True, NOW + 1))
    await write(storage, joining(garden, ben), Removal(garden, ben, ada, NOW + 2))
    good = [(garden, 0, 0), (garden, 1, at(NOW)), (garden, 2, at(NOW + 1)), (garden, 4, at(NOW + 2))]
    assert await stand(storage, *good) == [(GOOD, 4)] * 4
    bad = [
        (garden, 0, 1),
        (garden, 1, at(NOW) + 1),
        (garden, 2, at(NOW)),
        (garden, 4, 0),
        (garden, 5, at(NOW)),
    ]
    assert await stand(storage, *bad) == [(OTHER, 0)] * 5
    assert await stand(storage, (99, 0, 0), (LOBBY_ID, 0, 0), (99, 1, 1)) == [(GOOD, 0)]
    assert await stand(storage) == []


async def test_a_position_is_as_of_the_cut_and_good_beyond_it(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    (said, _) = await say(storage, ada, LOBBY_ID, "one", "two")
    await write(storage, Edit(LOBBY_ID, said.seq, ada, "won", NOW + 1))
    await say(storage, ada, LOBBY_ID, "three", at=NOW + 2)
    for up_to_id in range(5):
        expected = [(GOOD, up_to_id), (GOOD, max(3, up_to_id)), (GOOD, 4)]
        known = [(LOBBY_ID, 0, 0), (LOBBY_ID, 3, at(NOW + 1)), (LOBBY_ID, 4, at(NOW + 2))]
        assert await stand(storage, *known, up_to_id=up_to_id) == expected


async def test_a_position_before_erased_changes_is_reported_as_erased(
    storage: Storage, change_room: Administrator
) -> None:
    (ada,) = await add(storage, "Ada")
    garden = await make_room(storage, ada)
    await say(storage, ada, garden, "one", "two", "three")
    await change_room(garden, floor=2)
    known = [(garden, 0, 0), (garden, 1, at(NOW)), (garden, 2, at(NOW)), (garden, 1, 7)]
    assert await stand(storage, *known) == [(ERASED, 0), (ERASED, 0), (GOOD, 3), (ERASED, 0)]


async def test_a_position_with_more_than_a_thousand_changes_since_is_too_far(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    said = await say(storage, ada, LOBBY_ID, *("x" for _ in range(MOST_REPLAYED + 1)))
    known = [(LOBBY_ID, 0, 0), (LOBBY_ID, 1, at(NOW))]
    assert await stand(storage, *known) == [(TOO_FAR, MOST_REPLAYED + 1), (GOOD, MOST_REPLAYED + 1)]
    assert await stand(storage, *known, up_to_id=said[-2].id) == [(GOOD, MOST_REPLAYED)] * 2
    got = await replay(storage, ada, [ChangeRange(LOBBY_ID, 0, MOST_REPLAYED + 1)], PLENTY)
    assert [change.pos for change in got] == [*range(1, MOST_REPLAYED + 1)]


async def test_an_invalid_position_names_the_message_to_continue_from(
    storage: Storage, change_room: Administrator
) -> None:
    (ada,) = await add(storage, "Ada")
    garden = await make_room(storage, ada)
    await say(storage, ada, garden, "one", "two")
    await write(storage, Edit(garden, 1, ada, "won", NOW + 1))
    await say(storage, ada, garden, "three", at=NOW + 2)
    await say(storage, ada, garden, *("x" for _ in range(MOST_REPLAYED)), at=NOW + 3)

    async def seqs(*known: tuple[int, int]) -> list[tuple[object, int]]:
        positions = [Position(garden, *each) for each in known]
        return [(each.state, each.seq) for each in await resume_checks(storage, positions, EVER)]

    # Everything that was said when the position was is also in a log that was set back.
    assert await seqs((9999, at(NOW) - 1), (9999, at(NOW)), (4, at(NOW + 1)), (4, at(NOW + 3))) == [
        (OTHER, 0),
        (OTHER, 2),
        (OTHER, 2),
        (OTHER, MOST_REPLAYED + 3),
    ]
    assert await seqs((0, 0), (1, at(NOW)), (3, at(NOW + 1)), (4, at(NOW + 2))) == [
        (TOO_FAR, 0),
        (TOO_FAR, 1),
        (TOO_FAR, 2),
        (GOOD, 3),
    ]
    await change_room(garden, floor=MOST_REPLAYED)
    assert await seqs((0, 0), (3, at(NOW + 1)), (4, 7)) == [(ERASED, 0), (ERASED, 2), (ERASED, 3)]


# --- what changed ---


async def test_a_replay_is_ordered_by_pos_in_the_current_state(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    garden = await make_room(storage, ada)
    await write(storage, joining(garden, ben))
    one, two = await say(storage, ben, garden, "one", "two")
    await write(
        storage,
        Edit(garden, one.seq, ben, "won", NOW + 1),
        Edit(garden, two.seq, ben, "too", NOW + 2),
        Reaction(garden, two.seq, ada, "👍", True, NOW + 3),
        Reaction(garden, one.seq, ada, "👍", True, NOW + 4),
        Reaction(garden, one.seq, ben, "👍", True, NOW + 5),
        Deletion(garden, two.seq, ada, NOW + 6),
        Removal(garden, ben, ada, NOW + 7),
    )
    assert isinstance(await storage.users.rename(ben, "Benno"), Person)
    join, first, second, *changes = await replay(storage, ada, [ChangeRange(garden, 0, 10)], PLENTY)
    assert isinstance(join, MessageNow)
    assert isinstance(first, MessageNow)
    assert isinstance(second, MessageNow)
    assert (join.kind, join.seq, join.pos, join.sender_name) == (MessageKind.JOIN, 1, 1, "Benno")
    assert (first.text, first.pos, first.changed_pos, first.edited_at) == ("won", 2, 8, NOW + 1)
    assert first.reactions == (ReactionCount("👍", 2, (ada, ben), True),)
    assert (second.text, second.pos, second.changed_pos, second.reactions) == ("", 3, 9, ())
    assert (second.deleted_at, second.deleted_by) == (NOW + 6, ada)
    first_id = join.id
    assert changes == [
        Edited(first_id + 3, garden, 2, 4, ben, "won", NOW + 1),
        Edited(first_id + 4, garden, 3, 5, ben, "", NOW + 2),
        Reacted(first_id + 5, garden, 3, 6, ada, "👍", True, 0, NOW + 3),
        Reacted(first_id + 6, garden, 2, 7, ada, "👍", True, 2, NOW + 4),
        Reacted(first_id + 7, garden, 2, 8, ben, "👍", True, 2, NOW + 5),
        Deleted(first_id + 8, garden, 3, 9, ada, NOW + 6),
        Removed(first_id + 9, garden, 10, ben, ada, NOW + 7),
    ]


async def test_a_replay_of_several_rooms_keeps_the_requested_order(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    garden, cellar = await make_room(storage, ada), await make_room(storage, ada, "Cellar")
    for text in ("one", "two", "three"):
        await say(storage, ada, garden, text)
        await say(storage, ada, cellar, text)
    ranges = [
        ChangeRange(cellar, 1, 3),
        ChangeRange(garden, 0, 2),
        ChangeRange(LOBBY_ID, 0, 9),
        ChangeRange(99, 0, 9),
    ]
    got = await replay(storage, ada, ranges, PLENTY)
    assert [(change.room_id, change.pos) for change in got] == [
        (cellar, 2),
        (cellar, 3),
        (garden, 1),
        (garden, 2),
    ]
    assert await replay(storage, ada, [], PLENTY) == []
    assert await replay(storage, ada, [ChangeRange(garden, 3, 3), ChangeRange(garden, 2, 1)], PLENTY) == []


async def test_a_replay_ends_at_its_byte_limit_and_continues_there(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    garden = await make_room(storage, ada)
    (said, *_) = await say(storage, ada, garden, "ä" * 9, "x" * 18, "x" * 18)
    await say(storage, ada, LOBBY_ID, "x" * 18)
    await write(storage, Reaction(garden, said.seq, ada, "👍", True, NOW))
    ranges = [ChangeRange(garden, 0, 4), ChangeRange(LOBBY_ID, 0, 1)]

    async def places(most_bytes: int) -> list[tuple[int, int]]:
        got = await replay(storage, ada, ranges, most_bytes)
        return [(change.room_id, change.pos) for change in got]

    everything = [(garden, 1), (garden, 2), (garden, 3), (garden, 4), (LOBBY_ID, 1)]
    for most_bytes, count in ((0, 1), (20, 1), (39, 1), (40, 2), (60, 3), (61, 3), (62, 4), (81, 4), (82, 5)):
        assert await places(most_bytes) == everything[:count], most_bytes


async def test_a_deleted_room_has_no_replay(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    garden = await make_room(storage, ada)
    await say(storage, ada, garden, "one")
    await write(storage, RoomDeletion(garden, ada, NOW))
    assert await replay(storage, ada, [ChangeRange(garden, 0, 9)], PLENTY) == []
    assert await resume_checks(storage, [Position(garden, 1, at(NOW))], EVER) == []
    while await storage.rooms.remove_deleted(1):
        pass
    assert list(await rooms_of(storage, ada)) == [LOBBY_ID]


async def test_resume_checks_name_their_room(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    garden = await make_room(storage, ada)
    positions = [Position(garden, 0, 0), Position(99, 0, 0), Position(LOBBY_ID, 0, 0), Position(garden, 1, 1)]
    assert await resume_checks(storage, positions, EVER) == [
        ResumeCheck(garden, GOOD, 0, 0),
        ResumeCheck(LOBBY_ID, GOOD, 0, 0),
        ResumeCheck(garden, OTHER, 0, 0),
    ]


async def test_access_has_the_role_and_the_audience_of_a_room(
    storage: Storage, change_room: Administrator
) -> None:
    ada, ben, cem = await add(storage, "Ada", "Ben", "Cem")
    garden, direct = await make_room(storage, ada), await direct_room(storage, ada, ben)
    desk = await storage.rooms.support_room(cem)
    assert desk is not None
    await storage.messages.save([Draft(garden, ben, "Ben", "", NOW, MessageKind.JOIN)])
    await change_room(garden, topic="Roses", is_archived=True, roles={ben: RoomRole.BANNED})

    async def access(room_id: int, person_id: int) -> tuple[RoomRole | None, People, bool]:
        found = await storage.rooms.access(room_id, person_id)
        assert found is not None
        assert found.room == await storage.rooms.by_id(room_id)
        return found.role, found.people, found.is_over

    assert await access(LOBBY_ID, ada) == (None, None, False)
    assert await access(garden, ada) == (RoomRole.OWNER, None, False)
    assert await access(garden, ben) == (RoomRole.BANNED, None, False)
    assert await access(garden, cem) == (None, None, False)
    assert await access(direct, ben) == (RoomRole.MEMBER, Pair(ada, ben), False)
    assert await access(direct, cem) == (None, Pair(ada, ben), False)
    assert await access(desk.id, ada) == (None, SupportOf(Peer(cem, "Cem")), False)
    assert await storage.rooms.access(9_999, ada) is None
    await storage.messages.save([RoomDeletion(garden, ada, NOW)])
    assert await storage.rooms.access(garden, ada) is None


async def test_rooms_of_a_deleted_person_are_over(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    direct, own = await direct_room(storage, ada, ben), await direct_room(storage, ada, ada)
    desk = await storage.rooms.support_room(ben)
    assert desk is not None
    await storage.users.delete(ben)
    over = [await storage.rooms.access(room_id, ada) for room_id in (direct, desk.id, own, LOBBY_ID)]
    assert [each and (each.people, each.is_over) for each in over] == [
        (Pair(ada, ben), True),
        (SupportOf(Peer(ben, "Ben")), True),
        (Pair(ada, ada), False),
        (None, False),
    ]
