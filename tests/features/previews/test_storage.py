"""What a storage keeps of link previews; each test runs in memory and on PostgreSQL."""

import pytest
from msgspec import structs

from chat.domain.entities import Draft, File, MessageKind, Person, Room
from chat.domain.messages.changes import Deletion, RoleChange, RoomChange, RoomDeletion, Write
from chat.domain.messages.files import NO_SUCH_FILES
from chat.domain.messages.outcomes import Saved, Unchanged
from chat.domain.messages.sync_types import ChangeRange
from chat.domain.ports import NewPerson, Storage
from chat.domain.ports.files import NewFile
from chat.domain.refusals import ARCHIVED, NO_MESSAGE, Refusal
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import NOT_YOURS
from chat.features.previews.changes import LinkPreview, Previewed, SetPreview
from chat.features.previews.use_cases import PREVIEWS, MessagePreview
from tests.support.replays import replay

NOW = 1_700_000_000.5
ADA, BEN, CEM = range(1, 4)
ROOM = 2
JOINED, LINK, PLAIN = 1, 3, 4
"""The seqs of Ben's joining, of Cem's message with a link and of one without; Cem's joining stands before them."""
PLENTY = 1 << 20
URL = "https://example.org/"
CATS = LinkPreview(URL, "example.org", "Cats", "All of them", "Example")


@pytest.fixture
async def garden(storage: Storage) -> int:
    """Ada's public room, which Ben moderates, with a link that Cem posted."""
    for name in ("ada", "ben", "cem"):
        assert isinstance(await storage.users.add(NewPerson(name=name, password_hash=b"x")), Person)
    room = await storage.rooms.create("Garden", ADA, is_private=False)
    assert isinstance(room, Room)
    assert room.id == ROOM
    joinings = [Draft(ROOM, person, "", "", NOW, MessageKind.JOIN) for person in (BEN, CEM)]
    texts = [Draft(ROOM, CEM, "cem", text, NOW) for text in (f"see {URL} now", "nothing")]
    await storage.messages.save([*joinings, RoleChange(ROOM, BEN, RoomRole.MODERATOR, ADA, NOW), *texts])
    return room.id


def preview(of: LinkPreview | None = CATS, by: int = CEM, seq: int = LINK) -> SetPreview:
    return SetPreview(room_id=ROOM, actor_id=by, created_at=NOW, seq=seq, preview=of)


async def save(storage: Storage, write: Write) -> Saved:
    (saved,) = await storage.messages.save([write])
    return saved


async def kept(storage: Storage, after: int = 0, before: int = 99) -> list[MessagePreview]:
    return list(await storage.feature_ports[PREVIEWS].between(ROOM, after, before, 50))


async def picture(storage: Storage, owner: int = CEM) -> File:
    return await storage.files.keep_file(
        NewFile(
            room_id=ROOM,
            owner_id=owner,
            name="preview",
            type="image/png",
            size=9,
            digest=b"d" * 32,
            width=8,
            height=6,
        )
    )


async def test_a_preview_is_a_change_of_the_room(storage: Storage, garden: int) -> None:
    newest = await storage.messages.newest_id()
    made = await save(storage, preview())
    assert isinstance(made, Previewed)
    assert (made.id, made.seq, made.preview) == (newest + 1, LINK, CATS)
    assert await kept(storage) == [MessagePreview(LINK, CATS)]
    assert await kept(storage, LINK) == await kept(storage, 0, LINK) == []
    assert await save(storage, preview()) == Unchanged(made.pos)
    assert await storage.messages.read_log(newest, 9, PLENTY) == [made]


@pytest.mark.parametrize(
    ("write", "refusal"),
    [
        (preview(by=ADA), NOT_YOURS),
        (preview(by=BEN), NOT_YOURS),
        (preview(seq=JOINED), NO_MESSAGE),
        (preview(seq=99), NO_MESSAGE),
        (preview(None, by=ADA, seq=99), NO_MESSAGE),
    ],
)
async def test_only_its_author_gives_a_message_a_preview(
    storage: Storage, garden: int, write: SetPreview, refusal: Refusal
) -> None:
    assert await save(storage, write) == refusal
    assert await kept(storage) == []


async def test_a_preview_of_a_link_that_is_not_there_is_refused(storage: Storage, garden: int) -> None:
    saved = await save(storage, preview(seq=PLAIN))
    assert isinstance(saved, Refusal)
    assert saved.reason == "preview_without_link"


@pytest.mark.parametrize("by", [CEM, BEN, ADA])
async def test_author_and_moderators_remove_it_and_nobody_finds_it_in_the_log(
    storage: Storage, garden: int, by: int
) -> None:
    start = await storage.messages.newest_id()
    made = await save(storage, preview())
    removed = await save(storage, preview(None, by))
    assert isinstance(made, Previewed)
    assert isinstance(removed, Previewed)
    assert removed.preview is None
    assert await kept(storage) == []
    logged = [structs.replace(made, preview=None), removed]
    assert await storage.messages.read_log(start, 9, PLENTY) == logged
    assert await replay(storage, ADA, [ChangeRange(garden, start, start + 2)], PLENTY) == logged
    assert isinstance(await save(storage, preview(None, by)), Unchanged)


async def test_another_takes_its_place(storage: Storage, garden: int) -> None:
    start = await storage.messages.newest_id()
    dogs = structs.replace(CATS, title="Dogs")
    saved = await storage.messages.save([preview(), preview(dogs)])
    assert await kept(storage) == [MessagePreview(LINK, dogs)]
    log = await storage.messages.read_log(start, 9, PLENTY)
    assert [each.preview for each in log if isinstance(each, Previewed)] == [None, dogs]
    assert len(saved) == 2


async def test_its_picture_belongs_to_the_message_and_goes_with_it(storage: Storage, garden: int) -> None:
    file = await picture(storage)
    start = await storage.messages.newest_id()
    await save(storage, preview(structs.replace(CATS, picture=file)))
    found = await storage.files.file(file.id)
    assert found is not None
    assert (found.seq, found.file) == (LINK, file)
    await save(storage, Deletion(garden, LINK, CEM, NOW))
    assert await kept(storage) == []
    assert await storage.files.file(file.id) is None
    log = await storage.messages.read_log(start, 9, PLENTY)
    assert [each.preview for each in log if isinstance(each, Previewed)] == [None]


async def test_a_picture_that_is_not_waiting_for_a_message_of_the_author_is_refused(
    storage: Storage, garden: int
) -> None:
    theirs, ours = await picture(storage, ADA), await picture(storage)
    assert await save(storage, preview(structs.replace(CATS, picture=theirs))) == NO_SUCH_FILES
    await storage.messages.save([Draft(ROOM, CEM, "cem", "", NOW, file_ids=(ours.id,))])
    assert await save(storage, preview(structs.replace(CATS, picture=ours))) == NO_SUCH_FILES
    assert await kept(storage) == []


async def test_an_archived_room_keeps_its_previews_as_they_are(storage: Storage, garden: int) -> None:
    await save(storage, preview())
    await save(storage, RoomChange(room_id=garden, actor_id=ADA, created_at=NOW, is_archived=True))
    assert await save(storage, preview(None)) == ARCHIVED
    assert len(await kept(storage)) == 1


async def test_previews_go_with_their_room(storage: Storage, garden: int) -> None:
    await save(storage, preview())
    await save(storage, RoomDeletion(garden, ADA, NOW))
    assert await save(storage, preview()) is None
    while await storage.rooms.remove_deleted(100):
        pass
    assert await kept(storage) == []
