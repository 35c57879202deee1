"""One contract for a room's history in its current state. Each test runs on memory and on PostgreSQL."""

from chat.domain.entities import LOBBY_ID, MessageKind
from chat.domain.messages.changes import Deletion, Edit, Reaction, Removal, RoomDeletion
from chat.domain.messages.sync_types import MessageNow, Page, ReactionCount
from chat.domain.ports import NewPerson, Storage
from tests.storage.test_timelines import EVER, NOW, PLENTY, add, joining, make_room, say, write


async def page(
    storage: Storage,
    room: int,
    limit: int = 100,
    most_bytes: int = PLENTY,
    up_to_id: int = EVER,
    *,
    reader: int = 1,
    after: int | None = None,
    before: int | None = None,
) -> Page:
    found = await storage.timelines.history(
        reader, room, limit, most_bytes, up_to_id, after=after, before=before
    )
    assert found is not None
    return found


def seqs(page: Page) -> list[int]:
    return [message.seq for message in page.messages]


async def test_an_empty_room_has_an_empty_page_and_a_missing_room_none(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    garden = await make_room(storage, ada)
    assert await page(storage, garden) == Page([], 0, 0)
    await write(storage, RoomDeletion(garden, ada, NOW))
    assert await storage.timelines.history(ada, garden, 10, PLENTY, EVER) is None
    assert await storage.timelines.history(ada, 99, 10, PLENTY, EVER, after=0) is None


async def test_a_page_is_the_newest_or_before_or_after_a_message(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    await say(storage, ada, LOBBY_ID, *"abcdefgh")
    assert seqs(await page(storage, LOBBY_ID)) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert seqs(await page(storage, LOBBY_ID, 3)) == [6, 7, 8]
    assert seqs(await page(storage, LOBBY_ID, 3, before=6)) == [3, 4, 5]
    assert seqs(await page(storage, LOBBY_ID, 3, before=1)) == []
    assert seqs(await page(storage, LOBBY_ID, 3, after=0)) == [1, 2, 3]
    assert seqs(await page(storage, LOBBY_ID, 3, after=6)) == [7, 8]
    assert seqs(await page(storage, LOBBY_ID, 3, after=8)) == []
    assert seqs(await page(storage, LOBBY_ID, 100, after=2, before=5)) == [3, 4]
    assert (await page(storage, LOBBY_ID, 3, before=1)).seq == 8
    assert seqs(await page(storage, LOBBY_ID, 3, before=EVER)) == [6, 7, 8]
    assert seqs(await page(storage, LOBBY_ID, 3, after=EVER)) == []


async def test_messages_are_as_they_are_now_and_of_deleted_ones_there_is_no_text(storage: Storage) -> None:
    ada, ben = await add(storage, "Ada", "Ben")
    garden = await make_room(storage, ada)
    await write(storage, joining(garden, ben))
    said = await say(storage, ben, garden, "helo", "oops", key=None)
    (keyed,) = await say(storage, ben, garden, "once", key="k")
    await write(
        storage,
        Edit(garden, 2, ben, "hello", NOW + 1),
        Deletion(garden, 3, ada, NOW + 2),
        Reaction(garden, 2, ada, "👍", True, NOW + 3),
        Removal(garden, ben, ben, NOW + 4),
    )
    got = await page(storage, garden, reader=ben)
    assert (got.pos, got.seq) == (8, 4)
    join, hello, oops, once = got.messages
    assert (join.kind, join.sender_id, join.text) == (MessageKind.JOIN, ben, "")
    assert hello == MessageNow(
        id=said[0].id,
        room_id=garden,
        seq=2,
        pos=2,
        changed_pos=7,
        sender_id=ben,
        sender_name="Ben",
        kind=MessageKind.TEXT,
        text="hello",
        created_at=NOW,
        edited_at=NOW + 1,
        reactions=(ReactionCount("👍", 1, (ada,), False),),
    )
    assert (oops.text, oops.deleted_at, oops.deleted_by, oops.changed_pos) == ("", NOW + 2, ada, 6)
    assert (once.id, once.key) == (keyed.id, "k")
    of_ada = (await page(storage, garden, reader=ada)).messages
    assert (of_ada[1].reactions[0].is_mine, of_ada[3].key) == (True, None)


async def test_a_page_is_as_of_an_id_of_the_log(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    garden = await make_room(storage, ada)
    first, second = await say(storage, ada, garden, "a", "b")
    await write(storage, Reaction(garden, 1, ada, "👍", True, NOW))
    await say(storage, ada, garden, "c")
    for up_to_id, expected in (
        (first.id - 1, ([], 0, 0)),
        (first.id, ([1], 1, 1)),
        (second.id, ([1, 2], 2, 2)),
        (second.id + 1, ([1, 2], 3, 2)),
        (EVER, ([1, 2, 3], 4, 3)),
    ):
        got = await page(storage, garden, up_to_id=up_to_id)
        assert (seqs(got), got.pos, got.seq) == expected


async def test_a_page_has_so_many_bytes_but_one_message(storage: Storage) -> None:
    (ada,) = await add(storage, "Ada")
    await say(storage, ada, LOBBY_ID, "x" * 8, "\n" * 4, "é" * 4)  # ten bytes each, as JSON
    assert seqs(await page(storage, LOBBY_ID, 3, 20)) == [2, 3]
    assert seqs(await page(storage, LOBBY_ID, 3, 29, after=0)) == [1, 2]
    assert seqs(await page(storage, LOBBY_ID, 3, 30, after=0)) == [1, 2, 3]
    assert seqs(await page(storage, LOBBY_ID, 3, 0)) == [3]
    assert seqs(await page(storage, LOBBY_ID, 3, 0, after=1)) == [2]


async def test_a_page_has_the_senders_current_name(storage: Storage) -> None:
    ada = await storage.users.add(NewPerson(name="Ada", password_hash=b"x"))
    await say(storage, 1, LOBBY_ID, "hi")
    await storage.users.rename(1, "Adele")
    assert ada
    assert (await page(storage, LOBBY_ID)).messages[0].sender_name == "Adele"
