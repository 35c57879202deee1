"""How long an engine may take to stop while its database is silent: no longer than the table of `chat/shutdown.py`."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import trio
import trio.testing

from chat.data_access import make_accounts
from chat.domain.accounts.accounts import Accounts
from chat.domain.entities import LOBBY_ID, Draft, Room
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.ports import NewPerson
from chat.engine.cluster.servers import ClusterConfig
from chat.engine.engine import open_engine
from chat.settings.config import Config
from chat.shutdown import longest_worker_stop
from tests.reference.bus import LocalNetwork
from tests.reference.storage import MemoryStorage

QUERY, COMMIT = 5.0, 7.0


class SilentStorage:
    """A memory storage whose calls take all the time that they may, and fail, once it `is_silent`."""

    def __init__(self, kept: MemoryStorage) -> None:
        self._kept = kept
        self.is_silent = False
        self.feature_ports = kept.feature_ports  # no table

    def __getattr__(self, table: str) -> Any:
        return _SilentTable(self, getattr(self._kept, table))

    async def watch(self, *_changed: object) -> None:
        await trio.sleep_forever()


class _SilentTable:
    def __init__(self, storage: SilentStorage, table: object) -> None:
        self._storage = storage
        self._table = table

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._table, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            if not self._storage.is_silent:
                return await method(*arguments, **named)
            with trio.CancelScope(shield=True):  # as a write is
                await trio.sleep(COMMIT if name == "save" else QUERY)
            raise OutcomeUnknown("silent") if name == "save" else StorageDown("silent")

        return call


class Aside:
    """A submitter that nobody hears of."""

    def on_outcome(self, write: object, outcome: object) -> None:
        pass


async def test_a_silent_database_is_awaited_within_the_documented_time(
    autojump_clock: trio.testing.MockClock,
) -> None:
    kept = MemoryStorage()
    for name in ("ada", "ben"):
        await kept.users.add(NewPerson(name=name, password_hash=b"x"))
    room = await kept.rooms.direct_room(1, 2)
    assert isinstance(room, Room)
    storage: Any = SilentStorage(kept)

    def accounts(person: Any, _login_failed: Any) -> Accounts:
        return make_accounts(Config(data=Path("unused")), kept.users, person, "a secret of the tests, long")

    async with LocalNetwork().open_bus() as bus:
        cluster_config = ClusterConfig(
            bus=bus, bus_kind="local", secret_digest="one", address="here", version="0"
        )
        async with open_engine(storage, accounts, cluster_config=cluster_config) as engine:
            await trio.sleep(1)
            storage.is_silent = True
            for person in (1, 2):  # the second while the note of the first is under way
                engine.read_marks.note(room.id, person, 1)
                engine.deliveries.confirm({(room.id, person): 1})
                await trio.sleep(0.1)
            await engine.journal.submit(Draft(LOBBY_ID, 1, "ada", "hello", 1.0), Aside())
            since = trio.current_time()
    took = trio.current_time() - since
    assert took > COMMIT + 2 * QUERY, "nothing was waited for"
    assert took + QUERY <= longest_worker_stop(0.0, COMMIT, QUERY), "the connections close after that"
