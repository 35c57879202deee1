"""Exports that people ask for, cut off wherever they can wait."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import trio
from trio_cancel_sweep import Run, Scenario

from chat.domain.entities import LOBBY_ID, Draft, Person
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.ports import NewPerson
from chat.features.exports.maker import Maker, open_maker
from chat.features.exports.personal_data import PERSONAL_DATA
from chat.features.exports.requests import REQUESTS, Failure
from chat.features.exports.use_cases import EXPORTS
from chat.protocols.native.file_answer import ArchiveBody
from chat.storage.archives import Archives
from chat.storage.postgres.database import DatabaseAddress
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.postgres_scenarios import storage_at
from tests.cancellation.swept_world import fill, swept_world
from tests.support.chat_world import World
from tests.support.databases import empty
from tests.support.people import PASSWORD


async def exporting(run: Run) -> None:
    """Make an export through an outage: what is in the directory is whole, and the next maker makes the rest."""
    with TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as faster:
        for name, value in (("_RETRY", 0.001), ("_RENEW", 0.001), ("_LOOK", 0.01)):
            faster.setattr(f"chat.features.exports.maker.{name}", value)
        async with swept_world(run) as (world, _witness):
            (ada,) = await world.add_all("ada")
            await fill(world, [Draft(LOBBY_ID, ada.id, "ada", "hers", 1.0)])
            ports = world.services.feature_ports
            place = Path(directory) / "exports"
            place.mkdir()
            (place / ".of.zip.the.dead").write_bytes(b"half")
            await ports[EXPORTS].ask(ada)

            def is_made() -> bool:
                model: Any = world.storage.feature_ports[REQUESTS]
                return model.is_all_made()

            async def make(error: Exception | None = None) -> None:
                for most_bytes in (10, 1 << 30):  # the first is given up
                    await ports[EXPORTS].ask(ada)
                    archives = Archives(place, None, most_bytes)
                    maker = Maker(ports[REQUESTS], ports[PERSONAL_DATA], archives, ports[EXPORTS].asked)
                    if most_bytes == 10 and error is not None:
                        await maker.make_all()
                if error is not None:
                    world.obstacles.fail("extent", error)
                async with open_maker(maker):
                    await _until(is_made)

            async def make_through_an_outage() -> None:
                with suppress(StorageDown, OutcomeUnknown):  # of those calls that answer somebody
                    await make(StorageDown("an outage"))

            await run.target(make_through_an_outage)
            assert run.fired or len(os.listdir(place)) == 1
            with trio.fail_after(20):
                world.storage.feature_ports[REQUESTS].end_claims()
                await make()
                found = await world.storage.feature_ports[REQUESTS].of_person(ada.id)
                assert found is not None
                assert os.listdir(place) == [f"{found.name}.zip"]


async def _until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - what is waited for has no event
        await trio.sleep(0.005)


def requesting(address: DatabaseAddress) -> Scenario:
    """Ask a real database for an export, make it, and make a link to it."""

    async def scenario(run: Run) -> None:
        empty(address)
        async with storage_at(address) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert isinstance(ada, Person)
            await run.target(_request, storage.feature_ports, ada.id)
            left = await storage.feature_ports[REQUESTS].of_person(ada.id)
            assert run.fired or (left is not None and left.size == 7)

    return scenario


async def _request(ports: Any, ada: int) -> None:
    requests = ports[REQUESTS]
    await requests.ask(ada, "none")
    await requests.claim(1, 60.0)
    await requests.fail(1, "none", Failure.DISK)
    await requests.ask(ada, "one")
    assert not (await requests.ask(ada, "two")).is_new
    rows, size = await ports[PERSONAL_DATA].extent(ada)
    assert (rows > 0, size) == (True, 0)
    assert await requests.claim(1, 60.0) is not None
    assert await requests.renew(1, "one", 60.0, 0.5)
    assert await requests.finish(1, "one", 7)
    assert await requests.of_person(ada) is not None
    assert await requests.make_link(ada, None, 0, b"digest") is not None
    assert await requests.by_link(b"digest") is not None
    await requests.expire()
    assert await requests.claim(1, 60.0) is None


async def http_native_exports(run: Run) -> None:
    """Ask for an export with the password, look at it, make a link and follow it."""

    async def ask(wire: Wire, world: World) -> None:
        hashed = await world.accounts.hash(PASSWORD, None)
        assert isinstance(hashed, bytes)
        ada = await world.storage.users.add(NewPerson(name="ada", password_hash=hashed))
        assert isinstance(ada, Person)
        token, begin = world.token(ada), "/api/v1"
        await wire.asks("POST", f"{begin}/me/export", {"password": PASSWORD}, token)
        requests = world.storage.feature_ports[REQUESTS]
        if (claimed := await requests.claim(1, 60.0)) is not None:
            path = archives.path(claimed.name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"PK whole")
            await requests.finish(1, claimed.name, 8)
        await wire.asks("GET", f"{begin}/me/export", None, token)
        link = await wire.asks("POST", f"{begin}/me/export/link", None, token)
        await wire.asks("GET", link["path"] if link and "path" in link else f"{begin}/exports/none")
        assert run.fired or b"PK whole" in wire.got
        await wire.stream.aclose()

    with TemporaryDirectory() as directory:
        archives = Archives(Path(directory) / "exports", None, 1 << 20)
        await one_connection(run, ask, config(), archives=archives)


async def downloading(run: Run) -> None:
    """Read a range of an archive."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "one.zip"
        path.write_bytes(b"PK whole")

        async def read() -> None:
            body = ArchiveBody(path, buffer_size=2)
            await body.make_conditional(3, None)
            async with body as pieces:
                assert b"".join([piece async for piece in pieces]) == b"whole"

        await run.target(read)


CORE = (exporting,)
GATEWAY = (http_native_exports,)
