"""Accounts that are removed, and exports, cut off wherever they can wait."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import msgspec
import pytest
import trio
from trio_cancel_sweep import Run, Scenario

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.accounts.account_removal import How, RemovedAccount
from chat.domain.entities import LOBBY_ID, Draft, Person, Room
from chat.domain.failures import StorageDown
from chat.domain.messages.changes import Reaction
from chat.domain.ports import NewFile, NewPerson
from chat.engine.eraser import Eraser
from chat.features.retention.ports import RETENTION
from chat.storage.export_archive import write_archive
from chat.storage.file_store import DiskFileStore, open_file_store
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import PostgresStorage
from chat.storage.removal_list import list_removals, read_removals
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.cancellation.postgres_scenarios import storage_at
from tests.cancellation.swept_world import fill, swept_world, texts_saved
from tests.support.chat_world import Obstructed, World
from tests.support.databases import empty
from tests.support.people import PASSWORD


async def erasing(run: Run) -> None:
    """Erase somebody through an outage: the next eraser goes on where this one ended, and the list is whole."""
    with TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as faster:
        faster.setattr("chat.engine.eraser._RETRY", 0.001)
        async with swept_world(run) as (world, _witness):
            ada, _ben, cem = await world.add_all("ada", "ben", "cem")
            await fill(world, [Draft(LOBBY_ID, ada.id, "ada", text, 1.0) for text in ("1", "2")])
            kept = world.storage.account_removals
            path, store_id = Path(directory) / "list", str(await world.storage.files.store_id())
            assert await world.storage.users.delete(cem.id)
            await list_removals(kept, path, store_id)
            assert await world.storage.users.delete(ada.id, how=How.ERASE)
            removals: Any = Obstructed(kept, world.obstacles)
            world.obstacles.fail("claim", StorageDown("an outage"))

            async def erase(settled_after: float = 0.03) -> None:
                eraser = Eraser(
                    removals, world.services.writes, settled_after=settled_after, listed=(path, store_id)
                )
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(eraser.erase)
                    while not kept.is_finished(ada.id):  # noqa: ASYNC110 - what is waited for has no event
                        await trio.sleep(0.02)
                    eraser.wake()
                    await trio.sleep(0.01)
                    nursery.cancel_scope.cancel()

            await run.target(erase)
            assert run.fired or not any(texts_saved(world, LOBBY_ID))
            await erase(0.0)
            assert not any(texts_saved(world, LOBBY_ID))
            assert len(read_removals(path, store_id)) == 2
            assert os.listdir(directory) == ["list"]


def removing(address: DatabaseAddress) -> list[Scenario]:
    """Export somebody from a real database, and remove them: an archive is whole or not there."""
    return [_sweeping(address, act) for act in (_export, _remove, _remove_on_hold)]


@dataclass(frozen=True)
class _Departure:
    """Two people, with a message of each and a file of the first, and where she is exported to."""

    storage: PostgresStorage
    store: DiskFileStore
    path: Path
    ada: Person
    ben: Person


def _sweeping(address: DatabaseAddress, act: Callable[[_Departure], Awaitable[None]]) -> Scenario:
    async def scenario(run: Run) -> None:
        empty(address)
        with TemporaryDirectory() as directory:
            async with storage_at(address) as storage:
                ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
                ben = await storage.users.add(NewPerson(name="ben", password_hash=b"x"))
                assert isinstance(ada, Person)
                assert isinstance(ben, Person)
                room = await storage.rooms.create("garden", ada.id, is_private=False)
                assert isinstance(room, Room)
                store = await open_file_store(Path(directory) / "files", str(await storage.files.store_id()))
                async with aclosing(_bytes()) as pieces:
                    stored = await store.store(pieces)
                new = NewFile(
                    room_id=room.id,
                    owner_id=ada.id,
                    name="a",
                    type="text/plain",
                    size=stored.size,
                    digest=stored.digest,
                )
                await storage.files.keep_file(new)
                drafts = [Draft(room.id, each.id, "x", f"of {each.id}", 1.0) for each in (ada, ben)]
                await storage.messages.save(drafts)
                await storage.messages.save([Reaction(room.id, 2, ada.id, "👍", True, 1.0)])
                path = Path(directory) / "ada.zip"
                await run.target(act, _Departure(storage, store, path, ada, ben))
                if path.exists():
                    assert ZipFile(path).testzip() is None
                assert {*os.listdir(directory)} <= {"ada.zip", "files"}
                assert run.fired or await storage.account_removals.claim(1, 9.0, 0.0) is None

    return scenario


async def _bytes() -> AsyncGenerator[bytes]:
    yield b"her bytes"


async def _export(departure: _Departure) -> None:
    storage, ada = departure.storage, departure.ada.id
    person = await storage.exports.person(ada)
    assert person is not None
    async with aclosing(storage.exports.kinds(ada)) as kinds:
        await write_archive(departure.path, person, kinds, departure.store)


async def _remove(departure: _Departure) -> None:
    storage, ada = departure.storage, departure.ada
    removals = storage.account_removals
    account = RemovedAccount(ada.id, round(ada.created_at * 1_000_000), How.ANONYMISE, 1)
    assert await removals.remove_again([account]) == 1
    assert await storage.users.delete(ada.id, how=How.ERASE)
    assert await storage.users.nameless([ada.id])
    assert [each.how for each in await removals.accounts()] == [How.ERASE]
    open_removal = await removals.claim(1, 9.0, 0.0)
    assert open_removal is not None
    window = await removals.window(ada.id, open_removal.done_id, 20)
    assert len(window.writes) == 2
    await storage.messages.save(window.writes)
    await removals.clear(ada.id, open_removal.done_id, window.last_id)
    await removals.finish(ada.id)


async def _remove_on_hold(departure: _Departure) -> None:
    """Remove somebody who is on hold: their name goes when the hold is lifted."""
    storage, ada, ben = departure.storage, departure.ada.id, departure.ben.id
    removals, retention = storage.account_removals, storage.feature_ports[RETENTION]
    assert await retention.place("person", ben, "case 7", ada)
    assert await storage.users.delete(ben, how=How.ANONYMISE)
    assert await removals.claim(1, 9.0, 0.0) is None
    await removals.postpone(ben, 0.0)
    (hold,) = await retention.holds()
    assert await retention.lift(hold.id, ada)
    await removals.finish(ben)


async def _asks(wire: Wire, path: str, body: object, token: str) -> None:
    """Make a call whose answer may have no body."""
    content = msgspec.json.encode(body)
    head = f"POST /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(content)}\r\nAuthorization: Bearer {token}\r\n\r\n"
    await wire.send(head.encode() + content)
    await wire.until(b"HTTP/1.1 ")


async def http_native_leaving(run: Run) -> None:
    """Remove others as an admin, one of them twice, and then oneself with the password."""

    async def leave(wire: Wire, world: World) -> None:
        cem, olga = await world.add("cem"), await world.add("olga")
        hashed = await world.accounts.hash(PASSWORD, None)
        assert isinstance(hashed, bytes)
        ada = await world.storage.users.add(NewPerson(name="ada", password_hash=hashed, is_admin=True))
        assert isinstance(ada, Person)
        await world.storage.users.administer(olga.id, AccountChange(is_admin=True), None)
        token = world.token(ada)
        for how in ("leave", "erase", "leave"):
            await _asks(wire, f"/admin/people/{cem.id}/removal", {"how": how}, token)
        assert run.fired or world.storage.users.removed == {cem.id: How.ERASE}
        await _asks(wire, "/me/removal", {"how": "erase", "password": PASSWORD}, token)
        assert run.fired or world.storage.users.removed == {cem.id: How.ERASE, ada.id: How.ERASE}
        await wire.stream.aclose()

    await one_connection(run, leave, config())


CORE = (erasing,)
GATEWAY = (http_native_leaving,)
