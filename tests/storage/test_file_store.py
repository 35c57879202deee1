"""The bytes of files on a disk: whole or absent, stored once, and removed only if unused."""

import hashlib
import os
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs

from chat.domain.failures import FileStoreDown, StorageDown
from chat.domain.messages.files import UNKNOWN_KEPT
from chat.domain.ports import NewFile, Stored
from chat.domain.startup import CannotStart
from chat.engine import file_cleaner
from chat.storage.file_store import GRACE, DiskFileStore, open_file_store
from tests.reference.storage import MemoryStorage
from tests.support.faults.machine import small_disk


@pytest.fixture
def clock() -> list[float]:
    return [1_700_000_000.0]


@pytest.fixture
def store(tmp_path: Path, clock: list[float]) -> DiskFileStore:
    store = DiskFileStore(tmp_path / "files", lambda: clock[0])
    store.prepare("mark")
    return store


async def pieces(*data: bytes) -> AsyncGenerator[bytes]:
    for each in data:
        yield each


async def put(store: DiskFileStore, *data: bytes) -> Stored:
    async with aclosing(pieces(*data)) as body:
        return await store.store(body)


async def read(store: DiskFileStore, digest: bytes) -> bytes:
    async with store.reading(digest) as found:
        return b"".join([piece async for piece in found])


def files(tmp_path: Path) -> list[str]:
    return sorted(each.name for each in (tmp_path / "files").rglob("*") if each.is_file())


async def test_bytes_are_kept_once_by_their_digest(store: DiskFileStore, tmp_path: Path) -> None:
    data = os.urandom(1_000_000)
    stored = await put(store, data[:300_000], data[300_000:700_001], data[700_001:])
    assert stored == Stored(len(data), hashlib.sha256(data).digest(), data[:262_144])
    assert await put(store, data) == stored
    assert await read(store, stored.digest) == data
    assert files(tmp_path) == sorted([stored.digest.hex(), "chat-files"])
    assert await store.has(stored.digest)
    assert not await store.has(b"\0" * 32)
    assert (await put(store)).size == 0
    with pytest.raises(StorageDown):
        await read(store, b"\0" * 32)


async def test_a_failed_or_cancelled_upload_leaves_nothing(store: DiskFileStore, tmp_path: Path) -> None:
    async def broken() -> AsyncGenerator[bytes]:
        yield b"x" * 300_000
        raise KeyError

    async with aclosing(broken()) as body:
        with pytest.raises(KeyError):
            await store.store(body)
    with trio.CancelScope() as scope:
        async with aclosing(pieces(b"x")) as body:
            scope.cancel()
            await store.store(body)
    assert files(tmp_path) == ["chat-files"]


async def test_bytes_that_nobody_has_go_after_a_week(
    store: DiskFileStore, tmp_path: Path, clock: list[float], autojump_clock: object
) -> None:
    storage = MemoryStorage(lambda: clock[0])
    had, unused = (await put(store, b"had")).digest, (await put(store, b"unused")).digest
    await storage.files.keep_file(_new(had))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(file_cleaner.clean_files, storage.files, store)
        await trio.sleep(10)
        assert await store.has(unused)  # an upload may be about to make its row
        clock[0] += GRACE + 1
        await trio.sleep(3700)
        assert await store.has(unused)  # the database may be older than it
        clock[0] += UNKNOWN_KEPT + 1
        await storage.files.keep_file(_new(had))  # as nobody sent the first one, that is removed
        recent = (await put(store, b"recent")).digest
        await trio.sleep(3700)
        assert [await store.has(each) for each in (had, unused, recent)] == [True, False, True]
        nursery.cancel_scope.cancel()


async def test_bytes_that_are_stored_again_meanwhile_stay(store: DiskFileStore, clock: list[float]) -> None:
    digest = (await put(store, b"x")).digest
    clock[0] += GRACE + 1
    assert await store.digests(b"", 10) == [digest]
    await put(store, b"x")
    await store.remove(digest)
    assert await read(store, digest) == b"x"
    assert await store.digests(b"", 10) == []
    await store.remove(b"\0" * 32)  # another server was first


async def test_digests_come_in_pages(store: DiskFileStore, clock: list[float]) -> None:
    all_of_them = sorted([(await put(store, b"%d" % nth)).digest for nth in range(20)])
    clock[0] += GRACE + 1
    found: list[bytes] = []
    while page := await store.digests(found[-1] if found else b"", 3):
        found += page
    assert found == all_of_them


async def test_leftovers_of_a_crash_are_removed(
    store: DiskFileStore, tmp_path: Path, clock: list[float]
) -> None:
    digest = (await put(store, b"x")).digest
    incoming, final = tmp_path / "files" / "incoming", tmp_path / "files" / digest.hex()[:2] / digest.hex()
    final.rename(incoming / f"{digest.hex()}.removed")
    for name, age in ("old", 90_000), ("new", 10):
        (incoming / name).write_bytes(b"half")
        os.utime(incoming / name, (clock[0] - age, clock[0] - age))
    store.prepare("mark")
    assert await read(store, digest) == b"x"
    assert files(tmp_path) == sorted(["chat-files", "new", digest.hex()])


async def test_uploads_to_another_server_that_end_meanwhile_keep_nobody_from_starting(
    store: DiskFileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Path.iterdir

    def look_and_wait(path: Path) -> Generator[Path]:
        for each in list(look(path)):
            each.unlink()  # as the other one does
            yield each

    monkeypatch.setattr(Path, "iterdir", look_and_wait)
    for name in ("aa", "bb"):
        (tmp_path / "files" / "incoming" / name).touch()
    store.prepare("mark")


async def test_a_directory_is_of_one_database(tmp_path: Path) -> None:
    await open_file_store(tmp_path / "a" / "files", "one")
    assert (tmp_path / "a" / "files").stat().st_mode & 0o777 == 0o700
    await open_file_store(tmp_path / "a" / "files", "one")
    with pytest.raises(CannotStart, match="another database"):
        await open_file_store(tmp_path / "a" / "files", "two")
    (tmp_path / "file").write_text("no directory")
    with pytest.raises(CannotStart, match="cannot use the files directory"):
        await open_file_store(tmp_path / "file" / "x", "one")


def _new(digest: bytes) -> NewFile:
    return NewFile(room_id=1, owner_id=1, name="x", type="text/plain", size=1, digest=digest)


@pytest.mark.parametrize(
    ("above", "before", "after"), [(0o700, 0o755, 0o700), (0o701, 0o755, 0o700), (0o750, 0o770, 0o770)]
)
async def test_a_directory_is_made_private_if_its_parent_is(
    tmp_path: Path, above: int, before: int, after: int
) -> None:
    """Servers of several users may share one that is not."""
    directory = tmp_path / "data" / "files"
    directory.mkdir(parents=True)
    directory.chmod(before)
    directory.parent.chmod(above)
    await open_file_store(directory, "one")
    assert directory.stat().st_mode & 0o777 == after


async def test_a_full_disk_is_named_once_and_its_end_too() -> None:
    with small_disk(1) as disk:
        store = await open_file_store(disk / "files", "mark")
        with capture_logs() as logs:
            for _ in range(2):
                with pytest.raises(FileStoreDown, match="No space left on device"):
                    await put(store, b"x" * 2_000_000)
            await put(store, b"x" * 1000)
        assert [path.name for path in (disk / "files" / "incoming").iterdir()] == []
    assert [(entry["event"], entry.get("reason")) for entry in logs] == [
        ("upload refused: cannot write to the files directory", "No space left on device"),
        ("the files directory takes uploads again", None),
    ]
