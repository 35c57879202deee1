"""The engine as one block: what it begins with."""

from pathlib import Path
from typing import Any

import trio.testing

from chat.data_access import make_accounts
from chat.domain.accounts import Accounts
from chat.domain.entities import LOBBY_ID, Draft
from chat.domain.ports import NewPerson
from chat.engine.engine import open_engine
from chat.protocols.talker.codec import TALKER
from chat.settings.config import Config
from chat.storage.memory import MemoryStorage
from chat.storage.memory.messages import MemoryMessages


class Shared(MemoryMessages):
    """Messages to which another server writes whenever this one looks how far the log is."""

    async def newest_id(self) -> int:
        newest = await super().newest_id()
        await self.save([Draft(LOBBY_ID, 1, "ada", f"another's, behind {newest}", 1.0)])
        return newest


class Listener:
    """A subscriber that keeps what it is offered."""

    def __init__(self) -> None:
        self.heard = b""

    def offer(self, blob: bytes) -> None:
        self.heard += blob

    def when_written(self, note: Any, behind: int = 0) -> None:
        raise AssertionError("nobody asks")


class Aside:
    """A submitter that nobody hears of."""

    def on_outcome(self, write: object, outcome: object) -> None:
        pass


async def test_what_another_server_writes_while_this_one_starts_is_told() -> None:
    storage: Any = MemoryStorage()
    await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    storage.messages = Shared(storage.users, storage.rooms, storage.files)

    def accounts(person: Any) -> Accounts:
        return make_accounts(
            Config(data=Path("unused")), storage.users, person, "a secret of the tests, long"
        )

    async with open_engine(storage, accounts) as engine:
        listener = Listener()
        engine.hub.subscribe(LOBBY_ID, TALKER, listener)
        assert engine.hub.newest_id == 0
        await engine.journal.submit(Draft(LOBBY_ID, 1, "ada", "our own", 2.0), Aside())
        await trio.testing.wait_all_tasks_blocked()
        texts = [part.split(b'"')[0] for part in listener.heard.split(b'"message":"')[1:]]
        assert texts[:2] == [b"another's, behind 0", b"our own"]
