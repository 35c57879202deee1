"""Journal and broadcaster: saved before shown, acknowledged after the commit, published once and in order."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from chat.domain.entities import DirectInbox, Draft, Message, Pair, Peer, Room
from chat.domain.failures import OutcomeUnknown, StorageDown, WriteRejected
from chat.domain.messages.changes import (
    Change,
    Deleted,
    Deletion,
    Edit,
    Edited,
    Reacted,
    Reaction,
    Removal,
    RoleChange,
    RoomDeletion,
    Write,
)
from chat.domain.messages.outcomes import KeyUsed, Outcome, Repeated, Saved, Unchanged
from chat.domain.ports import NewPerson
from chat.domain.refusals import (
    NO_MEMBER,
    NO_MESSAGE,
    NOT_MEMBER,
    NOT_SAVED,
    OUTCOME_UNKNOWN,
    ROOM_GONE,
    Refusal,
)
from chat.domain.rooms.membership import RoomRole
from chat.engine.awaited_write import AwaitedWrite
from chat.engine.broadcaster import open_broadcaster
from chat.engine.events import Event, Said
from chat.engine.hub import Announcement, Hub
from chat.engine.journal import Journal, Publish, open_journal
from chat.engine.log_follower import MOST_BEHIND, open_log_follower
from chat.inspection.metrics import Metrics
from chat.protocols.talker.codec import TALKER
from tests.reference.storage import MemoryStorage
from tests.reference.storage.messages import MemoryMessages

GARDEN = 1


class FaultyMessages(MemoryMessages):
    """The memory storage, with faults at the nth save: before it happened, or after."""

    def __init__(self, storage: MemoryStorage) -> None:
        super().__init__(storage.users, storage.rooms, storage.files)
        self.batches: list[int] = []
        self.before: dict[int, Exception] = {}
        self.after: dict[int, Exception] = {}
        self.reading: list[Exception] = []
        self.read: list[int] = []
        """Behind which id, each time that the log was read."""
        self.silence = 0.0
        """Seconds until a fault is noticed."""

    async def save(self, writes: Sequence[Write]) -> list[Saved]:
        nth = len(self.batches)
        self.batches.append(len(writes))
        if nth in self.before:
            await trio.sleep(self.silence)
            raise self.before[nth]
        saved = await super().save(writes)
        if nth in self.after:
            raise self.after[nth]
        return saved

    async def read_log(self, after_id: int, limit: int, most_bytes: int) -> list[Change]:
        self.read.append(after_id)
        await self._fail_to_read()
        return await super().read_log(after_id, limit, most_bytes)

    async def settled_id(self) -> int:
        await self._fail_to_read()
        return await super().settled_id()

    async def _fail_to_read(self) -> None:
        if self.reading:
            await trio.sleep(self.silence)
            raise self.reading.pop(0)


class Ben:
    """Listens in the garden, and sends; remembers what he heard and what became of his drafts."""

    def __init__(self, committed: Callable[[], int]) -> None:
        self.received = b""
        self.outcomes: list[tuple[str, Outcome]] = []
        self._committed = committed

    def offer(self, blob: bytes) -> None:
        self.received += blob

    def on_outcome(self, draft: Draft, outcome: Outcome) -> None:
        if isinstance(outcome, Message):
            assert outcome.seq <= self._committed(), "acknowledged before it was committed"
        self.outcomes.append((draft.text, outcome))

    def lines(self) -> list[str]:
        """The texts heard, in order."""
        return [part.split(b'"')[0].decode() for part in self.received.split(b'"message":"')[1:]]


class World:
    """A journal and a broadcaster on a faulty memory storage; Ben listens."""

    def __init__(self, storage: MemoryStorage, messages: FaultyMessages, journal: Journal, hub: Hub) -> None:
        self.storage = storage
        self.messages = messages
        self.journal = journal
        self.hub = hub
        self.ben = Ben(lambda: messages._newest_id)
        hub.subscribe(GARDEN, TALKER, self.ben)

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
        self.on_outcome = ben.on_outcome


@pytest.fixture
async def world(autojump_clock: object) -> AsyncGenerator[World]:
    async with opened_world() as world:
        yield world


@asynccontextmanager
async def opened_world(
    *earlier: Draft,
    kind: type[FaultyMessages] = FaultyMessages,
    metrics: Metrics | None = None,
    skipped: Callable[[int], object] = lambda newest_id: None,
    publish: Publish = lambda _committed: None,
) -> AsyncGenerator[World]:
    storage = MemoryStorage()
    for name in ("ada", "cem", *"345678"):
        await storage.users.add(NewPerson(name=name, password_hash=b""))
    messages = kind(storage)
    await MemoryMessages.save(messages, earlier)
    hub = Hub(await messages.newest_id())
    async with (
        open_broadcaster(hub) as broadcaster,
        open_log_follower(messages, broadcaster, hub.newest_id, skipped) as follower,
        open_journal(messages, broadcaster, follower, metrics, publish) as journal,
    ):
        yield World(storage, messages, journal, hub)


async def test_waiting_writes_are_committed_together_and_published_in_order(
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


async def test_commits_are_announced_to_other_servers_and_refusals_are_not(
    autojump_clock: object,
) -> None:
    published: list[int] = []
    async with opened_world(
        publish=lambda committed: published.extend(each.change.id for each in committed)
    ) as world:
        for text in ("1", "2\0", "3"):
            await world.send(text)
            await world.rest()
    assert published == [1, 2]
    assert world.ben.lines() == ["1", "3"]


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


async def test_a_change_of_a_missing_member_is_refused(autojump_clock: object, world: World) -> None:
    garden = await world.storage.rooms.create("cellar", 1, is_private=False)
    assert isinstance(garden, Room)
    for write, refusal in (
        (Removal(garden.id, 2, 1, 1.0), NOT_MEMBER),
        (RoleChange(garden.id, 2, RoomRole.OWNER, 1, 1.0), NO_MEMBER),
    ):
        outcome = await AwaitedWrite().submit(world.journal, write)
        assert outcome == refusal


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


async def test_an_unknown_outcome_is_published_but_not_acknowledged(
    autojump_clock: object, world: World
) -> None:
    world.messages.after[1] = OutcomeUnknown("silence")
    for text in ("one", "two", "three"):
        await world.send(text)
        await world.rest()
    assert world.ben.outcomes[1] == ("two", OUTCOME_UNKNOWN)
    assert world.ben.lines() == ["one", "two", "three"]


async def test_a_write_of_unknown_outcome_that_did_not_happen_is_never_published(
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
    world.messages.reading = [StorageDown("nobody there")] * 3
    await world.send("first")
    await trio.sleep(0.1)
    await world.send("behind it")
    await trio.sleep(5)
    assert [text for text, _ in world.ben.outcomes] == ["first", "behind it"]
    await world.send("later")
    await trio.sleep(5.1)
    assert world.ben.outcomes[2:] == [("later", NOT_SAVED)]


async def test_changes_published_by_an_earlier_server_are_not_published_again(autojump_clock: object) -> None:
    ahead = trio.current_time() + 1_000_000  # its clock was
    async with opened_world(Draft(GARDEN, 1, "ada", "of an earlier server", ahead)) as world:
        world.messages.after[0] = OutcomeUnknown("silence")
        await world.send("two")
        await world.rest()
        assert world.ben.lines() == ["two"]


async def test_writes_of_other_processes_are_published_in_log_order(
    autojump_clock: object, world: World
) -> None:
    await world.send("1")
    await world.rest()
    await MemoryMessages.save(world.messages, [Draft(GARDEN, 2, "cem", text, 1.0) for text in "23"])
    world.messages.reading = [StorageDown("down")]
    await world.send("4")
    await world.rest()
    assert isinstance(world.ben.outcomes[1][1], Message), "it is saved, whatever is before it"
    assert world.ben.lines() == ["1"]
    await trio.sleep(1)
    assert world.ben.lines() == ["1", "2", "3", "4"]
    await world.send("5")
    await world.rest()
    assert world.ben.lines() == ["1", "2", "3", "4", "5"]
    assert world.messages.read == [1, 1], "nothing is looked up where nothing is missing"


async def test_an_author_does_not_get_its_message_again_from_the_log(
    autojump_clock: object, world: World
) -> None:
    await MemoryMessages.save(world.messages, [Draft(GARDEN, 2, "cem", "another's", 1.0)])
    draft = Draft(GARDEN, 1, "ada", "mine", trio.current_time())
    await world.journal.submit(draft, Aside(world.ben), world.ben)
    await world.rest()
    assert world.ben.lines() == ["another's"]


class ReadBeforeItIsKnown(FaultyMessages):
    """The log is read and published before the journal learns that its commit has succeeded."""

    async def save(self, writes: Sequence[Write]) -> list[Saved]:
        saved = await super().save(writes)
        self.landed()
        for _ in range(20):
            await trio.lowlevel.checkpoint()
        return saved

    def landed(self) -> None:
        """Called where a commit has landed."""


class FollowerSteps(trio.abc.Instrument):
    """Counts how often the follower of the log runs."""

    def __init__(self) -> None:
        self.count = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.count += task.name.endswith("LogFollower.follow")


async def test_an_author_does_not_get_its_message_if_the_log_is_first(autojump_clock: object) -> None:
    steps = FollowerSteps()
    async with opened_world(kind=ReadBeforeItIsKnown) as world:
        follower, hub, messages = world.journal._follower, world.hub, world.messages
        cem = Ben(lambda: messages._newest_id)
        hub.subscribe(GARDEN, TALKER, cem)
        messages.landed = lambda: follower.reaches(messages._newest_id)  # type: ignore[attr-defined]
        for text in ("one", "two"):
            draft = Draft(GARDEN, 1, "ada", text, trio.current_time())
            await world.journal.submit(draft, Aside(world.ben), world.ben)
        offered: list[int] = []
        world.ben.offer = lambda blob: offered.append(len(world.ben.outcomes))  # type: ignore[method-assign]
        for _ in range(100):
            await trio.lowlevel.checkpoint()
        assert cem.lines() == ["one", "two"], "others hear it as soon as it is read"
        assert [text for text, _outcome in world.ben.outcomes] == ["one", "two"]
        assert world.ben.lines() == []
        assert offered[-1] == 2, "the acknowledgements wait for nothing else"
        assert follower.newest_id == hub.newest_id == 2
        trio.lowlevel.add_instrument(steps)
        for _ in range(100):
            await trio.lowlevel.checkpoint()
        trio.lowlevel.remove_instrument(steps)
    assert steps.count <= 1, "nothing is looked for any more"


@pytest.mark.parametrize("what", ["message", "room"])
async def test_a_message_deleted_before_it_is_published_is_not_awaited(
    autojump_clock: object, world: World, what: str
) -> None:
    cellar = await world.storage.rooms.create("cellar", 1, is_private=False)
    assert isinstance(cellar, Room)
    await MemoryMessages.save(world.messages, [Draft(GARDEN, 2, "cem", "1", 1.0)])
    world.messages.reading = [StorageDown("down")]
    await world.send("2", room=cellar.id)
    await world.rest()
    if what == "message":
        await MemoryMessages.save(world.messages, [Deletion(cellar.id, 1, None, 1.0)])
    else:
        await MemoryMessages.save(world.messages, [RoomDeletion(cellar.id, None, 1.0)])
    await trio.sleep(1)
    assert world.ben.lines() == ["1"]
    await world.send("3")
    await world.rest()
    assert world.ben.lines() == ["1", "3"]
    assert world.messages.read == [0, 0], "what was deleted is not looked for again"


async def test_too_large_a_gap_is_skipped_and_reported(autojump_clock: object) -> None:
    skipped: list[int] = []
    async with opened_world(skipped=skipped.append) as world:
        many = [Draft(GARDEN, 2, "cem", "x", 1.0)] * (MOST_BEHIND + 1)
        await MemoryMessages.save(world.messages, many[:-2])
        await world.send("told")
        await world.rest()
        assert len(world.ben.lines()) == len(many) - 1
        assert skipped == []
        await MemoryMessages.save(world.messages, many)
        await world.send("not told")
        await world.rest()
        assert isinstance(world.ben.outcomes[1][1], Message)
        assert skipped == [world.ben.outcomes[1][1].id]
        await world.send("again told")
        await world.rest()
        assert world.ben.lines()[len(many) - 1 :] == ["again told"]
        assert skipped == [2 * len(many)]


async def test_a_resend_with_its_key_is_answered_and_published_once(
    autojump_clock: object, world: World
) -> None:
    for text, key in (("hello", "k"), ("hello", "k"), ("another", "k"), ("bye", "l")):
        draft = Draft(GARDEN, 1, "ada", text, trio.current_time(), key=key)
        await world.journal.submit(draft, Aside(world.ben))
    await world.rest()
    first, again, other, last = (outcome for _, outcome in world.ben.outcomes)
    assert isinstance(first, Message)
    assert again == Repeated(first)
    assert isinstance(other, Refusal)
    assert other == KeyUsed(message=first)
    assert isinstance(last, Message)
    assert last.id == first.id + 1
    assert world.ben.lines() == ["hello", "bye"]
    assert world.messages.batches == [4], "it is no reason to take the batch apart"


async def test_nothing_is_published_before_an_earlier_outcome_is_known(
    autojump_clock: object, world: World
) -> None:
    world.messages.after[0] = OutcomeUnknown("silence")
    world.messages.reading = [StorageDown("down"), StorageDown("down")]
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


async def test_leaving_commits_and_publishes_accepted_writes(autojump_clock: object) -> None:
    async with opened_world() as world:
        await world.send("one", "two", "three")
    assert world.ben.lines() == ["one", "two", "three"]
    assert len(world.ben.outcomes) == 3


class Rejecting(FaultyMessages):
    """Won't take two drafts at once, so that each batch is bisected down to its drafts."""

    async def save(self, writes: Sequence[Write]) -> list[Saved]:
        if len(writes) > 1:
            await trio.lowlevel.checkpoint()
            self.batches.append(len(writes))
            raise WriteRejected("one of them")
        return await super().save(writes)


@pytest.mark.parametrize(("half", "got"), [(1, "two"), (2, "one")])
async def test_nobody_waits_for_another_try_where_half_of_a_batch_failed_late(
    autojump_clock: object, half: int, got: str
) -> None:
    async with opened_world(kind=Rejecting) as world:
        world.messages.silence = 5.0
        world.messages.before = {half: StorageDown("nobody there")}  # of the saves: both, "one", "two"
        await world.send("one", "two")
        await trio.sleep(0.1)
        await world.send("behind them")
        await trio.sleep(5)
        assert world.messages.batches == [2, 1, 1]
        assert [text for text, _ in world.ben.outcomes] == ["one", "two", "behind them"]
        assert world.ben.outcomes[half - 1][1] == world.ben.outcomes[2][1] == NOT_SAVED
        assert world.ben.lines() == [got]


@pytest.mark.parametrize("error", [None, WriteRejected("never")], ids=["saved", "rejected"])
async def test_writes_after_a_slow_batch_are_tried_if_the_database_answered(
    autojump_clock: object, world: World, error: Exception | None
) -> None:
    save = world.messages.save

    async def save_slowly(drafts: Sequence[Draft]) -> list[Saved]:
        await trio.sleep(2)
        if error is not None and drafts[0].text == "first":
            raise error
        return await save(drafts)

    world.messages.save = save_slowly  # type: ignore[method-assign]
    await world.send("first")
    await trio.sleep(0.1)
    await world.send("behind it")
    await trio.sleep(5)
    assert world.ben.lines() == (["first", "behind it"] if error is None else ["behind it"])
    assert isinstance(world.ben.outcomes[1][1], Message)


async def test_a_batch_is_bisected_down_to_the_one_that_can_not_be_stored(autojump_clock: object) -> None:
    async with opened_world(kind=Rejecting) as world:
        await world.send(*(f"line {n}" for n in range(8)))
        await world.rest()
        assert world.messages.batches == [8, 4, 2, 1, 1, 2, 1, 1, 4, 2, 1, 1, 2, 1, 1]
        assert world.ben.lines() == [f"line {n}" for n in range(8)]


async def test_writes_after_a_batch_that_fails_fast_are_tried(autojump_clock: object, world: World) -> None:
    world.messages.silence = 0.5
    world.messages.before = {0: StorageDown("nobody there")}
    await world.send("first")
    await trio.sleep(0.1)
    await world.send("behind it")
    await trio.sleep(0.5)
    await world.rest()
    assert world.ben.outcomes[0] == ("first", NOT_SAVED)
    assert world.ben.lines() == ["behind it"]


async def test_nothing_is_committed_while_the_backlog_is_full(
    autojump_clock: object, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on = trio.Event()
    monkeypatch.setattr(world.journal._broadcaster, "keep_pace", may_go_on.wait)
    for text in ("one", "two"):
        await world.send(text)
        await world.rest()
    assert world.messages.batches == [1]
    may_go_on.set()
    await world.rest()
    assert world.messages.batches == [1, 1]


async def test_a_transaction_has_so_many_drafts_and_no_more(autojump_clock: object, world: World) -> None:
    await world.send(*(f"line {n}" for n in range(600)))
    await world.rest()
    assert world.messages.batches == [256, 256, 88]
    assert world.ben.lines() == [f"line {n}" for n in range(600)]


async def test_a_sender_cancelled_while_it_waits_for_a_place_submits_nothing(
    autojump_clock: object, world: World
) -> None:
    gate = trio.Event()
    save = world.messages.save

    async def wait_and_save(drafts: Sequence[Draft]) -> list[Saved]:
        await gate.wait()
        return await save(drafts)

    world.messages.save = wait_and_save  # type: ignore[method-assign]
    sent = 0

    async def send_on() -> None:
        nonlocal sent
        while True:
            await world.send(f"line {sent}")
            sent += 1

    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send_on)
            await world.rest()
            nursery.cancel_scope.cancel()
    finally:
        gate.set()
    assert sent == 4096 + 256  # of which a batch is being saved
    with trio.fail_after(5):
        await world.journal.drain()
    assert [text for text, _ in world.ben.outcomes] == [f"line {n}" for n in range(sent)]
    assert world.ben.lines() == [f"line {n}" for n in range(sent)]


async def test_quiet_waits_until_all_outcomes_are_published_or_refused(
    autojump_clock: object, world: World
) -> None:
    world.messages.silence = 5.0
    world.messages.before = {0: StorageDown("nobody there")}
    quiet: list[float] = []

    async def wait() -> None:
        await world.journal.drain()
        quiet.append(trio.current_time())
        assert len(world.ben.outcomes) == 2

    await world.send("first")
    await trio.sleep(0.1)
    await world.send("behind it")
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await trio.sleep(4)
        assert quiet == []
    assert quiet[0] - began == pytest.approx(4.9)


async def test_an_unknown_outcome_is_looked_up_also_when_nobody_sends_anything(
    autojump_clock: object, world: World
) -> None:
    world.messages.after[0] = OutcomeUnknown("silence")
    world.messages.reading = [StorageDown("down")] * 3
    await world.send("one")
    await trio.sleep(1.4)
    assert world.ben.lines() == []
    await trio.sleep(0.2)
    assert world.ben.lines() == ["one"]


class Steps(trio.abc.Instrument):
    """Notes when the writing task lets others run."""

    def __init__(self, happened: list[str]) -> None:
        self._happened = happened

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        if task.name.endswith("Journal.write"):
            self._happened.append("others run")


@pytest.mark.parametrize("known", ["at once", "late"])
async def test_a_known_commit_is_announced_and_acknowledged_in_the_same_step(
    autojump_clock: object, world: World, known: str
) -> None:
    happened: list[str] = []
    messages, broadcaster, ben = world.messages, world.journal._broadcaster, world.ben
    save, read_log, announce, settled = messages.save, messages.read_log, broadcaster.announce, ben.on_outcome

    async def save_and_tell(drafts: Sequence[Draft]) -> list[Saved]:
        saved = await save(drafts)
        happened.append("saved")
        return saved

    async def read_and_tell(after_id: int, limit: int, most_bytes: int) -> list[Message]:
        landed = await read_log(after_id, limit, most_bytes)
        happened.append("read" if landed else "nothing more")
        return landed

    def announce_and_tell(batch: list[Announcement]) -> None:
        happened.append("announced")
        announce(batch)

    def be_told(draft: Draft, outcome: Outcome) -> None:
        happened.append("answered")
        settled(draft, outcome)

    messages.save, messages.read_log = save_and_tell, read_and_tell  # type: ignore[method-assign]
    broadcaster.announce, ben.on_outcome = announce_and_tell, be_told  # type: ignore[method-assign]
    if known == "late":
        messages.after[0] = OutcomeUnknown("silence")
    steps = Steps(happened)
    trio.lowlevel.add_instrument(steps)
    try:
        await world.send("one", "two")
        await world.rest()
    finally:
        trio.lowlevel.remove_instrument(steps)
    if known == "late":
        begin = happened.index("read")
        assert happened[begin : begin + 3] == ["read", "announced", "others run"]
    else:
        begin = happened.index("saved")
        assert happened[begin : begin + 5] == ["saved", "announced", "answered", "answered", "others run"]


async def test_a_failing_journal_says_so_until_it_commits_again_also_without_writes(
    autojump_clock: object, world: World
) -> None:
    assert world.journal.problem is None
    world.messages.before = dict.fromkeys(range(3), StorageDown("down"))
    await world.send("lost")
    await world.rest()
    assert world.journal.problem == "the last commit failed"
    await trio.sleep(0.6)  # one try more
    assert world.journal.problem == "the last commit failed"
    await trio.sleep(1.0)  # the next two: the second works
    assert world.journal.problem is None
    assert world.messages.batches == [1, 0, 0, 0]
    await trio.sleep(60)
    assert len(world.messages.batches) == 4, "a journal that works commits nothing by itself"


async def test_a_commit_that_takes_long_is_a_problem_before_it_has_failed(
    autojump_clock: object, world: World
) -> None:
    world.messages.silence = 10.0
    world.messages.before[0] = OutcomeUnknown("silence")
    await world.send("slow")
    await trio.sleep(4.9)
    assert world.journal.problem is None
    await trio.sleep(0.2)
    assert world.journal.problem == "no commit for 5 s"


async def test_a_write_waits_for_one_try_of_an_idle_journal_and_not_for_two(
    autojump_clock: object, world: World
) -> None:
    world.messages.silence = 5.0
    world.messages.before = dict.fromkeys(range(9), StorageDown("down"))
    await world.send("first")
    await trio.sleep(5.6)  # an idle try has begun
    await world.send("second")
    await trio.sleep(5.0)
    assert [text for text, _ in world.ben.outcomes] == ["first", "second"]
    assert world.journal.pending_writes.count == 0


async def test_an_outage_is_logged_once_not_for_each_refused_batch(
    autojump_clock: object, world: World
) -> None:
    world.messages.before = dict.fromkeys(range(4), StorageDown("down"))
    with capture_logs() as logs:
        for text in ("one", "two", "three"):
            await world.send(text)
            await world.rest()
        await trio.sleep(5)
    assert [entry["event"] for entry in logs] == [
        "writes refused: the database does not work; trying again twice a second",
        "the database takes writes again",
    ]


async def test_commits_and_refusals_are_counted(autojump_clock: object) -> None:
    metrics = Metrics()
    async with opened_world(metrics=metrics) as world:
        await world.send("one", "two")
        await world.rest()
        world.messages.before = {1: StorageDown("down")}
        await world.send("three")
        await world.rest()
        reacted = await AwaitedWrite().submit(world.journal, Reaction(GARDEN, 1, 1, "👍", True, 1.0))
        assert isinstance(reacted, Reacted)
        await world.rest()
    totals = metrics.totals()
    assert (totals["messages"], totals["commits"], totals["refused"]) == (2, 2, 1)
    assert 'chat_changes_total{kind="reacted"} 1.0' in metrics.render().decode()


@pytest.mark.parametrize("known", ["at once", "late"])
async def test_a_direct_message_is_published_to_both_with_its_recipient(
    autojump_clock: object, known: str
) -> None:
    async with opened_world() as world:
        announced: list[Announcement] = []
        broadcaster = world.journal._broadcaster
        announce = broadcaster.announce
        broadcaster.announce = lambda batch: (announced.extend(batch), announce(batch))[1]  # type: ignore[method-assign]
        subscribers = {number: Ben(lambda: 0) for number in (7, 8)}
        for number, subscriber in subscribers.items():
            world.hub.subscribe(DirectInbox(number), TALKER, subscriber)
        if known == "late":
            world.messages.after[0] = OutcomeUnknown("silence")
        for sender, number in ((1, 7), (2, 8)):
            pair = await world.storage.rooms.direct_room(sender, number)
            assert pair is not None
            people = Pair(sender, number)
            draft = Draft(pair.id, sender, "ada", f"for {number}", trio.current_time(), people=people)
            await world.journal.submit(draft, Aside(world.ben))
        await world.rest()
        await world.send("and for all")
        await world.rest()
        assert {number: subscriber.lines() for number, subscriber in subscribers.items()} == {
            7: ["for 7"],
            8: ["for 8"],
        }
        assert world.ben.lines() == ["and for all"]
        said = [each.change for each in announced if isinstance(each.change, Message)]
        assert [message.peer for message in said] == [Peer(7, ""), Peer(8, ""), None]


async def test_an_author_does_not_get_its_message_again(autojump_clock: object, world: World) -> None:
    draft = Draft(GARDEN, 1, "ada", "mine", trio.current_time())
    await world.journal.submit(draft, Aside(world.ben), world.ben)
    await world.send("another's")
    await world.rest()
    assert world.ben.lines() == ["another's"]


async def test_quiet_waits_for_a_single_draft_and_sleeps_meanwhile(
    autojump_clock: object, world: World
) -> None:
    await world.send("before")  # so that a batch was committed
    await world.rest()
    gate, save = trio.Event(), world.messages.save

    async def wait_and_save(drafts: Sequence[Draft]) -> list[Saved]:
        await gate.wait()
        return await save(drafts)

    world.messages.save = wait_and_save  # type: ignore[method-assign]
    quiet: list[bool] = []

    async def wait() -> None:
        await world.journal.drain()
        quiet.append(gate.is_set())

    await world.send("one")
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            with trio.fail_after(5):
                await world.rest()  # nobody asks again and again
            gate.set()
    finally:
        gate.set()
    assert quiet == [True]


class Words:
    """An encoder that has words for what becomes of messages."""

    echoes = True

    def encode(self, event: Event) -> bytes:
        match event:
            case Said(message):
                return b"said %d\n" % message.seq
            case Edited():
                return b"edited %d: %s\n" % (event.seq, event.text.encode())
            case Deleted():
                return b"deleted %d\n" % event.seq
            case Reacted():
                return b"reacted %d: %d\n" % (event.seq, event.count)
        return b""


class Keeps:
    """A submitter that keeps its outcomes."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        self._outcomes = outcomes

    def on_outcome(self, write: Write, outcome: Outcome) -> None:
        self._outcomes.append(outcome)


class Listener:
    """A subscriber that keeps what it is offered."""

    def __init__(self) -> None:
        self.received = b""

    def offer(self, blob: bytes) -> None:
        self.received += blob

    def when_written(self, note: Callable[[], None], behind: int = 0) -> None:
        raise AssertionError("nobody asks")


@pytest.mark.parametrize("known", ["at once", "late"])
async def test_changes_of_a_message_reach_dialects_that_encode_them_in_order(
    autojump_clock: object, known: str
) -> None:
    async with opened_world() as world:
        listener = Listener()
        world.hub.subscribe(GARDEN, Words(), listener)
        await world.send("1")
        await world.rest()
        if known == "late":
            world.messages.after[1] = OutcomeUnknown("silence")
        outcomes: list[Outcome] = []
        changes: list[Write] = [
            Edit(GARDEN, 1, 1, "one", 1.0),
            Reaction(GARDEN, 1, 2, "👍", True, 1.0),
            Reaction(GARDEN, 1, 2, "👍", True, 1.0),
            Draft(GARDEN, 2, "cem", "2", 1.0),
            Deletion(GARDEN, 2, 2, 1.0),
            Edit(GARDEN, 9, 1, "nothing", 1.0),
        ]
        for change in changes:
            await world.journal.submit(change, Keeps(outcomes), world.ben)
        await world.rest()
        await world.send("3")
        await world.rest()
    # Fmt: skip.
    assert listener.received.decode().splitlines() == [
        "said 1",
        "edited 1: one",
        "reacted 1: 1",
        *(["said 2"] if known == "at once" else []),  # read late, it is deleted already
        "deleted 2",
        "said 3",
    ]
    assert world.ben.lines() == ["1", "3"], "who has no words for it hears nothing of it"
    if known == "at once":
        assert list(map(type, outcomes)) == [Edited, Reacted, Unchanged, Message, Deleted, Refusal]
        assert outcomes[-1] is NO_MESSAGE
    else:
        assert outcomes == [OUTCOME_UNKNOWN] * 6
