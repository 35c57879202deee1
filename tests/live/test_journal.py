"""Journal and broadcaster: saved before shown, acknowledged after the commit, told once and in order."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from chat.dialects.talker import TALKER
from chat.live.broadcaster import open_broadcaster
from chat.live.hub import Hub
from chat.live.journal import Journal, open_journal
from chat.model.entities import Draft, Message
from chat.model.refusals import NOT_SAVED, OUTCOME_UNKNOWN, ROOM_GONE, Refusal
from chat.storage.failures import OutcomeUnknown, StorageDown
from chat.storage.memory import MemoryStorage
from chat.storage.memory.messages import MemoryMessages
from chat.storage.ports import NewPerson

GARDEN = 1


class FaultyMessages(MemoryMessages):
    """The memory storage, with faults at the nth save: before it happened, or after."""

    def __init__(self, storage: MemoryStorage) -> None:
        super().__init__(storage.users, storage.rooms)
        self.batches: list[int] = []
        self.before: dict[int, Exception] = {}
        self.after: dict[int, Exception] = {}
        self.settling: list[Exception] = []
        self.silence = 0.0
        """Seconds until a fault is noticed."""

    async def save(self, drafts: Sequence[Draft]) -> list[Message | None]:
        nth = len(self.batches)
        self.batches.append(len(drafts))
        if nth in self.before:
            await trio.sleep(self.silence)
            raise self.before[nth]
        saved = await super().save(drafts)
        if nth in self.after:
            raise self.after[nth]
        return saved

    async def settle(self, told: Mapping[int, int], since: float) -> list[Message]:
        if self.settling:
            await trio.sleep(self.silence)
            raise self.settling.pop(0)
        return await super().settle(told, since)


class Ben:
    """Listens in the garden, and sends; remembers what he heard and what became of his drafts."""

    def __init__(self, committed: Callable[[], int]) -> None:
        self.heard = b""
        self.outcomes: list[tuple[str, Message | Refusal]] = []
        self._committed = committed

    def offer(self, blob: bytes) -> None:
        self.heard += blob

    def settled(self, draft: Draft, outcome: Message | Refusal) -> None:
        if isinstance(outcome, Message):
            assert outcome.seq <= self._committed(), "acknowledged before it was committed"
        self.outcomes.append((draft.text, outcome))

    def lines(self) -> list[str]:
        """The texts heard, in order."""
        return [part.split(b'"')[0].decode() for part in self.heard.split(b'"message":"')[1:]]


class World:
    """A journal and a broadcaster on a faulty memory storage; Ben listens."""

    def __init__(self, messages: FaultyMessages, journal: Journal, hub: Hub) -> None:
        self.messages = messages
        self.journal = journal
        self.ben = Ben(lambda: messages._count)
        hub.join(GARDEN, TALKER, self.ben)

    async def send(self, *texts: str, room: int = GARDEN, sender: int = 1) -> None:
        """Send without letting the journal run in between."""
        for text in texts:
            await self.journal.submit(Draft(room, sender, "ada", text, trio.current_time()), Aside(self.ben))

    async def rest(self) -> None:
        """Let everything happen that can."""
        await trio.testing.wait_all_tasks_blocked()


class Aside:
    """An author that is not the listener, so that Ben hears what he sends."""

    def __init__(self, ben: Ben) -> None:
        self.settled = ben.settled


@pytest.fixture
async def world(autojump_clock: object) -> AsyncGenerator[World]:
    async with opened_world() as world:
        yield world


@asynccontextmanager
async def opened_world(*earlier: Draft) -> AsyncGenerator[World]:
    storage, hub = MemoryStorage(), Hub()
    await storage.users.add(NewPerson(name="ada", password_hash=b""))
    messages = FaultyMessages(storage)
    await MemoryMessages.save(messages, earlier)
    async with open_broadcaster(hub) as broadcaster, open_journal(messages, broadcaster) as journal:
        yield World(messages, journal, hub)


async def test_what_waits_is_committed_together_and_told_in_order(
    autojump_clock: object, world: World
) -> None:
    texts = [f"line {n}" for n in range(50)]
    async with trio.open_nursery() as nursery:
        for text in texts:
            nursery.start_soon(world.send, text)
    await world.rest()
    assert sum(world.messages.batches) == 50
    assert len(world.messages.batches) < 50
    assert sorted(world.ben.lines()) == sorted(texts)
    assert [text for text, _ in world.ben.outcomes] == world.ben.lines()


async def test_one_message_that_can_not_be_stored_does_not_fail_its_batch(
    autojump_clock: object, world: World
) -> None:
    async with trio.open_nursery() as nursery:
        for n in range(20):
            nursery.start_soon(world.send, f"line {n}\0" if n == 7 else f"line {n}")
    await world.rest()
    assert len(world.ben.lines()) == 19
    refused = [text for text, outcome in world.ben.outcomes if isinstance(outcome, Refusal)]
    assert refused == ["line 7\0"]
    seqs = [outcome.seq for _, outcome in world.ben.outcomes if isinstance(outcome, Message)]
    assert sorted(seqs) == list(range(1, 20))


async def test_a_message_of_a_deleted_person_does_not_fail_its_batch(
    autojump_clock: object, world: World
) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.send, "mine")
        nursery.start_soon(lambda: world.send("a ghost's", sender=99))
    await world.rest()
    assert world.ben.lines() == ["mine"]


async def test_a_message_to_a_room_that_is_gone_is_refused(autojump_clock: object, world: World) -> None:
    await world.send("hello?", room=99)
    await world.rest()
    assert world.ben.outcomes == [("hello?", ROOM_GONE)]


async def test_a_database_that_is_down_refuses_and_the_next_message_is_saved(
    autojump_clock: object, world: World
) -> None:
    world.messages.before[0] = StorageDown("down")
    await world.send("lost")
    await world.rest()
    await world.send("kept")
    await world.rest()
    assert world.ben.outcomes[0] == ("lost", NOT_SAVED)
    assert world.ben.lines() == ["kept"]


async def test_an_unknown_outcome_is_not_acknowledged_and_told_once_it_is_known(
    autojump_clock: object, world: World
) -> None:
    world.messages.after[1] = OutcomeUnknown("silence")
    for text in ("one", "two", "three"):
        await world.send(text)
        await world.rest()
    assert world.ben.outcomes[1] == ("two", OUTCOME_UNKNOWN)
    assert world.ben.lines() == ["one", "two", "three"]


async def test_an_unknown_outcome_that_did_not_happen_is_never_told(
    autojump_clock: object, world: World
) -> None:
    world.messages.before[0] = OutcomeUnknown("silence")
    await world.send("one")
    await world.rest()
    await world.send("two")
    await world.rest()
    assert world.ben.lines() == ["two"]


@pytest.mark.parametrize("fault", [OutcomeUnknown("silence"), StorageDown("nobody there")])
async def test_nobody_waits_for_two_tries_in_vain(
    autojump_clock: object, world: World, fault: Exception
) -> None:
    world.messages.silence = 5.0
    world.messages.before = dict.fromkeys(range(4), fault)
    world.messages.settling = [StorageDown("nobody there")] * 3
    await world.send("first")
    await trio.sleep(0.1)
    await world.send("behind it")
    await trio.sleep(5)
    assert [text for text, _ in world.ben.outcomes] == ["first", "behind it"]
    await world.send("later")
    await trio.sleep(5.1)
    assert world.ben.outcomes[2:] == [("later", NOT_SAVED)]


async def test_what_an_earlier_server_told_is_not_told_again_when_the_clock_was_set_back(
    autojump_clock: object,
) -> None:
    ahead = trio.current_time() + 1_000_000
    async with opened_world(Draft(GARDEN, 1, "ada", "of an earlier server", ahead)) as world:
        world.messages.after[0] = OutcomeUnknown("silence")
        await world.send("two")
        await world.rest()
        assert world.ben.lines() == ["two"]


async def test_nothing_is_told_before_the_outcome_of_what_came_first_is_known(
    autojump_clock: object, world: World
) -> None:
    world.messages.after[0] = OutcomeUnknown("silence")
    world.messages.settling = [StorageDown("down"), StorageDown("down")]
    await world.send("one")
    await world.rest()
    await world.send("two")
    await world.rest()
    assert world.ben.outcomes == [("one", OUTCOME_UNKNOWN), ("two", NOT_SAVED)]
    assert world.ben.lines() == []
    await trio.sleep(2)
    await world.send("three")
    await world.rest()
    assert world.ben.lines() == ["one", "three"]


async def test_leaving_commits_and_tells_what_was_taken(autojump_clock: object) -> None:
    async with opened_world() as world:
        await world.send("one", "two", "three")
    assert world.ben.lines() == ["one", "two", "three"]
    assert len(world.ben.outcomes) == 3
