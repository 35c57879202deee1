"""What `chat transfer` does: the zip file of an export, how far it is, and what comes of cuts and full disks."""

import shutil
from pathlib import Path
from zipfile import ZipFile

import pytest
import trio

from chat.archive.packing import pack
from chat.domain.failures import StorageDown
from chat.features.transfers.transfers import TRANSFERS, Transfer
from chat.imports.registry import converted
from chat.storage import disk_space
from chat.storage.disk_space import NoSpace, check_space
from chat.transfers import job as job_module
from chat.transfers.job import Job
from tests.archive.conftest import Site
from tests.archive.worlds import Builder, tree

EVER = 3600.0


@pytest.fixture
async def here(sites: tuple[Site, Site], tmp_path: Path) -> Site:
    """A world whose export one server has claimed."""
    site = sites[0]
    await Builder(site.storage, site.store, 5).build(30)
    await begin(site)
    (tmp_path / "place").mkdir()
    return site


async def begin(
    site: Site, room: int | None = None, *, has_files: bool = True, person: int | None = None
) -> None:
    transfers = site.storage.feature_ports[TRANSFERS]
    assert await transfers.begin_export("one", 1, room, has_files, person) is not None
    assert await transfers.claim(7, EVER) is not None


async def done(site: Site) -> Transfer:
    found = await site.storage.feature_ports[TRANSFERS].find("export")
    assert found is not None
    assert not found.is_due
    return found


def unpacked(path: Path, directory: Path) -> dict[str, bytes]:
    converted("archive", path, directory, lambda _done, _whole: None)
    (directory / "lost.json").unlink()
    return tree(directory)


async def test_an_export_is_a_zip_file_of_an_archive(here: Site, tmp_path: Path) -> None:
    place = tmp_path / "place"
    job = Job(here.storage, here.store, place, 7)
    await job.run("another")  # nobody claims that
    assert list(place.iterdir()) == []
    await job.run("one")
    made = await done(here)
    (path,) = place.iterdir()
    assert (path.name, path.stat().st_mode & 0o777, made.size) == ("one.zip", 0o600, path.stat().st_size)
    whole = unpacked(path, tmp_path / "unpacked")
    assert whole["rooms.jsonl"].count(b"\n") == 5
    assert [name for name in whole if name.startswith("files/")]
    (act,) = await here.storage.audit.acts(None, 10, kinds=("archive_made",))
    assert act.by is not None
    assert act.by.name == "ada"
    await begin(here, 2, has_files=False)
    await job.run("one")  # its name is that of the file that is there: that one is taken for whole
    path.unlink()
    await begin(here, 2, has_files=False)
    await job.run("one")
    room = unpacked(path, tmp_path / "of the room")
    assert room["rooms.jsonl"].count(b"\n") == 1
    assert [name for name in room if name.startswith("files/")] == []
    path.unlink()
    await begin(here, person=2)
    await job.run("one")
    theirs = unpacked(path, tmp_path / "of a person")
    assert theirs["people.jsonl"].count(b"\n") == 1
    assert b'"by":2' in theirs["log-000001.jsonl"]
    assert b'"by":1' not in theirs["log-000001.jsonl"]


async def test_what_was_cut_off_while_it_was_packed_is_packed_again(
    here: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "place"

    def cut_off(directory: Path, path: Path, _progress: object) -> int:
        path.with_name(f".{path.name}.new").write_bytes(b"half")
        raise StorageDown("as a kill would")

    monkeypatch.setattr(job_module, "pack", cut_off)
    with pytest.raises(StorageDown):
        await Job(here.storage, here.store, place, 7).run("one")
    assert {each.name for each in place.iterdir()} == {"one.archive", ".one.zip.new"}
    before = tree(place / "one.archive")
    monkeypatch.setattr(job_module, "pack", pack)
    await Job(here.storage, here.store, place, 7).run("one")
    assert [each.name for each in place.iterdir()] == ["one.zip"]
    assert unpacked(place / "one.zip", tmp_path / "unpacked") == before


async def test_a_full_disk_and_a_bad_place_are_said(
    here: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "place"
    with monkeypatch.context() as full:
        full.setattr(disk_space, "_SPARED", 1 << 60)
        await Job(here.storage, here.store, place, 7).run("one")
    assert (await done(here)).failure == "no_space"
    shutil.rmtree(place)
    (place / "one.archive").mkdir(parents=True)
    (place / "one.archive" / "holiday.jpg").touch()
    await begin(here)
    await Job(here.storage, here.store, place, 7).run("one")
    failed = await done(here)
    assert (failed.failure, failed.problem) == (
        "bad",
        f"{place}/one.archive is not empty: choose another directory",
    )


async def test_a_job_ends_with_its_claim(here: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    transfers = here.storage.feature_ports[TRANSFERS]

    async def slow(_job: Job, transfer: Transfer) -> None:
        await transfers.remove("export", transfer.by_id)
        await trio.sleep_forever()

    monkeypatch.setattr(Job, "_export", slow)
    monkeypatch.setattr(job_module, "_NOTE", 0.01)
    with trio.fail_after(20):
        await Job(here.storage, here.store, tmp_path / "place", 7).run("one")
    assert await transfers.find("export") is None


def test_a_zip_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoSpace):
        check_space(tmp_path, 1 << 60)
    path = tmp_path / "export.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("elsewhere/readme.txt", b"hello")
    with pytest.raises(Exception, match="no archive of this software"):
        converted("archive", path, tmp_path / "directory", lambda _done, _whole: None)


def test_an_archive_in_a_folder_is_found_and_nothing_else_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with ZipFile(path, "w") as archive:
        for name in ("archive.json", "people.jsonl", "more.txt", "a/b.jsonl", f"files/ab/{'ab' * 32}"):
            archive.writestr(f"folder/{name}", b"{}")
        archive.writestr(f"folder/files/cd/{'ab' * 32}", b"{}")
    converted("archive", path, tmp_path / "directory", lambda _done, _whole: None)
    found = {
        each.relative_to(tmp_path / "directory").as_posix() for each in (tmp_path / "directory").rglob("*")
    }
    assert found == {
        "archive.json",
        "people.jsonl",
        "lost.json",
        "files",
        "files/ab",
        f"files/ab/{'ab' * 32}",
    }
