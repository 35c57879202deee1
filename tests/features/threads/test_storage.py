"""What a storage keeps of threads; each test runs in memory and on PostgreSQL."""

import time
from typing import Any

import pytest

from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Person, Room
from chat.domain.messages.changes import Deletion, Edit, Removal, RoomDeletion
from chat.domain.messages.reading import ReadMark
from chat.domain.messages.sync_types import ChangeRange, MessageNow
from chat.domain.ports import NewPerson, Storage
from chat.domain.rooms.room_history import HistoryQuery
from chat.features.retention.ports import RETENTION
from chat.features.retention.rules import DAY, Rules
from chat.features.threads.use_cases import THREADS, ThreadPage, ThreadSummary
from tests.support.replays import replay

NOW = 1_700_000_000.5
ADA, BEN, CEM = range(1, 4)
FIRST = 3
"""The seq of the first text: two joinings stand before it."""
PLENTY = 1 << 20


@pytest.fixture
async def garden(storage: Storage) -> int:
    """Ada's room, in which Ben and Cem are, with two messages of hers."""
    for name in ("ada", "ben", "cem"):
        assert isinstance(await storage.users.add(NewPerson(name=name, password_hash=b"x")), Person)
    room = await storage.rooms.create("Garden", ADA, is_private=False)
    assert isinstance(room, Room)
    await storage.messages.save([Draft(room.id, who, "", "", NOW, MessageKind.JOIN) for who in (BEN, CEM)])
    await say(storage, room.id, "tea?", ADA)
    await say(storage, room.id, "who waters the roses?", ADA)
    return room.id


async def say(
    storage: Storage, room_id: int, text: str, sender: int = BEN, *, reply: int | None = None
) -> Message:
    (saved,) = await storage.messages.save([Draft(room_id, sender, "", text, NOW, reply=reply)])
    assert isinstance(saved, Message), saved
    return saved


async def read(storage: Storage, room_id: int, seq: int, reader: int = ADA, **asked: Any) -> ThreadPage:
    found = await storage.feature_ports[THREADS].read(reader, room_id, seq, HistoryQuery(**asked), PLENTY)
    assert found is not None
    return found


async def texts(storage: Storage, room_id: int, seq: int, **asked: Any) -> list[str]:
    return [each.text for each in (await read(storage, room_id, seq, **asked)).replies]


async def follows(storage: Storage, room_id: int, seq: int) -> list[int]:
    """Who follows a thread."""
    return [who for who in (ADA, BEN, CEM) if (await read(storage, room_id, seq, who)).thread.is_followed]


async def test_a_reply_to_a_reply_is_in_the_same_thread(storage: Storage, garden: int) -> None:
    start = await storage.messages.newest_id()
    one = await say(storage, garden, "yes", reply=FIRST)
    two = await say(storage, garden, "with milk?", CEM, reply=one.seq)
    assert (one.root, two.root) == (FIRST, FIRST)
    for seq in (FIRST, one.seq, two.seq):
        thread = await read(storage, garden, seq)
        assert thread.message is not None
        assert (thread.thread.root, thread.message.text) == (FIRST, "tea?")
        assert [(each.text, each.reply, each.root) for each in thread.replies] == [
            ("yes", FIRST, FIRST),
            ("with milk?", one.seq, FIRST),
        ]
        assert (thread.is_first, thread.is_last) == (True, True)
    logged: list[Any] = await storage.messages.read_log(start, 9, PLENTY)
    assert [(each.reply, each.root) for each in logged] == [(FIRST, FIRST), (one.seq, FIRST)]
    replayed: list[Any] = await replay(storage, BEN, [ChangeRange(garden, start, start + 2)], PLENTY)
    assert [(each.reply, each.root) for each in replayed if isinstance(each, MessageNow)] == [
        (FIRST, FIRST),
        (one.seq, FIRST),
    ]


async def test_a_message_without_replies_has_an_empty_thread(storage: Storage, garden: int) -> None:
    thread = await read(storage, garden, FIRST)
    assert thread.thread == ThreadSummary(root=FIRST)
    assert (thread.replies, thread.is_first, thread.is_last, thread.unread) == ([], True, True, 0)
    threads = storage.feature_ports[THREADS]
    assert await threads.read(ADA, garden, 99, HistoryQuery(), PLENTY) is None
    assert await threads.read(ADA, 99, 1, HistoryQuery(), PLENTY) is None
    assert await threads.follow(ADA, garden, 99, is_on=True) is None
    assert await threads.of_room(ADA, garden, 0, 99, 9) == []


async def test_threads_of_a_room_are_listed_by_their_roots(storage: Storage, garden: int) -> None:
    one = await say(storage, garden, "yes", reply=FIRST)
    two = await say(storage, garden, "I do", reply=FIRST + 1)
    three = await say(storage, garden, "me too", CEM, reply=two.seq)
    threads = storage.feature_ports[THREADS]
    first = ThreadSummary(root=FIRST, replies=1, last_seq=one.seq, last_at=NOW, is_followed=True)
    second = ThreadSummary(root=FIRST + 1, replies=2, last_seq=three.seq, last_at=NOW, is_followed=True)
    assert await threads.of_room(ADA, garden, 0, 99, 9) == [second, first]
    assert await threads.of_room(ADA, garden, 0, 99, 1) == [second]
    assert await threads.of_room(ADA, garden, 0, FIRST + 1, 9) == [first]
    assert await threads.of_room(ADA, garden, FIRST, 99, 9) == [second]


async def test_a_long_thread_is_read_in_pages(storage: Storage, garden: int) -> None:
    for nth in range(7):
        await say(storage, garden, f"{nth}", reply=FIRST)
        await say(storage, garden, "beside it")
    at = FIRST + 2

    async def page(**asked: Any) -> tuple[str, bool, bool]:
        found = await read(storage, garden, FIRST, **asked)
        assert found.thread.replies == 7
        return "".join(each.text for each in found.replies), found.is_first, found.is_last

    assert await page(limit=3) == ("456", False, True)
    assert await page(limit=3, before=at + 8) == ("123", False, False)
    assert await page(limit=3, before=at + 2) == ("0", True, False)
    assert await page(limit=3, before=at) == ("", True, False)
    assert await page(limit=3, after=0) == ("012", True, False)
    assert await page(limit=3, after=at + 12) == ("", False, True)
    assert await page(limit=4, around=at + 6) == ("1234", False, False)
    assert await page(limit=4, around=at) == ("0123", True, False)
    assert await page(limit=4, around=at + 12) == ("3456", False, True)
    assert await page(limit=9, around=at + 7) == ("0123456", True, True)


async def test_long_texts_make_a_page_shorter(storage: Storage, garden: int) -> None:
    for nth in range(4):
        await say(storage, garden, f"{nth}" * 1000, reply=FIRST)
    threads = storage.feature_ports[THREADS]
    for asked, got in ((HistoryQuery(), "23"), (HistoryQuery(after=0), "01")):
        page = await threads.read(ADA, garden, FIRST, asked, 2500)
        assert page is not None
        assert "".join(each.text[0] for each in page.replies) == got
        assert (page.is_first, page.is_last) == (got == "01", got == "23")


async def test_deleted_replies_are_left_out_and_a_deleted_root_keeps_its_thread(
    storage: Storage, garden: int
) -> None:
    one, two = [await say(storage, garden, text, reply=FIRST) for text in ("yes", "no")]
    await storage.messages.save([Deletion(garden, two.seq, BEN, NOW)])
    thread = await read(storage, garden, FIRST)
    assert (thread.thread.replies, thread.thread.last_seq) == (1, one.seq)
    assert await texts(storage, garden, FIRST) == ["yes"]
    answer = await say(storage, garden, "why?", CEM, reply=two.seq)
    assert answer.root == FIRST
    await storage.messages.save([Deletion(garden, FIRST, ADA, NOW)])
    thread = await read(storage, garden, FIRST)
    assert thread.message is not None
    assert (thread.message.text, thread.message.deleted_at) == ("", NOW)
    assert await texts(storage, garden, answer.seq) == ["yes", "why?"]
    assert (thread.thread.replies, thread.thread.last_seq) == (2, answer.seq)


async def test_one_follows_what_one_began_replied_in_or_is_mentioned_in(
    storage: Storage, garden: int
) -> None:
    assert await follows(storage, garden, FIRST) == []
    one = await say(storage, garden, "yes", reply=FIRST)
    assert await follows(storage, garden, one.seq) == [ADA, BEN]
    await say(storage, garden, "and @cem?", reply=FIRST)
    assert await follows(storage, garden, FIRST) == [ADA, BEN, CEM]
    two = await say(storage, garden, "I do, @all", reply=FIRST + 1)
    assert await follows(storage, garden, FIRST + 1) == [ADA, BEN]
    await storage.messages.save([Edit(garden, two.seq, BEN, "I do, or @cem", NOW)])
    assert await follows(storage, garden, FIRST + 1) == [ADA, BEN, CEM]


async def test_who_is_mentioned_in_the_first_message_follows_its_thread(
    storage: Storage, garden: int
) -> None:
    asked = await say(storage, garden, "@cem, when?", ADA)
    await say(storage, garden, "at five", reply=asked.seq)
    assert await follows(storage, garden, asked.seq) == [ADA, BEN, CEM]


async def test_an_unfollowed_thread_is_followed_by_oneself_alone(storage: Storage, garden: int) -> None:
    threads = storage.feature_ports[THREADS]
    one = await say(storage, garden, "yes", reply=FIRST)
    assert await threads.follow(BEN, garden, one.seq, is_on=False) == FIRST
    await say(storage, garden, "or no", reply=FIRST)
    await say(storage, garden, "@ben?", ADA, reply=one.seq)
    assert await follows(storage, garden, FIRST) == [ADA]
    for who in (BEN, CEM):
        assert await threads.follow(who, garden, FIRST, is_on=True) == FIRST
    assert await follows(storage, garden, FIRST) == [ADA, BEN, CEM]
    assert await threads.follow(CEM, garden, FIRST + 1, is_on=True) == FIRST + 1  # nobody has replied yet
    assert await follows(storage, garden, FIRST + 1) == [CEM]


async def test_what_is_unread_of_a_thread_comes_from_the_mark_of_the_room(
    storage: Storage, garden: int
) -> None:
    one = await say(storage, garden, "yes", reply=FIRST)
    await say(storage, garden, "beside it")
    two = await say(storage, garden, "no", CEM, reply=FIRST)

    async def unread(who: int) -> int:
        return (await read(storage, garden, FIRST, who)).unread

    assert [await unread(who) for who in (ADA, BEN, CEM)] == [2, 1, 1]
    await storage.timelines.mark_read({(garden, ADA): ReadMark(one.seq)})
    assert await unread(ADA) == 1
    await storage.timelines.mark_read({(garden, ADA): ReadMark(two.seq)})
    assert await unread(ADA) == 0


async def test_threads_go_with_their_room(storage: Storage, garden: int) -> None:
    await say(storage, garden, "yes", reply=FIRST)
    await storage.messages.save([RoomDeletion(garden, ADA, NOW)])
    threads = storage.feature_ports[THREADS]
    assert await threads.read(ADA, garden, FIRST, HistoryQuery(), PLENTY) is None
    assert await threads.of_room(ADA, garden, 0, 99, 9) == []
    assert await threads.follow(ADA, garden, FIRST, is_on=True) is None
    while await storage.rooms.remove_deleted(100):
        pass


async def test_a_thread_stays_after_retention_has_removed_its_first_message(storage: Storage) -> None:
    for name in ("ada", "ben"):
        assert isinstance(await storage.users.add(NewPerson(name=name, password_hash=b"x")), Person)
    now = time.time()

    async def write(days_ago: float, reply: int | None = None) -> Message:
        (saved,) = await storage.messages.save(
            [Draft(LOBBY_ID, BEN, "", f"{days_ago} days", now - days_ago * DAY, reply=reply)]
        )
        assert isinstance(saved, Message), saved
        return saved

    for days_ago, reply in ((90, None), (60, 1), (50, None), (40, 3), (1, 2), (1, None)):
        await write(days_ago, reply)
    retention = storage.feature_ports[RETENTION]
    assert await retention.claim(1, 60.0)
    (room,) = await retention.too_old(Rules(message_days=30, grace=0.0), 0, 9)
    is_first = True
    while await retention.remove_messages(1, room, 100, is_first=is_first):
        is_first = False

    threads = storage.feature_ports[THREADS]
    for seq in (1, 5):
        thread = await read(storage, LOBBY_ID, seq, BEN)
        assert (thread.message, thread.thread.replies, thread.thread.last_seq) == (None, 1, 5)
        assert [each.seq for each in thread.replies] == [5]
        assert thread.thread.is_followed
    assert [(each.root, each.replies) for each in await threads.of_room(BEN, LOBBY_ID, 0, 99, 9)] == [(1, 1)]
    for seq in (2, 3, 4):
        assert await threads.read(BEN, LOBBY_ID, seq, HistoryQuery(), PLENTY) is None
    assert [(await write(0, reply)).root for reply in (5, 2, 6)] == [1, 2, 6]


async def test_those_who_follow_a_thread_and_are_in_its_room_are_asked_into_another(
    storage: Storage, garden: int
) -> None:
    threads = storage.feature_ports[THREADS]

    async def people(root: int = FIRST, most: int = 9) -> list[int]:
        return await threads.people(garden, root, most)

    assert await people() == [ADA]
    await threads.follow(ADA, garden, FIRST, is_on=False)
    assert await people() == []
    await say(storage, garden, "me", BEN, reply=FIRST)
    await threads.follow(CEM, garden, FIRST, is_on=True)
    assert await people() == [BEN, CEM]
    assert await people(most=1) == [BEN]
    await storage.messages.save([Removal(garden, BEN, ADA, NOW)])
    assert await people() == [CEM]
    lobby = await say(storage, LOBBY_ID, "all", BEN)
    assert await threads.people(LOBBY_ID, lobby.seq, 9) == [BEN]
