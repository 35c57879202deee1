"""The log follower announces each change once, in order, whichever server commits or announces it."""

import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chat.domain.entities import LOBBY_ID, Draft, Message
from chat.domain.failures import StorageDown
from chat.domain.messages.changes import Change
from chat.domain.ports import NewPerson
from chat.engine.broadcaster import Broadcaster
from chat.engine.hub import Announcement, Hub
from chat.engine.log_follower import MOST_BEHIND, PATIENCE, LogFollower, open_log_follower
from chat.inspection.metrics import Metrics
from tests.reference.storage import MemoryStorage
from tests.reference.storage.messages import MemoryMessages


class Log(MemoryMessages):
    """The messages of a log, which counts how often it is read and may fail to be."""

    def __init__(self, storage: MemoryStorage) -> None:
        super().__init__(storage.users, storage.rooms, storage.files)
        self.reads = 0
        self.looks = 0
        """How often it was asked where it ends."""
        self.failures: list[Exception] = []

    async def newest_id(self) -> int:
        self.looks += 1
        return await super().newest_id()

    async def read_log(self, after_id: int, limit: int, most_bytes: int) -> list[Change]:
        self.reads += 1
        if self.failures:
            await trio.lowlevel.checkpoint()
            raise self.failures.pop(0)
        return await super().read_log(after_id, limit, most_bytes)

    async def say(self, *texts: str) -> list[Message]:
        saved = await self.save([Draft(LOBBY_ID, 1, "ada", text, 1.0) for text in texts])
        return [each for each in saved if isinstance(each, Message)]


class World:
    """A follower on a log; what it announces is kept, and counts as published at once."""

    def __init__(self, log: Log, follower: LogFollower, broadcaster: "RecordingBroadcaster") -> None:
        self.log = log
        self.follower = follower
        self.broadcaster = broadcaster

    @property
    def announced(self) -> list[int]:
        return [each.change.id for each in self.broadcaster.announced]


class RecordingBroadcaster(Broadcaster):
    """Keeps what is announced."""

    def __init__(self) -> None:
        feed, _ = trio.open_memory_channel[list[Announcement]](0)
        super().__init__(Hub(), feed, Metrics())
        self.announced: list[Announcement] = []

    def announce(self, batch: list[Announcement]) -> None:
        self.announced += batch


@asynccontextmanager
async def open_world(
    patience: float = PATIENCE,
    skipped: Callable[[int], object] = lambda newest_id: None,
    kind: type[Log] = Log,
) -> AsyncGenerator[World]:
    storage, broadcaster = MemoryStorage(), RecordingBroadcaster()
    await storage.users.add(NewPerson(name="ada", password_hash=b""))
    log = kind(storage)
    async with open_log_follower(log, broadcaster, 0, skipped, patience=patience) as follower:
        yield World(log, follower, broadcaster)


def mine(messages: Sequence[Message]) -> list[Announcement]:
    return [Announcement(message) for message in messages]


@pytest.mark.parametrize("seed", range(20))
async def test_announcements_in_any_order_are_published_once_and_in_order(
    autojump_clock: object, seed: int
) -> None:
    chance = random.Random(seed)
    async with open_world() as world:
        said = await world.log.say(*(f"line {n}" for n in range(60)))
        pieces = []
        while said:
            size = chance.randint(1, 5)
            pieces.append(said[:size])
            said = said[size:]
        arriving = [piece for piece in pieces for _ in range(chance.choice((0, 1, 1, 1, 2)))]
        chance.shuffle(arriving)
        for piece in arriving:
            if chance.random() < 0.3:
                if own := [each for each in piece if each.id > world.follower.newest_id]:
                    world.follower.announce_own(mine(own))
            else:
                world.follower.receive(piece, piece[-1].id)
            if chance.random() < 0.2:
                await trio.sleep(0.03)
        world.follower.reaches(60)
        await trio.sleep(1)
        assert world.announced == list(range(1, 61))


async def test_an_announcement_that_continues_the_log_is_published_without_a_read(
    autojump_clock: object,
) -> None:
    async with open_world() as world:
        one, two, three = await world.log.say("1", "2", "3")
        world.follower.announce_own(mine([one]))
        world.follower.receive([two, three], 3)
        assert world.announced == [1, 2, 3]
        await trio.sleep(1)
        assert world.log.reads == 0


async def test_a_late_announcement_is_awaited_and_saves_a_read(autojump_clock: object) -> None:
    async with open_world() as world:
        one, two = await world.log.say("1", "2")
        world.follower.receive([two], 2)
        await trio.sleep(PATIENCE / 2)
        assert world.announced == []
        world.follower.receive([one], 1)
        assert world.announced == [1, 2]
        await trio.sleep(1)
        assert world.log.reads == 0


async def test_where_one_after_another_comes_late_none_is_read(autojump_clock: object) -> None:
    async with open_world() as world:
        said = await world.log.say(*map(str, range(40)))
        for before, after in zip(said[::2], said[1::2], strict=True):
            world.follower.receive([after], after.id)
            await trio.sleep(PATIENCE * 0.7)  # longer than half: there is always one that is missing
            world.follower.receive([before], before.id)
        assert world.announced == list(range(1, 41))
        assert world.log.reads == 0


async def test_a_missing_announcement_is_read_from_the_log_soon(autojump_clock: object) -> None:
    async with open_world() as world:
        _, two = await world.log.say("1", "2")
        world.follower.receive([two], 2)
        await trio.sleep(PATIENCE * 1.5)
        assert world.announced == [1, 2]
        assert world.log.reads == 1


async def test_the_end_of_the_log_alone_has_the_rest_read(autojump_clock: object) -> None:
    async with open_world() as world:
        await world.log.say(*map(str, range(600)))
        world.follower.reaches(600)
        await trio.sleep(PATIENCE * 1.5)
        assert world.announced == list(range(1, 601))


async def test_a_commit_of_which_a_part_alone_is_sent_along_is_read_for_the_rest(
    autojump_clock: object,
) -> None:
    async with open_world() as world:
        one, _, three = await world.log.say("1", "too long for a payload", "3")
        world.follower.receive([one, three], 3)
        assert world.announced == [1]
        await trio.sleep(PATIENCE * 1.5)
        assert world.announced == [1, 2, 3]


async def test_a_database_that_does_not_answer_is_asked_until_it_does(autojump_clock: object) -> None:
    async with open_world() as world:
        await world.log.say("1", "2")
        world.log.failures = [StorageDown("down")] * 5
        world.follower.reaches(2)
        await trio.sleep(PATIENCE * 2)
        assert world.announced == []
        await trio.sleep(3)
        assert world.announced == [1, 2]


async def test_announcements_during_a_backlog_are_read_later_and_not_kept(
    autojump_clock: object,
) -> None:
    async with open_world() as world:
        said = await world.log.say(*map(str, range(100)))
        world.broadcaster._behind = 17
        world.follower.receive(said, 100)
        assert world.announced == []
        assert not world.follower._ahead
        world.broadcaster._behind = 0
        await trio.sleep(PATIENCE * 1.5)
        assert world.announced == list(range(1, 101))


async def test_a_log_that_lost_its_end_is_followed_from_there(autojump_clock: object) -> None:
    async with open_world() as world:
        world.follower.announce_own(mine(await world.log.say("1", "2", "3")))
        lost = MemoryStorage()
        await lost.users.add(NewPerson(name="ada", password_hash=b""))
        other = Log(lost)
        first = await other.say("1")
        world.follower._messages = other
        world.follower.rewind_to(first[-1].id)
        again = await other.say("another 2", "another 3")
        world.follower.receive(again, 3)
        assert world.announced == [1, 2, 3, 2, 3]


def rewind(log: Log, end: int) -> None:
    """The log loses what lies behind `end`, as where a standby that was behind takes over."""
    del log._by_room[LOBBY_ID][end:]
    log._newest_id = end


@pytest.mark.parametrize("again", [1, 2])
async def test_the_next_own_commit_detects_a_rewound_log(autojump_clock: object, again: int) -> None:
    async with open_world() as world:
        world.follower.announce_own(mine(await world.log.say("1", "2", "3", "4")))
        rewind(world.log, 2)
        await world.log.say(*["another's"] * (again - 1))
        world.follower.announce_own(mine(await world.log.say("mine")))
        await trio.sleep(1)
        assert world.announced == [1, 2, 3, 4, 2 + again]
        assert world.follower.newest_id == 2 + again


async def test_a_log_that_lost_its_end_and_grew_again_is_noticed_where_it_is_looked_at(
    autojump_clock: object,
) -> None:
    skipped: list[int] = []
    async with open_world(skipped=skipped.append) as world:
        world.follower.announce_own(mine(await world.log.say("1", "2", "3", "4")))
        await world.follower.verify_tail()
        assert skipped == []
        rewind(world.log, 2)
        await world.log.say("a", "b", "c")
        await world.follower.verify_tail()
        assert skipped == [5]
        world.follower.announce_own(mine(await world.log.say("d")))
        await world.follower.verify_tail()
        assert skipped == [5]
        assert world.announced == [1, 2, 3, 4, 6]


async def test_a_commit_during_a_read_is_published_at_once(
    autojump_clock: object,
) -> None:
    async with open_world() as world:
        await world.log.say("1")
        read_log = world.log.read_log

        async def slow(after_id: int, limit: int, most_bytes: int) -> list[Change]:
            read = await read_log(after_id, limit, most_bytes)
            world.follower.announce_own(mine(await world.log.say("2")))
            return read

        world.log.read_log = slow  # type: ignore[method-assign]
        world.follower.reaches(1)
        await trio.sleep(PATIENCE * 1.5)
        assert world.announced == [1, 2]
        assert world.log.reads == 1


async def test_the_log_is_checked_while_nothing_is_published(autojump_clock: object) -> None:
    """A server without a lease tells nothing until it has looked, and is read on to by then."""
    async with open_world() as world:
        world.follower.announce_own(mine(await world.log.say("1")))
        may_go_on = trio.Event()
        world.broadcaster.keep_pace = may_go_on.wait  # type: ignore[method-assign]
        await world.log.say("2")
        world.follower.reaches(2)
        await trio.sleep(1)
        assert world.announced == [1, 2]
        with trio.fail_after(1):
            await world.follower.verify_tail()
        may_go_on.set()


async def test_an_announced_id_may_be_lost_before_the_end_of_the_log_is_known(
    autojump_clock: object,
) -> None:
    async with open_world() as world:
        one, _two, three = await world.log.say("1", "2", "3")
        rewind(world.log, 1)
        looked, newest_id = trio.Event(), world.log.newest_id

        async def late() -> int:
            end = await newest_id()
            looked.set()
            await trio.sleep(1)
            return end

        world.log.newest_id = late  # type: ignore[method-assign]
        world.follower.receive([three], 3)
        await looked.wait()
        world.follower.rewind_to(0)
        await trio.sleep(5)
        assert world.announced == [one.id]


@pytest.mark.parametrize(("asked", "announced"), [("newest_id", 2), ("read_log", 2), ("keep_pace", 4)])
async def test_a_log_that_loses_its_end_while_it_is_read_is_read_no_further_than_it_is_now(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch, asked: str, announced: int
) -> None:
    async with open_world() as world:
        world.follower.announce_own(mine(await world.log.say("1", "2")))
        await world.log.say("3", "4")
        whom = world.broadcaster if asked == "keep_pace" else world.log
        ask, is_lost = getattr(whom, asked), False

        async def lose(*arguments: int) -> object:
            nonlocal is_lost
            answer = await ask(*arguments)
            if not is_lost:
                is_lost = True
                rewind(world.log, 1)
                world.follower.rewind_to(1)
            return answer

        monkeypatch.setattr(whom, asked, lose)
        world.follower.reaches(4)
        await trio.sleep(1)
        assert (world.follower.newest_id, world.announced) == (1, [1, 2, 3, 4][:announced])
        again = await world.log.say("another 2")
        world.follower.receive(again, 2)
        assert world.announced[announced:] == [2]


async def test_a_lost_change_is_not_published_after_the_one_with_its_id(
    autojump_clock: object,
) -> None:
    async with open_world() as world:
        world.follower.announce_own(mine(await world.log.say("1", "2")))
        await world.log.say("3", "4")
        read_log = world.log.read_log

        async def lose(after_id: int, limit: int, most_bytes: int) -> list[Change]:
            read = await read_log(after_id, limit, most_bytes)
            if world.follower.newest_id == 2 and len(read) == 2:
                rewind(world.log, 1)
                world.follower.announce_own(mine(await world.log.say("mine")))
            return read

        world.log.read_log = lose  # type: ignore[method-assign]
        world.follower.reaches(4)
        await trio.sleep(1)
        assert world.announced == [1, 2, 2]
        assert world.follower.newest_id == 2


async def test_waiting_changes_lost_by_a_rewind_are_never_published(autojump_clock: object) -> None:
    async with open_world() as world:
        one, _two, three = await world.log.say("1", "2", "3")
        world.follower.announce_own(mine([one]))
        world.follower.receive([three], 3)
        rewind(world.log, 1)
        await trio.sleep(1)
        for change in await world.log.say("another 2", "another 3"):
            world.follower.receive([change], change.id)
        announced = [each.change for each in world.broadcaster.announced]
        assert [each.text for each in announced if isinstance(each, Message)] == [
            "1",
            "another 2",
            "another 3",
        ]


async def test_after_a_rewind_a_waiting_change_is_not_published_after_another(
    autojump_clock: object,
) -> None:
    async with open_world() as world:
        world.follower.announce_own(mine(await world.log.say("1")))
        _two, three = await world.log.say("2", "3")
        world.follower.receive([three], 3)
        rewind(world.log, 1)
        world.follower.rewind_to(1)
        world.follower.receive(await world.log.say("another 2"), 2)
        announced = [each.change for each in world.broadcaster.announced]
        assert [each.text for each in announced if isinstance(each, Message)] == ["1", "another 2"]


async def test_skipping_to_the_end_does_not_take_an_own_commit_for_a_loss(
    autojump_clock: object,
) -> None:
    skipped: list[int] = []
    async with open_world(skipped=skipped.append) as world:
        with world.follower.writing():
            own = await world.log.say("mine")
            await world.log.say(*["x"] * (MOST_BEHIND + 1))
            world.follower.reaches(MOST_BEHIND + 2)
            await trio.sleep(1)
            world.follower.announce_own(mine(own))
        await trio.sleep(1)
        assert skipped == [MOST_BEHIND + 2]
        assert world.announced == [1]
        assert world.follower.newest_id == MOST_BEHIND + 2


@pytest.mark.parametrize("beyond", [3, MOST_BEHIND * 2], ids=["near", "far"])
async def test_an_announced_id_beyond_the_end_of_the_log_hides_nothing(
    autojump_clock: object, beyond: int
) -> None:
    async with open_world() as world:
        world.follower.announce_own(mine(await world.log.say("1", "2")))
        # A server that has not noticed that the log lost its end says so, or anybody who may use the bus.
        world.follower.reaches(2 + beyond)
        await trio.sleep(1)
        looks = world.log.looks
        await trio.sleep(100)
        assert world.log.looks == looks, "what is not there is not looked for any more"
        said = await world.log.say("3", "4", "5")
        world.follower.receive(said[:1], 3)
        world.follower.reaches(5)
        await trio.sleep(1)
        assert world.announced == [1, 2, 3, 4, 5]


class NothingLeft(Log):
    """A log whose last changes are not published: they are of a room that was deleted and removed."""

    async def read_log(self, after_id: int, limit: int, most_bytes: int) -> list[Change]:
        read = await super().read_log(after_id, limit, most_bytes)
        return [change for change in read if change.id not in (2, 3)]


async def test_a_log_that_ends_with_unpublished_changes_continues_after_them(
    autojump_clock: object,
) -> None:
    async with open_world(kind=NothingLeft) as world:
        await world.log.say("1", "2", "3")
        world.follower.reaches(3)
        await trio.sleep(1)
        assert (world.announced, world.follower.newest_id) == ([1], 3)
        reads = world.log.reads
        world.follower.receive(await world.log.say("4"), 4)
        await trio.sleep(1)
        assert (world.announced, world.log.reads) == ([1, 4], reads)


async def test_where_all_that_was_read_was_announced_meanwhile_the_rest_is_read(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.engine.log_follower._PIECE", 2)

    class Overtaken(Log):
        async def read_log(self, after_id: int, limit: int, most_bytes: int) -> list[Change]:
            read = await super().read_log(after_id, limit, most_bytes)
            if after_id == 0:
                world.follower.receive(read, 2)
            return read

    async with open_world(kind=Overtaken) as world:
        await world.log.say(*"12345")
        world.follower.reaches(5)
        await trio.sleep(1)
        assert world.announced == [1, 2, 3, 4, 5]


async def test_settling_returns_the_number_of_changes_caught_up(autojump_clock: object) -> None:
    async with open_world() as world:
        await world.log.say("1", "2", "3")
        world.follower.mark_outcome_unknown()
        assert (await world.follower.settle(), world.follower.is_unsure) == (3, False)
        assert await world.follower.settle() == 0
        assert world.announced == [1, 2, 3]


async def test_a_server_too_far_behind_skips_to_the_end(autojump_clock: object) -> None:
    skipped: list[int] = []
    storage, broadcaster = MemoryStorage(), RecordingBroadcaster()
    await storage.users.add(NewPerson(name="ada", password_hash=b""))
    log = Log(storage)
    async with open_log_follower(log, broadcaster, 0, skipped.append) as follower:
        await log.say(*["x"] * (MOST_BEHIND + 2))
        follower.reaches(MOST_BEHIND + 1)
        await wait_all_tasks_blocked()
        assert skipped == [MOST_BEHIND + 2]
        follower.announce_own(mine(await log.say("announced")))
        assert [each.change.id for each in broadcaster.announced] == [MOST_BEHIND + 3]
