"""The engine as one block: its initial state, and the events between its parts."""

from pathlib import Path
from typing import Any

import trio.testing

from chat.data_access import make_accounts
from chat.domain.accounts.accounts import Accounts
from chat.domain.entities import LOBBY_ID, Draft, Message
from chat.domain.ports import NewPerson
from chat.engine.cluster_port import Alone
from chat.engine.engine import open_engine
from chat.engine.protocol_client import ProtocolClient
from chat.protocols.talker.codec import TALKER
from chat.settings.config import Config
from tests.reference.storage import MemoryStorage
from tests.reference.storage.messages import MemoryMessages
from tests.support.chat_world import open_world


class Shared(MemoryMessages):
    """Messages to which another server writes whenever this one looks how far the log is."""

    async def newest_id(self) -> int:
        newest = await super().newest_id()
        await self.save([Draft(LOBBY_ID, 1, "ada", f"another's, behind {newest}", 1.0)])
        return newest


class Listener:
    """A subscriber that keeps what it is offered."""

    def __init__(self) -> None:
        self.received = b""

    def offer(self, blob: bytes) -> None:
        self.received += blob

    def when_written(self, note: Any, behind: int = 0) -> None:
        raise AssertionError("nobody asks")


class Aside:
    """A submitter that nobody hears of."""

    def on_outcome(self, write: object, outcome: object) -> None:
        pass


async def test_writes_of_another_server_during_the_start_are_published() -> None:
    storage: Any = MemoryStorage()
    await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    storage.messages = Shared(storage.users, storage.rooms, storage.files)

    def accounts(person: Any, _login_failed: Any) -> Accounts:
        return make_accounts(
            Config(data=Path("unused")), storage.users, person, "a secret of the tests, long"
        )

    async with open_engine(storage, accounts) as engine:
        listener = Listener()
        engine.hub.subscribe(LOBBY_ID, TALKER, listener)
        assert engine.hub.newest_id == 0
        await engine.journal.submit(Draft(LOBBY_ID, 1, "ada", "our own", 2.0), Aside())
        await trio.testing.wait_all_tasks_blocked()
        texts = [part.split(b'"')[0] for part in listener.received.split(b'"message":"')[1:]]
        assert texts[:2] == [b"another's, behind 0", b"our own"]


class Noting(ProtocolClient):
    """A protocol's side of a connection that notes who was deleted."""

    def __init__(self) -> None:
        self.deleted: list[int] = []

    def person_deleted(self, person_id: int) -> None:
        self.deleted.append(person_id)


async def test_every_client_learns_of_deletions_by_other_processes() -> None:
    async with open_world(follows=True) as world:
        ada, ben, cem = await world.add_all("ada", "ben", "cem")
        clients = [await world.connect(TALKER, person) for person in (ada, None)]
        for client in clients:
            client.session.client = Noting()
        await world.storage.users.rename(ben.id, "Benjamin")
        await world.storage.users.delete(cem.id)
        await world.rest()
        noted = [client.session.client for client in clients]
        assert [each.deleted for each in noted if isinstance(each, Noting)] == [[cem.id]] * 2


async def test_people_added_by_another_process_are_counted() -> None:
    async with open_world(follows=True) as world:
        await world.add_all("ada", "ben")
        await world.rest()
        assert await world.services.member_counts.in_lobby() == 2
        await world.add("cem")
        await world.rest()
        assert await world.services.member_counts.in_lobby() == 3


async def test_a_single_server_asks_no_other_for_unsaved_messages() -> None:
    assert not await Alone().relay(Message(1, LOBBY_ID, 1, 1, "ada", "hi", 0.0))
