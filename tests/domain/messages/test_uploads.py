"""Rights to upload and download, and the limit of concurrent uploads of one person."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chat.domain.entities import LOBBY_ID, File, Person, Room
from chat.domain.messages.changes import Removal, RoomChange
from chat.domain.messages.files import NO_FILE
from chat.domain.messages.uploads import NO_FILES_HERE, Uploads
from chat.domain.ports import NewPerson
from chat.domain.ports.files import KeptFile, Stored
from chat.domain.refusals import NO_ROOM, Code, Refusal
from chat.domain.rooms.blocks import Blocks
from chat.domain.rooms.conversations import ARCHIVED, Conversations
from chat.domain.rooms.direct import Direct
from chat.domain.rooms.rooms import Rooms
from chat.domain.rooms.support import Support
from tests.domain.messages.test_images import PNG
from tests.reference.storage import MemoryStorage

MOST = 100


class Store:
    """Bytes by their digest; storing may be held up before its last piece."""

    def __init__(self) -> None:
        self.kept: dict[bytes, bytes] = {}
        self.held: trio.Event | None = None

    async def store(self, pieces: AsyncIterator[bytes]) -> Stored:
        data = b"".join([piece async for piece in pieces])
        if self.held is not None:
            await self.held.wait()
        digest = hashlib.sha256(data).digest()
        self.kept[digest] = data
        return Stored(len(data), digest, data[:64])

    async def has(self, digest: bytes) -> bool:
        return digest in self.kept

    @asynccontextmanager
    async def reading(self, digest: bytes) -> AsyncGenerator[AsyncIterator[bytes]]:
        yield Pieces(self.kept[digest])


class Pieces:
    """A body as it comes, of which nobody need read the rest."""

    def __init__(self, *pieces: bytes) -> None:
        self._left = list(pieces)

    def __aiter__(self) -> "Pieces":
        return self

    async def __anext__(self) -> bytes:
        await trio.lowlevel.checkpoint()
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop(0)


class House:
    """Two people, a private room of one of them, and where files go."""

    def __init__(self) -> None:
        self.storage = MemoryStorage()
        self.store = Store()
        users, rooms, messages = self.storage.users, self.storage.rooms, self.storage.messages
        self.rooms = Rooms(users, rooms, messages)
        conversations = Conversations(
            rooms,
            self.rooms,
            Direct(users, rooms, messages),
            Support(users, rooms, messages),
            Blocks(self.storage.contacts),
        )
        self.uploads = Uploads(self.storage.files, self.store, conversations, MOST)  # type: ignore[arg-type]
        self.closed = Uploads(self.storage.files, None, conversations, MOST)

    async def begin(self) -> "House":
        self.ada, self.ben = [await self._add(name) for name in ("ada", "ben")]
        room = await self.rooms.create(self.ada, "cellar", is_private=True)
        assert isinstance(room, Room)
        self.cellar = room.id
        return self

    async def _add(self, name: str) -> Person:
        person = await self.storage.users.add(NewPerson(name=name, password_hash=b"x"))
        assert isinstance(person, Person)
        return person

    async def upload(
        self, *pieces: bytes, person: Person | None = None, room_id: int = LOBBY_ID, size: int | None = None
    ) -> File | Refusal:
        whose = person or self.ada
        return await self.uploads.upload(whose, room_id, "../a.txt", "text/plain", size, Pieces(*pieces))


@pytest.fixture
async def house() -> House:
    with trio.fail_after(60):
        return await House().begin()


def code_of(refusal: object) -> Code:
    assert isinstance(refusal, Refusal)
    return refusal.code


async def test_a_file_is_stored_with_the_type_of_its_bytes(house: House) -> None:
    assert await house.upload(b"some ", b"words") == File(1, "a.txt", "text/plain", 10)
    assert await house.upload(PNG) == File(2, "a.txt", "image/png", len(PNG), 640, 480)


async def test_a_file_is_readable_in_its_room_and_for_its_owner(house: House) -> None:
    file = await house.upload(b"words", room_id=house.cellar)
    assert isinstance(file, File)
    kept = await house.uploads.find(house.ada, file.id)
    assert isinstance(kept, KeptFile)
    async with house.uploads.reading(kept) as pieces:
        assert b"".join([piece async for piece in pieces]) == b"words"
    assert await house.uploads.find(house.ben, file.id) is NO_FILE
    lobby = await house.upload(b"words")
    assert isinstance(lobby, File)
    assert await house.uploads.find(house.ben, lobby.id) is NO_FILE  # it waits for its message
    assert await house.uploads.find(house.ada, 99) is NO_FILE


async def test_a_file_of_a_room_that_one_sees_no_more_is_not_had(house: House) -> None:
    file = await house.upload(b"words", room_id=house.cellar)
    assert isinstance(file, File)
    await house.storage.messages.save([Removal(house.cellar, house.ada.id, house.ada.id, 1.0)])
    assert await house.uploads.find(house.ada, file.id) is NO_FILE


async def test_lost_bytes_are_reported(house: House) -> None:
    file = await house.upload(b"words")
    assert isinstance(file, File)
    house.store.kept.clear()
    assert code_of(lost := await house.uploads.find(house.ada, file.id)) is Code.NOT_FOUND
    assert lost is not NO_FILE
    assert code_of(await house.closed.find(house.ada, file.id)) is Code.NOT_FOUND


async def test_a_server_may_take_no_files(house: House) -> None:
    upload = house.closed.upload(house.ada, LOBBY_ID, "a", "", None, Pieces(b"x"))
    assert await upload is NO_FILES_HERE
    assert house.closed.most_bytes == 0
    house.uploads.most_bytes = 0
    assert await house.upload(b"x") is NO_FILES_HERE


async def test_uploading_needs_the_right_to_send(house: House) -> None:
    assert await house.upload(b"x", person=house.ben, room_id=house.cellar) is NO_ROOM
    archive = RoomChange(room_id=house.cellar, actor_id=house.ada.id, created_at=1.0, is_archived=True)
    await house.storage.messages.save([archive])
    assert await house.upload(b"x", room_id=house.cellar) is ARCHIVED
    assert house.store.kept == {}


async def test_a_file_has_so_many_bytes_whatever_is_announced(house: House) -> None:
    assert isinstance(await house.upload(b"x" * MOST, size=MOST), File)
    assert code_of(await house.upload(b"x", size=MOST + 1)) is Code.TOO_BIG
    assert code_of(await house.upload(b"x" * MOST, b"y")) is Code.TOO_BIG
    assert code_of(await house.upload(b"x" * MOST, b"y", size=1)) is Code.TOO_BIG
    assert len(house.store.kept) == 1


async def test_one_person_uploads_so_many_files_at_a_time(house: House) -> None:
    house.store.held = trio.Event()
    async with trio.open_nursery() as nursery:
        for number in range(4):
            nursery.start_soon(house.upload, b"%d" % number)
        await wait_all_tasks_blocked()
        assert code_of(await house.upload(b"one more")) is Code.TOO_MANY
        nursery.start_soon(lambda: house.upload(b"another's", person=house.ben))
        await wait_all_tasks_blocked()
        house.store.held.set()
    assert len(house.store.kept) == 5
    for _ in range(5):  # each has its place back, after a refusal too
        assert code_of(await house.upload(b"x" * (MOST + 1))) is Code.TOO_BIG
    assert isinstance(await house.upload(b"one more"), File)
    assert not house.uploads._under_way, "who uploads nothing takes no memory"
