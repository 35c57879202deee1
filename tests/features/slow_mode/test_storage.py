"""What a storage saves in rooms in slow mode; each test runs in memory and on PostgreSQL."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Person, Room
from chat.domain.messages.changes import Edit, Edited, RoleChange, RoomChange, Write
from chat.domain.messages.outcomes import KeyUsed, Repeated, Saved, Unchanged
from chat.domain.ports import Messages, NewPerson, Storage
from chat.domain.refusals import ARCHIVED, Code, Refusal
from chat.domain.rooms.membership import RoomRole
from chat.features.slow_mode.changes import SetSlowMode, SlowModeSet
from chat.storage.postgres.messages import PostgresMessages
from chat.storage.postgres.storage import PostgresStorage
from chat.storage.postgres.writer import WriterLock, open_writer
from tests.reference.storage import MemoryStorage

NOW = 1_700_000_000.5
ADA, BEN, CEM, DAN, MOD, ADMIN = range(1, 7)
GARDEN, SHED = 2, 3

Pass = Callable[[float], Awaitable[None]]


@pytest.fixture
async def garden(storage: Storage) -> int:
    """Ada's public room in slow mode, 30 s, and one without; Ben moderates it, and everybody is in both."""
    for name in ("ada", "ben", "cem", "dan", "mod", "admin"):
        new = NewPerson(name=name, password_hash=b"x", is_moderator=name == "mod", is_admin=name == "admin")
        assert isinstance(await storage.users.add(new), Person)
    for name in ("Garden", "Shed"):
        assert isinstance(await storage.rooms.create(name, ADA, is_private=False), Room)
    people = (BEN, CEM, DAN, MOD, ADMIN)
    joinings = [
        Draft(room, person, "", "", NOW, MessageKind.JOIN) for room in (GARDEN, SHED) for person in people
    ]
    await storage.messages.save([*joinings, RoleChange(GARDEN, BEN, RoomRole.MODERATOR, ADA, NOW)])
    assert isinstance(await one(storage, slow(30)), SlowModeSet)
    return GARDEN


@pytest.fixture
def wait(storage: Storage) -> Pass:
    """Lets seconds pass for slow mode."""

    async def in_memory(seconds: float) -> None:
        sends = memory(storage).rooms.slow_mode_sends
        for sender in sends:
            sends[sender] -= seconds

    async def in_postgres(seconds: float) -> None:
        assert isinstance(storage, PostgresStorage)
        earlier = "UPDATE slow_mode_sends SET sent_at = sent_at - make_interval(secs => $1)"
        await storage.database.write(lambda connection: connection.execute(earlier, seconds))

    return in_postgres if isinstance(storage, PostgresStorage) else in_memory


def memory(storage: Storage) -> MemoryStorage:
    found: Any = storage
    assert isinstance(found, MemoryStorage)
    return found


def slow(seconds: int, by: int = ADA, room: int = GARDEN) -> SetSlowMode:
    return SetSlowMode(room_id=room, actor_id=by, created_at=NOW, seconds=seconds)


def said(text: str, by: int = CEM, room: int = GARDEN, key: str | None = None) -> Draft:
    return Draft(room, by, "cem", text, NOW, key=key)


async def one(storage: Storage, write: Write) -> Saved:
    (saved,) = await storage.messages.save([write])
    return saved


def left(saved: Saved) -> float:
    """How long a refused message has to wait."""
    assert isinstance(saved, Refusal)
    assert (saved.code, saved.reason) == (Code.TOO_MANY, "slow_mode"), saved
    assert saved.retry_after is not None
    return saved.retry_after


async def test_the_second_message_waits(storage: Storage, garden: int, wait: Pass) -> None:
    assert isinstance(await one(storage, said("one")), Message)
    refused = await one(storage, said("two"))
    assert 25 < left(refused) <= 30
    assert isinstance(refused, Refusal)
    assert refused.text.startswith("slow mode: one message in 30 s in this room, wait ")
    await wait(25)
    assert 0 < left(await one(storage, said("two"))) <= 5
    await wait(5)
    assert isinstance(await one(storage, said("two")), Message)
    left(await one(storage, said("three")))


async def test_each_person_and_room_has_a_time_of_its_own(storage: Storage, garden: int) -> None:
    saved = await storage.messages.save(
        [said("one"), said("two"), said("two", DAN), said("three", room=SHED), said("four", room=SHED)]
    )
    assert [type(each) for each in saved] == [Message, Refusal, Message, Message, Message]
    log = await storage.messages.newest_id()
    assert [each.id for each in saved if isinstance(each, Message)] == [*range(log - 3, log + 1)]
    assert isinstance(await one(storage, said("five", room=SHED)), Message)


@pytest.mark.parametrize("person", [ADA, BEN, MOD, ADMIN])
async def test_who_leads_is_free(storage: Storage, garden: int, person: int) -> None:
    saved = await storage.messages.save([said("one", person), said("two", person)])
    assert [type(each) for each in saved] == [Message, Message]


async def test_in_a_private_room_a_moderator_of_the_server_is_not_free(storage: Storage, garden: int) -> None:
    private = RoomChange(room_id=garden, actor_id=ADA, created_at=NOW, is_private=True)
    first: list[Write] = [private, *(said("one", each) for each in (MOD, ADMIN))]
    await storage.messages.save(first)
    saved = await storage.messages.save([said("two", MOD), said("two", ADMIN)])
    assert [type(each) for each in saved] == [Refusal, Message]


async def test_to_send_a_message_again_is_no_new_one(storage: Storage, garden: int) -> None:
    first = said("one", key="k")
    saved = await storage.messages.save([first, first, said("two", key="l")])
    assert [type(each) for each in saved] == [Message, Repeated, Refusal]
    assert isinstance(await one(storage, first), Repeated)
    assert isinstance(await one(storage, said("other", key="k")), KeyUsed)
    left(await one(storage, said("two", key="l")))
    # A repeat beside a message for a room that is not slow, one for an archived room, and one for none.
    await storage.messages.save([RoomChange(room_id=SHED, actor_id=ADA, created_at=NOW, is_archived=True)])
    saved = await storage.messages.save(
        [first, said("x", room=SHED), said("y", room=99), said("z", room=LOBBY_ID)]
    )
    assert [type(each) for each in saved] == [Repeated, Refusal, type(None), Message]
    assert saved[1] == ARCHIVED


async def test_an_edit_and_a_joining_do_not_count(storage: Storage, garden: int) -> None:
    message = await one(storage, said("one"))
    assert isinstance(message, Message)
    assert isinstance(await one(storage, Edit(garden, message.seq, CEM, "two", NOW)), Edited)
    new = await storage.users.add(NewPerson(name="eve", password_hash=b"x"))
    assert isinstance(new, Person)
    joined = Draft(garden, new.id, "eve", "", NOW, MessageKind.JOIN)
    saved = await storage.messages.save([joined, said("hello", new.id), said("again", new.id)])
    assert [type(each) for each in saved] == [Message, Message, Refusal]


async def test_the_lobby_has_one_too_and_an_archived_room_says_so(storage: Storage, garden: int) -> None:
    assert isinstance(await one(storage, slow(5, MOD, LOBBY_ID)), SlowModeSet)
    saved = await storage.messages.save([said("one", room=LOBBY_ID), said("two", room=LOBBY_ID)])
    assert [type(each) for each in saved] == [Message, Refusal]
    await one(storage, RoomChange(room_id=garden, actor_id=ADA, created_at=NOW, is_archived=True))
    assert await one(storage, said("one")) == ARCHIVED


async def test_it_is_a_change_of_the_room_which_the_audit_has(storage: Storage, garden: int) -> None:
    newest = await storage.messages.newest_id()
    room = await storage.rooms.by_id(garden)
    assert room is not None
    assert await one(storage, slow(60)) == SlowModeSet(
        id=newest + 1, room_id=garden, pos=room.last_pos + 1, actor_id=ADA, created_at=NOW, seconds=60
    )
    assert await one(storage, slow(60, BEN)) == Unchanged(room.last_pos + 1)
    await one(storage, said("one"))
    left(await one(storage, said("two")))
    assert isinstance(await one(storage, slow(0, BEN)), SlowModeSet)
    assert isinstance(await one(storage, said("two")), Message)
    assert isinstance(await one(storage, slow(60)), SlowModeSet)
    assert isinstance(await one(storage, said("three")), Message)  # what came before does not count
    acts = await storage.audit.acts(None, 4)
    assert [(act.by and act.by.id, act.room_id, act.detail) for act in acts] == [
        (ADA, garden, "60 s"),
        (BEN, garden, "off"),
        (ADA, garden, "60 s"),
        (ADA, garden, "30 s"),
    ]


@pytest.mark.parametrize(
    ("by", "seconds", "reason"), [(CEM, 30, "not_moderator"), (ADA, 4, "slow_mode_too_short")]
)
async def test_a_wrong_one_is_refused(
    storage: Storage, garden: int, by: int, seconds: int, reason: str
) -> None:
    refused = await one(storage, slow(seconds, by))
    assert isinstance(refused, Refusal)
    assert refused.reason == reason


async def test_of_two_servers_at_once_one_takes_the_message(storage: Storage, garden: int) -> None:
    if not isinstance(storage, PostgresStorage):
        pytest.skip("memory has one server")
    async with open_writer(storage._address, timeout_each=10, lock=WriterLock.NONE) as writer:
        saved: list[Saved] = []

        async def say(messages: Messages) -> None:
            for nth in range(3):
                saved.extend(await messages.save([said(f"{nth}")]))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(say, storage.messages)
            nursery.start_soon(say, PostgresMessages(storage.database, writer))
    assert sorted(type(each).__name__ for each in saved) == ["Message", *["Refusal"] * 5]
