"""Exports of the server that admins start in the page, cut off wherever they can wait."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from trio_cancel_sweep import CANCELLING, Run, Scenario, Sweeper

from chat.domain.entities import Person
from chat.domain.ports import NewPerson
from chat.features.transfers.found import Counts, Found
from chat.features.transfers.transfers import TRANSFERS, Failure
from chat.storage.archives import Archives
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.postgres_scenarios import storage_at
from tests.support.campaign import in_campaign
from tests.support.chat_world import World
from tests.support.databases import empty
from tests.support.people import PASSWORD

FOUND = Found(source="slack T1", inside=Counts(messages=3), before=Counts())


def in_postgres(address: DatabaseAddress) -> Scenario:
    """Ask a real database for an export, make it, and make a link to it."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with storage_at(address) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x", is_admin=True))
            assert isinstance(ada, Person)
            await run.target(_request, storage.feature_ports, ada.id)
            left = await storage.feature_ports[TRANSFERS].find("export")
            assert run.fired or left is None

    return scenario


async def _request(ports: Any, ada: int) -> None:
    transfers = ports[TRANSFERS]
    await transfers.begin_export("none", ada, None, True)
    await transfers.claim(1, 60.0)
    await transfers.fail(1, "none", Failure.DISK, "")
    assert await transfers.has_room(1)
    assert await transfers.has_person(ada)
    await transfers.begin_export("one", ada, None, True)
    assert await transfers.claim(1, 60.0) is not None
    assert await transfers.claimed(1, "one") is not None
    assert await transfers.renew(1, "one", 60.0)
    assert await transfers.note(1, "one", "log", 1, 2)
    assert await transfers.finish_export(1, "one", 7)
    assert await transfers.find("export") is not None
    assert await transfers.make_link(ada, None, 0, b"digest") is not None
    assert await transfers.by_link(b"digest") is not None
    assert await transfers.expire() == {"one"}
    assert await transfers.remove("export", ada)
    assert await transfers.claim(1, 60.0) is None
    await transfers.begin_import("in", ada, "slack", "export.zip", 2)
    await transfers.receive("in", 0, 2)
    assert await transfers.claim(1, 60.0) is not None
    assert await transfers.checked(1, "in", FOUND)
    assert await transfers.start_import() is not None
    assert await transfers.stop_import(ada) is not None
    assert await transfers.start_import() is not None
    assert await transfers.claim(1, 60.0) is not None
    assert await transfers.finish_import(1, "in", FOUND)


async def over_http(run: Run) -> None:
    """Export, look, make a link, follow it, and remove it; then upload, start, stop and remove an import."""

    async def ask(wire: Wire, world: World) -> None:
        hashed = await world.accounts.hash(PASSWORD, None)
        assert isinstance(hashed, bytes)
        ada = await world.storage.users.add(NewPerson(name="ada", password_hash=hashed, is_admin=True))
        assert isinstance(ada, Person)
        token, begin = world.token(ada), "/api/v1"
        path = f"{begin}/admin/archive"
        for _ in range(2):  # the second is refused
            await wire.asks("POST", path, {"password": PASSWORD, "person": ada.id}, token)
        await wire.asks("POST", path, {"password": PASSWORD, "room": 1}, token)  # one is under way
        transfers = world.storage.feature_ports[TRANSFERS]
        if (claimed := await transfers.claim(1, 60.0)) is not None:
            archives.transfers.mkdir(exist_ok=True)
            (archives.transfers / f"{claimed.name}.zip").write_bytes(b"PK whole")
            await transfers.finish_export(1, claimed.name, 8)
        await wire.asks("GET", path, None, token)
        link = await wire.asks("POST", f"{path}/link", None, token)
        await wire.asks("GET", link["path"] if link and "path" in link else f"{begin}/archives/none")
        await wire.does("DELETE", path, None, token)
        assert run.fired or b"PK whole" in wire.got
        path = f"{begin}/admin/import"
        file = {"source": "slack", "name": "export.zip", "size": 2, "password": PASSWORD}
        await wire.asks("POST", path, file, token)
        await wire.asks("PUT", f"{path}/bytes?at=0", b"PK", token)
        await wire.asks("GET", path, None, token)
        if (claimed := await transfers.claim(1, 60.0)) is not None:
            await transfers.checked(1, claimed.name, FOUND)
        await wire.asks("POST", f"{path}/start", None, token)
        await wire.asks("POST", f"{path}/stop", None, token)
        await wire.does("DELETE", path, None, token)
        assert run.fired or await transfers.find("import") is None
        await wire.stream.aclose()

    with TemporaryDirectory() as directory:
        archives = Archives(Path(directory) / "exports", None, 0)
        await one_connection(run, ask, config(), archives=archives)


def test_over_http(cancel_sweep: Sweeper) -> None:
    name = "transfers over HTTP, cancelled"
    cancel_sweep.scenario(over_http, name, flavours=CANCELLING, virtual=False, limit=6, every=60, seeds=1)


@in_campaign
def test_in_postgres(cancel_sweep: Sweeper, one_database: DatabaseAddress) -> None:
    name = "transfers in PostgreSQL, cancelled"
    cancel_sweep.scenario(in_postgres(one_database), name, virtual=False, limit=20, every=25, seeds=1)
