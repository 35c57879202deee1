"""The past of a room: in order, whole, whatever the number of pages and the order in which they come."""

from collections.abc import AsyncGenerator

import pytest
import trio
import trio.testing

from chat.domain.entities import LOBBY_ID, Draft, Message
from chat.domain.failures import StorageDown
from chat.domain.ports import Messages, NewPerson
from chat.engine.events import Said
from chat.engine.history import PAGE, PIECE, History, open_history
from chat.protocols.talker.codec import TALKER
from tests.reference.storage import MemoryStorage
from tests.reference.storage.messages import MemoryMessages


class SlowMessages(MemoryMessages):
    """Pages come back the later the older they are; counts how many are read at once."""

    reading = most = queries = 0
    down = False

    async def timeline(
        self, room_id: int, limit: int, most_bytes: int, *, after: int | None = None, **bounds: int | None
    ) -> list[Message]:
        self.queries += 1
        if after is None:  # the last page
            await trio.sleep(1)
        else:
            self.reading += 1
            self.most = max(self.most, self.reading)
            try:
                await trio.sleep(10 - after / PAGE)
            finally:
                self.reading -= 1
        if self.down:
            raise StorageDown("down")
        return await super().timeline(room_id, limit, most_bytes, after=after, **bounds)


class Past:
    """A history over a lobby in which `count` lines were said."""

    def __init__(self, messages: SlowMessages, history: History, saved: list[Message]) -> None:
        self.messages = messages
        self.history = history
        self._saved = saved

    async def recall(self, count: int) -> bytes:
        got = []

        async def tell(frames: bytes) -> None:
            got.append(frames)
            await trio.lowlevel.checkpoint()

        await self.history.recall(LOBBY_ID, count, TALKER, tell)
        return b"".join(got)

    def last(self, count: int) -> bytes:
        """What recalling should tell."""
        return b"".join(TALKER.encode(Said(message)) for message in self._saved[-count:])


@pytest.fixture
async def past(autojump_clock: object) -> AsyncGenerator[Past]:
    storage = MemoryStorage()
    await storage.users.add(NewPerson(name="ada", password_hash=b""))
    messages = SlowMessages(storage.users, storage.rooms, storage.files)
    saved = await messages.save([Draft(LOBBY_ID, 1, "ada", f"line {n}", float(n)) for n in range(950)])
    async with open_history(storage.rooms, messages) as history:
        yield Past(messages, history, [message for message in saved if message is not None])


@pytest.mark.parametrize("count", [1, 99, 100, 101, 250, 949, 950, 1000])
async def test_the_last_messages_are_sent_oldest_first(
    autojump_clock: object, past: Past, count: int
) -> None:
    assert await past.recall(count) == past.last(count)


async def test_pages_are_read_at_once_but_not_all(autojump_clock: object, past: Past) -> None:
    await past.recall(1000)
    assert past.messages.most == 2


async def test_a_short_answer_does_not_wait_for_long_ones(autojump_clock: object, past: Past) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(past.recall, 1000)
        await trio.testing.wait_all_tasks_blocked()
        started = trio.current_time()
        assert await past.recall(50) == past.last(50)
        assert trio.current_time() - started == pytest.approx(1), "its own query takes a second"
        nursery.cancel_scope.cancel()


async def test_large_requests_take_turns_with_others(autojump_clock: object, past: Past) -> None:
    """Of 20 who ask for ten ranges each, none has all of them before each has some."""
    whole: list[int] = []
    pieces = [0] * 20

    async def recall(n: int) -> None:
        async def tell(_frames: bytes) -> None:
            pieces[n] += 1
            await trio.lowlevel.checkpoint()

        await past.history.recall(LOBBY_ID, 1000, TALKER, tell)
        whole.append(min(pieces))

    async with trio.open_nursery() as nursery:
        for n in range(20):
            nursery.start_soon(recall, n)
    assert whole[0] >= 8


@pytest.mark.parametrize("count", [1, 16, 50, 100, 101, 199])
async def test_long_texts_are_read_and_sent_in_pieces(autojump_clock: object, count: int) -> None:
    storage = MemoryStorage()
    await storage.users.add(NewPerson(name="ada", password_hash=b""))
    long = [Draft(LOBBY_ID, 1, "ada", f"{n} " + "\x01" * 3900, float(n)) for n in range(199)]
    saved = [message for message in await storage.messages.save(long) if message is not None]
    slow = trio.CapacityLimiter(1)
    got: list[bytes] = []
    read = 0

    class Counted(MemoryMessages):
        async def timeline(
            self, room_id: int, limit: int, most_bytes: int, *, after: int | None = None, **bounds: int | None
        ) -> list[Message]:
            nonlocal read
            piece = await storage.messages.timeline(room_id, limit, most_bytes, after=after, **bounds)
            if after is None:  # the last page, which says how long the room is
                return piece
            read += sum(len(TALKER.encode(Said(message))) for message in piece)
            return piece

    async def tell(frames: bytes) -> None:
        async with slow:
            got.append(frames)
            await trio.testing.wait_all_tasks_blocked()
            assert read - sum(map(len, got)) <= 2 * (PIECE + 4096)

    messages: Messages = Counted(storage.users, storage.rooms, storage.files)
    async with open_history(storage.rooms, messages) as history:
        await history.recall(LOBBY_ID, count, TALKER, tell)
    assert b"".join(got) == b"".join(TALKER.encode(Said(message)) for message in saved[-count:])
    assert max(map(len, got)) < 140_000


async def test_concurrent_requests_for_the_last_page_share_a_query(
    autojump_clock: object, past: Past
) -> None:
    got: list[bytes] = []

    async def recall() -> None:
        got.append(await past.recall(50))

    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(recall)
    assert got == [past.last(50)] * 100
    assert past.messages.queries <= 2


@pytest.mark.parametrize("count", [10, 500])
async def test_a_database_outage_is_answered_as_such(autojump_clock: object, past: Past, count: int) -> None:
    past.messages.down = True
    with pytest.raises((StorageDown, BaseExceptionGroup)) as raised:
        await past.recall(count)
    assert isinstance(raised.value, StorageDown) or raised.group_contains(StorageDown)
    past.messages.down = False
    assert await past.recall(10) == past.last(10)
