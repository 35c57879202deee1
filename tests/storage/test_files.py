"""Files: one contract of rows and messages. Each test runs on memory and on PostgreSQL."""

from collections.abc import Awaitable, Callable

from chat.domain.entities import LOBBY_ID, Draft, File, Message, Peer, SupportOf
from chat.domain.messages.changes import Deletion, Edit, RoomDeletion
from chat.domain.messages.files import ANY_TYPE, FILE_KINDS, NO_SUCH_FILES, kind_of
from chat.domain.messages.outcomes import KeyUsed, Repeated
from chat.domain.messages.sync_types import ChangeRange, MessageNow
from chat.domain.ports import KeptFile, NewFile, Storage
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.reference.storage import MemoryStorage
from tests.storage.test_references import EVER, NOW, PLENTY, add, make_room, save
from tests.support.databases import execute
from tests.support.replays import replay, snapshots

ROSE = b"\1" * 32


async def keep(
    storage: Storage,
    room: int,
    owner: int,
    name: str = "rose.png",
    digest: bytes = ROSE,
    media_type: str = "image/png",
) -> File:
    new = NewFile(
        room_id=room,
        owner_id=owner,
        name=name,
        type=media_type,
        size=3,
        digest=digest,
        width=40,
        height=30,
    )
    return await storage.files.keep_file(new)


def draft(room: int, sender: int, *files: int, text: str = "", key: str | None = None) -> Draft:
    return Draft(room, sender, "?", text, NOW, key=key, file_ids=files)


async def now(storage: Storage, room: int, reader: int) -> list[MessageNow]:
    page = await storage.timelines.history(reader, room, 100, PLENTY, EVER)
    assert page is not None
    return page.messages


async def test_a_file_goes_wherever_its_message_goes(storage: Storage) -> None:
    ada, ben = await add(storage, "ada", "ben")
    room = await make_room(storage, ada, ben)
    rose, note = await keep(storage, room, ada), await keep(storage, room, ada, "note € «q».txt", b"\2" * 32)
    waiting = await storage.files.file(rose.id)
    assert waiting == KeptFile(rose, room, ada, ROSE)
    said, plain = await save(
        storage, draft(room, ada, note.id, rose.id, key="1"), Draft(room, ben, "?", "hi", NOW)
    )
    assert isinstance(said, Message)
    assert isinstance(plain, Message)
    both = note, rose
    assert said.files == both
    assert plain.files == ()
    kept = await storage.files.file(rose.id)
    assert kept is not None
    assert kept.seq == said.seq
    assert [each.files for each in await now(storage, room, ben)][-2:] == [both, ()]
    (_edited,) = await save(storage, Edit(room, said.seq, ada, "with words", NOW))
    log = await storage.messages.read_log(0, 100, PLENTY)
    assert [
        (each.text, each.files) for each in log if isinstance(each, Message) and each.seq == said.seq
    ] == [("with words", both)]
    got = await replay(storage, ben, [ChangeRange(room, said.pos - 1, said.pos)], PLENTY)
    assert [each.files for each in got if isinstance(each, MessageNow)] == [both]
    older = await storage.messages.timeline(room, 100, PLENTY)
    assert [each.files for each in older if each.seq == said.seq] == [both]
    snapshot = next(each for each in await snapshots(storage, ben, EVER) if each.id == room)
    assert snapshot.last is not None
    assert snapshot.last.files == ()


async def test_a_file_is_had_by_one_message_of_its_owner_in_its_room(storage: Storage) -> None:
    ada, ben = await add(storage, "ada", "ben")
    room, other = await make_room(storage, ada, ben), await make_room(storage, ada, name="Other")
    file = await keep(storage, room, ada)
    refused = [
        draft(other, ada, file.id, key="other room"),
        draft(room, ben, file.id, key="other owner"),
        draft(room, ada, file.id, 2**40, key="none"),
    ]
    assert await save(storage, *refused) == [NO_SUCH_FILES] * 3
    first, second, plain = await save(
        storage,
        draft(room, ada, file.id, key="1"),
        draft(room, ada, file.id, key="2"),
        draft(room, ada, text="x"),
    )
    assert second == NO_SUCH_FILES
    assert isinstance(first, Message)
    assert isinstance(plain, Message)
    assert plain.seq == first.seq + 1  # what is refused takes no number
    assert await save(storage, draft(room, ada, file.id, key="3")) == [NO_SUCH_FILES]


async def test_a_resend_is_answered_although_its_files_are_gone(storage: Storage) -> None:
    (ada,) = await add(storage, "ada")
    room = await make_room(storage, ada)
    one, two = await keep(storage, room, ada), await keep(storage, room, ada)
    sent = draft(room, ada, one.id, text="look", key="k")
    first, at_once = await save(storage, sent, sent)
    assert isinstance(first, Message)
    assert isinstance(at_once, Repeated)
    for other in draft(room, ada, two.id, text="look", key="k"), draft(room, ada, text="look", key="k"):
        (used,) = await save(storage, other)
        assert isinstance(used, KeyUsed)
    await save(storage, Deletion(room, first.seq, ada, NOW))
    (again,) = await save(storage, sent)
    assert isinstance(again, Repeated)
    assert again.message.seq == first.seq
    assert await storage.files.file(two.id) is not None


async def test_a_deleted_message_has_no_files_and_no_names_of_them(storage: Storage) -> None:
    ada, ben = await add(storage, "ada", "ben")
    room = await make_room(storage, ada, ben)
    file = await keep(storage, room, ada)
    (said,) = await save(storage, draft(room, ada, file.id, text="look"))
    assert isinstance(said, Message)
    assert await storage.files.unneeded([ROSE, b"\3" * 32]) == set()
    await save(storage, Deletion(room, said.seq, ada, NOW))
    assert await storage.files.file(file.id) is None
    assert await storage.files.unneeded([ROSE]) == {ROSE}
    assert [each.files for each in await now(storage, room, ben)][-1] == ()


async def test_the_files_of_a_deleted_room_are_gone_at_once_and_their_rows_soon(storage: Storage) -> None:
    (ada,) = await add(storage, "ada")
    room = await make_room(storage, ada)
    file = await keep(storage, room, ada)
    await save(storage, draft(room, ada, file.id))
    await save(storage, RoomDeletion(room, ada, NOW))
    assert await storage.files.file(file.id) is None
    while await storage.rooms.remove_deleted(1000):
        pass
    assert await storage.files.unneeded([ROSE]) == {ROSE}


async def test_files_in_support_conversations_count_as_an_answer_too(storage: Storage) -> None:
    (ada,) = await add(storage, "ada")
    (olga,) = await add(storage, "olga", is_operator=True)
    room = (await storage.rooms.support_room(ada)).id
    of = SupportOf(Peer(ada, "ada"))
    file = await keep(storage, room, olga)
    said, *_ = await save(storage, Draft(room, olga, "olga", "", NOW, people=of, file_ids=(file.id,)))
    assert isinstance(said, Message)
    (snapshot,) = await snapshots(storage, ada, EVER, [room])
    assert snapshot.last is not None
    assert snapshot.last.files == (file,)
    assert snapshot.unread == 1


async def test_a_file_unused_for_a_day_is_dropped(place: DatabaseAddress | None) -> None:
    async def forgets(storage: Storage, let_a_day_pass: Callable[[], Awaitable[None]]) -> None:
        (ada,) = await add(storage, "ada")
        room = await make_room(storage, ada)
        old, attached = await keep(storage, room, ada), await keep(storage, room, ada, digest=b"\2" * 32)
        await save(storage, draft(room, ada, attached.id))
        assert not await storage.files.forget_files(10)
        await let_a_day_pass()
        new = await keep(storage, room, ada)
        assert await storage.files.forget_files(1)  # there may be more
        assert not await storage.files.forget_files(1)
        found = [await storage.files.file(each.id) for each in (old, attached, new)]
        assert [each is not None for each in found] == [False, True, True]

    if place is None:
        clock = [1000.0]

        async def pass_in_memory() -> None:
            clock[0] += 86_401

        await forgets(MemoryStorage(lambda: clock[0]), pass_in_memory)
        return

    async def pass_in_postgres() -> None:
        await execute(place, "UPDATE files SET created_at = created_at - interval '86401 s'")

    async with open_postgres_storage(place, pool_size=4, query_timeout=10, commit_timeout=10) as storage:
        await forgets(storage, pass_in_postgres)


async def test_the_mark_of_the_directory_stays(storage: Storage) -> None:
    mark = await storage.files.store_id()
    assert isinstance(mark, str)
    assert mark
    assert await storage.files.store_id() == mark


async def test_the_messages_of_a_room_that_have_files_are_listed_page_by_page(storage: Storage) -> None:
    ada, ben = await add(storage, "ada", "ben")
    room, other = await make_room(storage, ada, ben), LOBBY_ID
    files = [await keep(storage, room, ada, f"{nth}.txt") for nth in range(4)]
    await keep(storage, room, ada, "waits.txt")
    elsewhere = await keep(storage, other, ada)
    await save(
        storage,
        draft(room, ada, files[0].id, files[1].id),
        draft(room, ben, text="no file"),
        draft(room, ada, files[2].id, text="look"),
        draft(other, ada, elsewhere.id),
        draft(room, ada, files[3].id),
    )

    async def listed(before: int = EVER, limit: int = 9, most_bytes: int = PLENTY) -> list[tuple[str, ...]]:
        found = await storage.timelines.with_files(ben, room, before, limit, most_bytes)
        return [tuple(file.name for file in message.files) for message in found]

    assert await listed() == [("3.txt",), ("2.txt",), ("0.txt", "1.txt")]
    assert await listed(limit=2) == [("3.txt",), ("2.txt",)]
    assert await listed(most_bytes=1) == [("3.txt",)]
    first, *_ = await storage.timelines.with_files(ben, room, EVER, 1, PLENTY)
    assert await listed(before=first.seq) == [("2.txt",), ("0.txt", "1.txt")]
    await save(storage, Deletion(room, first.seq, ada, NOW))
    assert await listed() == [("2.txt",), ("0.txt", "1.txt")]
    await save(storage, RoomDeletion(room, ada, NOW))
    assert await listed() == []


TYPES = {
    "image/svg+xml": "image",
    "video/mp4": "video",
    "audio/webm": "audio",
    "text/csv": "document",
    "application/pdf": "document",
    "application/vnd.oasis.opendocument.text": "document",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "document",
    "application/vnd.ms-excel": "document",
    "application/zip": "other",
    "x-text/plain": "other",
    ANY_TYPE: "other",
}


async def test_files_are_listed_by_kind(storage: Storage) -> None:
    (ada,) = await add(storage, "ada")
    room = await make_room(storage, ada)
    files = [await keep(storage, room, ada, media_type=each) for each in TYPES]
    await save(storage, *(draft(room, ada, file.id) for file in files), draft(room, ada, text="no file"))
    both = [await keep(storage, room, ada, media_type=each) for each in ("text/plain", "video/webm")]
    await save(storage, draft(room, ada, *(file.id for file in both)))
    for kind in FILE_KINDS:
        found = await storage.timelines.with_files(ada, room, EVER, 50, PLENTY, kind)
        listed = [file.type for message in found for file in message.files if kind_of(file.type) == kind]
        of_both = {"document": ["text/plain"], "video": ["video/webm"]}.get(kind, [])
        assert listed == of_both + [each for each, of in reversed(TYPES.items()) if of == kind]
        assert len(found) == len(listed)


async def test_unknown_bytes_stay_for_a_week_and_those_of_deleted_files_go_at_once(
    database: DatabaseAddress,
) -> None:
    """A database that was restored from an older backup does not know the files that came after it."""
    async with open_postgres_storage(database, pool_size=2, query_timeout=5.0, commit_timeout=5.0) as storage:
        (ada,) = await add(storage, "ada")
        room, newer, back = await make_room(storage, ada), b"\2" * 32, b"\3" * 32
        file = await keep(storage, room, ada)
        assert await storage.files.unneeded([ROSE, newer, back]) == set()
        await execute(database, "UPDATE unknown_files SET seen_at = seen_at - interval '6 days 23 hours'")
        (said,) = await save(storage, draft(room, ada, file.id, text="look"))
        assert isinstance(said, Message)
        await save(storage, Deletion(room, said.seq, ada, NOW))
        await keep(storage, room, ada, digest=back)
        assert await storage.files.unneeded([ROSE, newer, back]) == {ROSE}
        await storage.files.removed([ROSE])
        await execute(database, "UPDATE unknown_files SET seen_at = seen_at - interval '2 hours'")
        assert await storage.files.unneeded([newer, back]) == {newer}, "what has a row again is not unknown"
        await storage.files.removed([newer])
        assert await storage.files.unneeded([ROSE, newer]) == set(), "stored again, they are as new"


async def test_bytes_that_two_files_share_stay_until_both_are_deleted(storage: Storage) -> None:
    (ada,) = await add(storage, "ada")
    room = await make_room(storage, ada)
    one, two = await keep(storage, room, ada), await keep(storage, room, ada)
    said = await save(storage, draft(room, ada, one.id, text="1"), draft(room, ada, two.id, text="2"))
    for message, unneeded in zip(said, (set[bytes](), {ROSE}), strict=True):
        assert isinstance(message, Message)
        await save(storage, Deletion(room, message.seq, ada, NOW))
        assert await storage.files.unneeded([ROSE]) == unneeded
