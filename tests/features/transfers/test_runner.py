"""The runner has transfers done by processes: here by small ones, which say what is to come of them."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import trio

from chat.domain.failures import StorageDown
from chat.domain.ports import NewPerson
from chat.features.transfers import runner as runner_module
from chat.features.transfers.runner import Runner, open_runner
from chat.features.transfers.transfers import AGAIN, TRANSFERS
from chat.signals import Signal
from chat.storage.archives import Archives
from tests.features.transfers.model import TransfersModel
from tests.reference.storage import MemoryStorage


class Site:
    """A runner, and the script that its processes run."""

    def __init__(self, storage: MemoryStorage, place: Path) -> None:
        self.transfers: TransfersModel = storage.feature_ports[TRANSFERS]  # type: ignore[assignment]
        (place / "chat").mkdir(parents=True)
        (place / "chat" / "__init__.py").touch()
        self._script = place / "chat" / "__main__.py"
        self.asked = Signal()
        archives = Archives(place / "exports", None, 0, {"PYTHONPATH": str(place)})
        self.runner = Runner(self.transfers, archives, self.asked)
        self.done = place / "done"

    def script(self, text: str) -> None:
        self._script.write_text(f"import sys, pathlib\ndone = pathlib.Path({str(self.done)!r})\n{text}\n")


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Site]:
    monkeypatch.setattr(runner_module, "_RETRY", 0.001)
    monkeypatch.setattr(runner_module, "_RENEW", 0.01)
    storage = MemoryStorage()
    await storage.users.add(NewPerson(name="ada", password_hash=b"x", is_admin=True))
    with trio.fail_after(60):
        yield Site(storage, tmp_path / "place")


async def test_a_process_that_stops_is_started_again_five_times(site: Site) -> None:
    site.script("print('half'); print('no memory'); sys.exit(3)")
    await site.transfers.begin_export("one", 1, None, True)
    tries = 0
    while await site.runner.run_next():
        tries += 1
    failed = await site.transfers.find("export")
    assert failed is not None
    assert (tries, failed.failure, failed.problem) == (5, "stopped", "no memory")


async def test_one_without_a_database_is_started_until_it_has_one(site: Site) -> None:
    site.script(
        f"tries = len(done.read_text()) if done.exists() else 0\ndone.write_text('x' * (tries + 1))\nsys.exit({AGAIN})"
    )
    await site.transfers.begin_export("one", 1, None, True)
    for _ in range(6):
        assert await site.runner.run_next()
    assert site.done.read_text() == "x" * 6
    found = await site.transfers.find("export")
    assert found is not None
    assert found.is_due


async def test_a_transfer_that_is_removed_ends_its_process(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.script("import time\ndone.write_text(sys.argv[1])\ntime.sleep(60)")
    renew = site.transfers.renew
    renewals = 0

    async def renew_in_an_outage(by: int, name: str, seconds: float) -> bool:
        nonlocal renewals
        renewals += 1
        if renewals == 1:
            raise StorageDown("an outage")
        return await renew(by, name, seconds)

    monkeypatch.setattr(site.transfers, "renew", renew_in_an_outage)
    async with open_runner(site.runner):
        await site.transfers.begin_export("one", 1, None, True)
        site.asked.notify()
        while not site.done.exists() or site.done.read_text() != "transfer":  # noqa: ASYNC110 - it is a process
            await trio.sleep(0.01)
        await site.transfers.remove("export", 1)
        while await site.transfers.claim(7, 0.0) or site.runner._stops:  # noqa: ASYNC110
            await trio.sleep(0.01)
        site.script("done.write_text('the next')")
        await site.transfers.begin_export("two", 1, None, True)
        site.asked.notify()
        while site.done.read_text() != "the next":  # noqa: ASYNC110 - it is a process
            await trio.sleep(0.01)
        await site.transfers.remove("export", 1)
    assert renewals > 1
