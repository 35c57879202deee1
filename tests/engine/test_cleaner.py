"""Deleted rooms are removed in the background: soon, little by little, and again after whatever went wrong."""

import itertools

import pytest
import trio
from msgspec import structs
from structlog.testing import capture_logs

from chat.application import rooms as use_cases
from chat.domain.entities import Draft, Room
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.messages.changes import RoomDeleted
from chat.domain.ports import NewPerson, RemovalStep
from chat.domain.refusals import OUTCOME_UNKNOWN
from chat.engine.cleaner import open_cleaner
from chat.engine.cluster_port import Alone
from chat.engine.memberships import Memberships
from tests.reference.storage import MemoryStorage
from tests.reference.storage.rooms import MemoryRooms
from tests.support.chat_world import World, open_world
from tests.support.endings import delete_room

ADA = 1
STEP = 3.0
"""Seconds that a step takes."""


class SlowRooms(MemoryRooms):
    """Steps take their time; `begun` says when each began, and `errors` are what the next end with."""

    def __init__(self, storage: MemoryStorage) -> None:
        super().__init__(storage.users)
        self.audit = storage.audit
        self.begun: list[float] = []
        self.errors: list[Exception] = []

    async def remove_deleted(self, limit: int) -> RemovalStep | None:
        self.begun.append(trio.current_time())
        await trio.sleep(STEP)
        if self.errors:
            raise self.errors.pop(0)
        return await super().remove_deleted(limit)


@pytest.fixture
async def rooms() -> SlowRooms:
    storage = MemoryStorage()
    await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    return SlowRooms(storage)


async def deleted(rooms: MemoryRooms, name: str = "garden") -> None:
    room = await rooms.create(name, ADA, is_private=False)
    assert isinstance(room, Room)
    rooms.delete(RoomDeleted(1, room.id, 1, ADA, 1.0))


def nothing_is_left(rooms: MemoryRooms) -> bool:
    return not rooms._deleted


async def test_leftovers_of_an_earlier_server_are_removed_at_the_start(
    rooms: SlowRooms, autojump_clock: trio.testing.MockClock
) -> None:
    await deleted(rooms)
    async with open_cleaner(rooms, rooms.audit):
        await trio.sleep(10 * STEP)
        assert nothing_is_left(rooms)


async def test_a_deletion_wakes_it(rooms: SlowRooms, autojump_clock: trio.testing.MockClock) -> None:
    async with open_cleaner(rooms, rooms.audit) as cleaner:
        await trio.sleep(10 * STEP)
        looks = len(rooms.begun)
        assert looks == 1, "without a deletion it does not look again"
        await deleted(rooms)
        cleaner.wake()
        await trio.sleep(10 * STEP)
        assert nothing_is_left(rooms)


async def test_a_deletion_during_its_last_look_is_not_overlooked(
    rooms: SlowRooms, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_cleaner(rooms, rooms.audit) as cleaner:
        await trio.sleep(1.5 * STEP)  # it has found nothing, and waits for as long as that took
        await deleted(rooms)
        cleaner.wake()
        await trio.sleep(10 * STEP)
        assert nothing_is_left(rooms)


async def test_the_database_is_busy_with_it_for_a_tenth_of_the_time(
    rooms: SlowRooms, autojump_clock: trio.testing.MockClock
) -> None:
    for name in ("garden", "cellar", "attic"):
        await deleted(rooms, name)
    async with open_cleaner(rooms, rooms.audit):
        await trio.sleep(40 * STEP)
    assert nothing_is_left(rooms)
    since = [begun - rooms.begun[0] for begun in rooms.begun]
    assert since == pytest.approx([0, 10 * STEP, 20 * STEP, 30 * STEP])


async def test_it_continues_after_an_outage_and_logs_it_once(
    rooms: SlowRooms, autojump_clock: trio.testing.MockClock
) -> None:
    await deleted(rooms)
    rooms.errors = [StorageDown("down"), OutcomeUnknown("silent"), StorageDown("down")]
    with capture_logs() as entries:
        async with open_cleaner(rooms, rooms.audit):
            await trio.sleep(20 * STEP)
    assert nothing_is_left(rooms)
    assert len(rooms.begun) == 3 + 2
    assert [begun - earlier > STEP for earlier, begun in zip(rooms.begun, rooms.begun[1:], strict=False)] == [
        True
    ] * 4, "there is a pause after each"
    assert [entry["log_level"] for entry in entries] == ["warning"]


async def test_a_room_is_removed_by_steps_of_a_bounded_size(
    autojump_clock: trio.testing.MockClock,
) -> None:
    storage = MemoryStorage()
    await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    room = await storage.rooms.create("garden", ADA, is_private=False)
    assert isinstance(room, Room)
    await storage.messages.save([Draft(room.id, ADA, "ada", f"{n}", 1.0) for n in range(2500)])
    assert await delete_room(storage, room.id)
    left = [len(storage.rooms.said[room.id])]

    class Watched(MemoryRooms):
        async def remove_deleted(self, limit: int) -> RemovalStep | None:
            more = await storage.rooms.remove_deleted(limit)
            left.append(len(storage.rooms.said.get(room.id, [])))
            return more

    async with open_cleaner(Watched(storage.users), storage.audit):
        await trio.sleep(1)
    assert left[-1] == 0
    assert max(before - after for before, after in itertools.pairwise(left)) <= 1000


async def test_a_removal_that_takes_long_is_logged(autojump_clock: trio.testing.MockClock) -> None:
    storage = MemoryStorage()
    await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    rooms = SlowRooms(storage)
    large = await rooms.create("garden", ADA, is_private=False)
    assert isinstance(large, Room)
    rooms.said[large.id] = [None] * 300  # type: ignore[list-item]
    rooms.delete(RoomDeleted(1, large.id, 1, ADA, 1.0))
    await deleted(rooms, "cellar")
    with capture_logs() as entries:
        async with open_cleaner(rooms, rooms.audit):
            await trio.sleep(80 * STEP)
    assert nothing_is_left(rooms)
    assert [(entry["event"].split()[0], entry.get("messages_left")) for entry in entries] == [
        ("removing", 200),
        ("still", 50),
        ("removed", None),
    ]


async def test_a_deletion_is_reported_also_when_its_outcome_is_unknown() -> None:
    async with open_world() as world:
        await _is_reported(world)


async def _is_reported(world: World) -> None:
    got: list[None] = []
    memberships = Memberships(
        world.memberships._rooms,
        world.context.journal,
        world.memberships._broadcaster,
        world.presence,
        Alone(),
        on_deletion=lambda: got.append(None),
    )
    world.hub.on_access(memberships.apply_end)
    ada, ben = await world.add("ada"), await world.add("ben")
    one, two = [(await world.make_room(ada, name)).id for name in ("one", "two")]
    services = structs.replace(world.services, memberships=memberships)
    assert await use_cases.delete_room(services, ben, one) is not None
    assert got == [], "it was refused"
    assert await use_cases.delete_room(services, ada, one) is None
    assert len(got) == 1
    world.obstacles.fail("save", OutcomeUnknown("silent"), after=True)
    assert await use_cases.delete_room(services, ada, two) == OUTCOME_UNKNOWN
    assert len(got) == 2
    memberships.changed(two)  # another process says so
    assert len(got) == 3
