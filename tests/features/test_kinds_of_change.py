"""A feature's kind of change is saved, followed, announced and replayed by a core that does not know it."""

from collections.abc import AsyncGenerator, Callable

import pytest
from msgspec import structs

from chat.bus.announcements import encode_changes
from chat.bus.payloads import Announced, PayloadReader
from chat.domain.entities import LOBBY_ID, Draft, Message, Pair
from chat.domain.messages.changes import RoomChanged, UnknownChange
from chat.domain.messages.sync_types import ChangeRange, MessageNow
from chat.domain.ports import NewPerson, Storage
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.features.waves import COUNT, WAVES, Wave, Waved, WavesModel
from tests.reference.storage import MemoryStorage
from tests.support.databases import execute
from tests.support.replays import replay

NOW = 1_700_000_000.123456
PLENTY = 1 << 20


@pytest.fixture
async def storage(place: DatabaseAddress | None) -> AsyncGenerator[Storage]:
    if place is None:
        storage: Storage = MemoryStorage(models=[WavesModel])
        await add(storage)
        yield storage
        return
    async with open_postgres_storage(
        place, pool_size=2, query_timeout=10, commit_timeout=10, features=[WAVES]
    ) as opened:
        await add(opened)
        yield opened


async def add(storage: Storage) -> None:
    for name in ("ada", "ben"):
        await storage.users.add(NewPerson(name=name, password_hash=b"x"))


def wave(times: int, room_id: int = LOBBY_ID, hands: tuple[str, ...] = ()) -> Wave:
    return Wave(room_id=room_id, actor_id=2, created_at=NOW, times=times, hands=hands)


def waved(number: int, times: int, hands: tuple[str, ...] = ()) -> Waved:
    return Waved(
        id=number, room_id=LOBBY_ID, pos=number, actor_id=2, created_at=NOW, times=times, hands=hands
    )


def say(text: str) -> Draft:
    return Draft(LOBBY_ID, 1, "ada", text, NOW)


async def test_it_is_saved_among_messages_in_the_order_of_the_batch(storage: Storage) -> None:
    first, second, third, nothing, fifth = await storage.messages.save(
        [say("one"), wave(1), wave(2, hands=("left", 'r"ight')), wave(3, room_id=99), say("two")]
    )
    assert isinstance(first, Message)
    assert [second, third, nothing] == [waved(2, 1), waved(3, 2, ("left", 'r"ight')), None]
    assert isinstance(fifth, Message)
    assert (fifth.id, fifth.pos, fifth.seq) == (4, 4, 2)


async def test_the_log_and_a_replay_have_it_as_it_was_committed(storage: Storage) -> None:
    saved = await storage.messages.save([say("one"), wave(1, hands=("ü\n",)), wave(2)])
    assert (await storage.messages.read_log(0, 9, PLENTY))[1:] == saved[1:]
    assert (await storage.messages.read_log(2, 9, PLENTY)) == saved[2:]
    said, *waves = await replay(storage, 1, [ChangeRange(LOBBY_ID, 0, 3)], PLENTY)
    assert isinstance(said, MessageNow)
    assert waves == saved[1:]


async def test_it_is_for_the_people_of_its_room(storage: Storage) -> None:
    pair = await storage.rooms.direct_room(1, 2)
    assert pair is not None
    (made,) = await storage.messages.save([structs.replace(wave(1, pair.id), people=Pair(1, 2))])
    assert isinstance(made, Waved)
    assert made.people == Pair(1, 2)
    assert await storage.messages.read_log(0, 9, PLENTY) == [made]
    assert await replay(storage, 1, [ChangeRange(pair.id, 0, 1)], PLENTY) == [
        structs.replace(made, people=None)
    ]


async def test_a_port_of_the_feature_reads_what_its_storage_has(storage: Storage) -> None:
    await storage.messages.save([wave(1), wave(2)])
    assert await storage.feature_ports[COUNT].count(LOBBY_ID) == 2


async def test_a_server_without_the_feature_tells_that_something_was(
    shared_database: DatabaseAddress, empty: Callable[[], None]
) -> None:
    empty()
    timeouts = {"pool_size": 2, "query_timeout": 10, "commit_timeout": 10}
    async with open_postgres_storage(shared_database, **timeouts, features=[WAVES]) as storage:
        await add(storage)
        await storage.messages.save([wave(1)])
    async with open_postgres_storage(shared_database, **timeouts) as other:
        there = UnknownChange(1, LOBBY_ID, 1, NOW)
        assert await other.messages.read_log(0, 9, PLENTY) == [there]
        assert await replay(other, 1, [ChangeRange(LOBBY_ID, 0, 1)], PLENTY) == [there]


async def test_a_release_before_takes_it_for_a_change_of_the_room(
    shared_database: DatabaseAddress, empty: Callable[[], None]
) -> None:
    """0.1.0 reads the columns that it knows: they say that the room is as it is."""
    empty()
    async with open_postgres_storage(
        shared_database, pool_size=2, query_timeout=10, commit_timeout=10, features=[WAVES]
    ) as storage:
        await add(storage)
        await storage.messages.save([wave(1)])
        await execute(shared_database, "UPDATE changes SET data = NULL")
        (change,) = await storage.messages.read_log(0, 9, PLENTY)
        assert isinstance(change, RoomChanged)
        room = await storage.rooms.by_id(LOBBY_ID)
        assert room is not None
        assert (change.name, change.topic, change.is_private, change.is_archived) == (
            room.name,
            room.topic,
            room.is_private,
            room.is_archived,
        )


async def test_an_announcement_carries_it_to_servers_with_the_feature() -> None:
    announced = [Message(1, 7, 1, 4, "ada", "hi", NOW), waved(2, 3, ("left",))]
    (payload,) = encode_changes(announced, 8000)
    assert PayloadReader([Waved]).read(payload) == Announced(2, announced)
    assert PayloadReader().read(payload) == Announced(2, announced[:1])
