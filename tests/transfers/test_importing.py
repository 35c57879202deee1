"""What `chat transfer` does with an uploaded file: it checks, imports, goes on after a cut, and says what was wrong."""

import os
from pathlib import Path
from typing import Any

import pytest

from chat.archive.batch import Batch
from chat.domain.entities import Person
from chat.domain.failures import StorageDown
from chat.domain.ports import NewPerson
from chat.features.transfers.found import Cause, Counts
from chat.features.transfers.transfers import TRANSFERS, Transfer
from chat.transfers.job import Job
from tests.archive.conftest import Site
from tests.archive.worlds import Builder
from tests.imports.slack_exports import GARDEN, made, message

EVER = 3600.0
DAYS = {
    "garden/2020-09-13": [message(f"160000000{nth}.0", f"hello {nth}") for nth in range(5)],
    "shed/2020-09-14": [message("1600100000.0", "in the shed", "U2")],
}


class Here:
    """A server, and the file that an admin uploads there."""

    def __init__(self, site: Site, place: Path, admin: int) -> None:
        self.site, self.place, self.admin = site, place, admin
        self.transfers = site.storage.feature_ports[TRANSFERS]

    async def upload(self, export: Path, source: str) -> None:
        raw = export.read_bytes()  # noqa: ASYNC240 - a small file
        assert await self.transfers.begin_import("in", self.admin, source, export.name, len(raw)) is not None
        self.place.mkdir(exist_ok=True)
        (self.place / "in.upload").write_bytes(raw)
        assert await self.transfers.receive("in", 0, len(raw)) is not None

    async def work(self) -> Transfer:
        """Do what is due, and return the import."""
        assert await self.transfers.claim(7, EVER) is not None
        await Job(self.site.storage, self.site.store, self.place, 7, b"$2b$04$" + b"." * 53).run("in")
        found = await self.transfers.find("import")
        assert found is not None
        return found

    async def counted(self, what: str) -> Any:
        return await self.site.storage.database.read(lambda c: c.fetchval(f"SELECT count(*) FROM {what}"))


@pytest.fixture
async def here(sites: tuple[Site, Site], tmp_path: Path) -> Here:
    site = sites[0]
    grace = await site.storage.users.add(NewPerson(name="grace", password_hash=b"x", is_admin=True))
    assert isinstance(grace, Person)
    return Here(site, tmp_path / "place", grace.id)


async def test_an_export_is_checked_and_imported_with_what_is_here_beside(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.transfers.importing._COUNTED", 4)  # of six
    await here.upload(made(tmp_path / "export.zip", DAYS), "slack")
    ready = await here.work()
    assert (ready.step, ready.is_due, ready.failure) == ("ready", False, None)
    assert ready.found is not None
    assert ready.found.inside == Counts(people=3, rooms=4, messages=6)
    assert (ready.found.before, ready.found.here) == (Counts(), None)
    assert await here.counted("rooms WHERE kind = 'room'") == 0
    await here.transfers.start_import()
    done = await here.work()
    assert done.failure is None
    assert done.found is not None
    assert done.found.here == Counts(people=3, rooms=4, messages=6)
    assert os.listdir(here.place) == []
    acts = await here.site.storage.audit.acts(None, 10, kinds=("imported", "import_begun"))
    assert [act.by and act.by.name for act in acts] == ["grace", "grace"]
    more = {**DAYS, "garden/2020-09-15": [message("1600200000.0", "later")]}
    await here.upload(made(tmp_path / "export.zip", more), "slack")
    again = await here.work()
    assert again.found is not None
    assert again.found.before == Counts(rooms=4, messages=6)
    await here.transfers.start_import()
    both = await here.work()
    assert both.found is not None
    assert both.found.here == Counts(people=3, rooms=4, messages=7) == both.found.inside
    assert both.found.before == Counts(rooms=4, messages=6)


async def test_an_import_that_is_cut_off_goes_on(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.archive.load._BATCH", 2)
    await here.upload(made(tmp_path / "export.zip", DAYS), "slack")
    await here.work()
    await here.transfers.start_import()
    write, batches = Batch.write, 0

    async def cut_off(batch: Batch, connection: Any) -> None:
        nonlocal batches
        batches += 1
        if batches == 2:
            raise StorageDown("as a kill would")
        await write(batch, connection)

    monkeypatch.setattr(Batch, "write", cut_off)
    with pytest.raises(StorageDown):
        await here.work()
    assert await here.counted("messages") == 2
    done = await here.work()
    assert done.found is not None
    assert done.found.here == Counts(people=3, rooms=4, messages=6)
    assert (await here.counted("messages"), done.failure) == (6, None)


async def test_a_server_moves_by_the_file_that_another_ones_page_made(
    here: Here, sites: tuple[Site, Site], tmp_path: Path
) -> None:
    other, out = sites[1], tmp_path / "out"
    await Builder(other.storage, other.store, 5).build(30)
    transfers = other.storage.feature_ports[TRANSFERS]
    await transfers.begin_export("out", 1, None, True)
    await transfers.claim(7, EVER)
    await Job(other.storage, other.store, out, 7).run("out")
    await here.upload(out / "out.zip", "archive")
    ready = await here.work()
    assert ready.found is not None
    await here.transfers.start_import()
    done = await here.work()
    assert done.found is not None
    assert done.found.here == ready.found.inside
    assert done.found.inside.files > 0


async def test_a_file_that_is_something_else_is_refused_by_its_name(here: Here, tmp_path: Path) -> None:
    export = tmp_path / "holiday.jpg"
    export.write_bytes(b"no zip file")
    await here.upload(export, "slack")
    failed = await here.work()
    assert failed.failure == "bad"
    assert failed.problem is not None
    assert failed.problem.startswith("holiday.jpg is no zip file")
    assert failed.cause == Cause("no_zip", {"file": "holiday.jpg"})
    await here.transfers.remove("import", failed.by_id)
    (here.place / "in.upload").unlink()
    await here.upload(made(tmp_path / "export.zip", {}, channels=[GARDEN, GARDEN]), "mattermost")
    failed = await here.work()
    assert "it is no export of Mattermost" in str(failed.problem)
    assert str(here.place) not in str(failed.problem)
    assert failed.cause == Cause("no_export", {"file": "export.zip", "chat": "Mattermost"})
