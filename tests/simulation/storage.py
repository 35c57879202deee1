"""A database that is slow, fails, loses its answers and fails over, in front of the memory storage.

What the port says of cancelling holds (`chat/domain/ports`): reads can be cancelled, writes are shielded and
bounded. What is committed stays in the memory storage, whatever becomes of the server.
"""

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
import outcome
import trio

from chat.domain.failures import OutcomeUnknown, StorageDown, WriteRejected
from chat.domain.features import Ports
from chat.domain.ports import Changed
from tests.reference.storage import MemoryStorage
from tests.simulation.stopping import Stopped
from tests.support.port_calls import WRITES

_PACES = {"slow": 0.1, "late": 0.1, "stuck": 2.0}
"""Ninths of the longest call, in seconds, where that is not the database's own."""

_WRITES = WRITES | {"remove_messages", "remove_rows", "count"}

_TIMEOUT = 5.0
"""Seconds for any call, as `query_timeout` and `commit_timeout` have it."""


class Trouble(msgspec.Struct, frozen=True):
    """What is wrong with the database from `at` for `lasts` seconds.

    `kind` is `slow` (up to a second a call), `late` (the same, and what is read is from before that), `stuck` (calls
    take longer than their deadline), `down` (it refuses), `failover` (it breaks what is under way, then refuses),
    `flaky` (a third of the calls fail) or `unsure` (messages are saved, and of most of them nobody is told so).
    """

    at: float
    lasts: float
    kind: str
    server: int | None = None
    """The only server that meets it, counted from 0; None: all do."""


class Database:
    """The memory storage with its troubles; it outlives every server that uses it. `now` is the clock of leases."""

    def __init__(
        self,
        chance: random.Random,
        troubles: list[Trouble],
        stopped: Stopped,
        now: Callable[[], float] = trio.current_time,
    ) -> None:
        self.kept = MemoryStorage(now)
        self.stopped = stopped
        self._chance = chance
        self._troubles = troubles
        self._pace = chance.choice((0.0, 0.001, 0.01, 0.05))  # a ninth of the longest call, in seconds
        self._connections: list[Connection] = []

    def trouble(self, server: int) -> str:
        """Return what is wrong now for a server, or nothing."""
        now = trio.current_time()
        mine = (t for t in self._troubles if t.server in (None, server))
        return next((t.kind for t in mine if t.at <= now < t.at + t.lasts), "")

    def heal(self) -> None:
        """End all troubles for good."""
        self._troubles = []

    async def fail_over(self) -> None:
        """Break what is under way whenever a failover begins."""
        for trouble in sorted(self._troubles, key=lambda t: t.at):
            if trouble.kind == "failover":
                await trio.sleep_until(trouble.at)
                for connection in self._connections:
                    if trouble.server in (None, connection.server):
                        connection.break_off()

    async def finish_some(self, server: int) -> None:
        """Do some of what a stopped server has asked for: it was sent before, and the answer waits to be read."""
        for connection in self._connections:
            for asked in list(connection.asked) if connection.server == server else ():
                if self._chance.random() < 0.5:
                    await asked.finish()

    def connect(self, server: int = 0) -> "Connection":
        """Return the storage as one server sees it; servers are counted from 0."""
        self._connections.append(Connection(self, server))
        return self._connections[-1]

    async def call(self, connection: "Connection", name: str, do: Callable[[], Awaitable[Any]]) -> Any:
        """Make one call of a server, with whatever goes wrong now."""
        with trio.CancelScope(shield=name in _WRITES):  # without a shield a write's outcome would be unknown
            await trio.lowlevel.checkpoint()
            kind = self.trouble(connection.server)
            if kind in ("down", "failover") or (kind == "flaky" and self._chance.random() < 0.2):
                await trio.sleep(self._chance.choice((0.0, 0.01)))
                raise StorageDown("the database refuses")
            if name == "settled_id" and not await self._bury(connection):
                raise StorageDown("a write may still land")
            takes = self._chance.randrange(10) * _PACES.get(kind, self._pace)
            if kind == "late" and name not in _WRITES:
                do = _done(await do())
            asked = _Asked(do)
            lost = kind == "flaky" and self._chance.random() < 0.2
            broken = connection.broken
            connection.asked[asked] = None
            try:
                with trio.move_on_after(min(takes, _TIMEOUT)):
                    await broken.wait()
                if kind == "unsure" and name == "save" and self._chance.random() < 0.6:
                    await asked.answer()
                    raise OutcomeUnknown("the answer got lost")
                if takes < _TIMEOUT and not broken.is_set() and not lost:
                    return await asked.answer()
            finally:
                connection.asked.pop(asked, None)
            if name not in _WRITES:
                raise StorageDown("the database did not answer")
            await self._leave_unknown(connection, asked.answer)
            raise OutcomeUnknown("the database went silent")

    async def _leave_unknown(self, connection: "Connection", do: Callable[[], Awaitable[object]]) -> None:
        match self._chance.randrange(3):
            case 0:
                await _land(do)
            case 1:
                connection.zombies.append(do)

    async def _bury(self, connection: "Connection") -> bool:
        """Let the writes of a server that may still land do so, or not; say whether that is over."""
        if connection.zombies and self._chance.random() < 0.3:
            return False
        while connection.zombies:
            do = connection.zombies.pop(0)
            if self._chance.random() < 0.5:
                await _land(do)
        return True

    async def bury(self, connection: "Connection") -> None:
        """As the end of the server's own connections does."""
        while not await self._bury(connection):
            pass


class _Asked:
    """A call that reached the database: it may be done before the caller reads the answer, and is done once."""

    def __init__(self, do: Callable[[], Awaitable[Any]]) -> None:
        self._do = do
        self._is_begun = False
        self._is_finished = trio.Event()  # by the database alone, while whoever asked stands still
        self._outcome: outcome.Outcome[Any] | None = None

    async def finish(self) -> None:
        """Do it, where that is not begun, and keep the answer."""
        if not self._is_begun:
            self._is_begun = True
            self._outcome = await outcome.acapture(self._do)
            self._is_finished.set()

    async def answer(self) -> Any:
        """Return what came of it; do it now where that is not begun."""
        if not self._is_begun:
            self._is_begun = True
            return await self._do()
        await self._is_finished.wait()
        assert self._outcome is not None  # is kept before the event is set
        return self._outcome.unwrap()


def _done(result: object) -> Callable[[], Awaitable[object]]:
    """Return a call that has been made."""

    async def do() -> object:
        await trio.lowlevel.checkpoint()
        return result

    return do


async def _land(do: Callable[[], Awaitable[object]]) -> None:
    with suppress(WriteRejected):  # nobody is left to hear it
        await do()


class Connection:
    """The port `Storage`, for one server; once that is dead nothing reaches the database any more."""

    def __init__(self, database: Database, server: int) -> None:
        self._database = database
        self.server = server
        self.is_dead = False
        self.broken = trio.Event()  # set, and made anew, when what is under way is broken off
        self.zombies: list[Callable[[], Awaitable[object]]] = []  # writes that may still land
        self.asked: dict[_Asked, None] = {}  # calls under way, in the order of their asking
        self.users = _Table(self, database.kept.users)
        self.rooms = _Table(self, database.kept.rooms)
        self.messages = _Table(self, database.kept.messages)
        self.timelines = _Table(self, database.kept.timelines)
        self.contacts = _Table(self, database.kept.contacts)
        self.files = _Table(self, database.kept.files)
        self.nodes = _Table(self, database.kept.nodes)
        self.sessions = _Table(self, database.kept.sessions)
        self.set_up = _Table(self, database.kept.set_up)
        self.settings = _Table(self, database.kept.settings)
        self.audit = _Table(self, database.kept.audit)
        self.account_removals = database.kept.account_removals  # no plan removes accounts: nothing to trouble
        self.feature_ports = Ports(
            {port: _Table(self, table) for port, table in database.kept.feature_ports.items()}
        )

    def break_off(self) -> None:
        """Break every call that is under way."""
        self.broken.set()
        self.broken = trio.Event()

    async def call(self, name: str, do: Callable[[], Awaitable[Any]]) -> Any:
        if self.is_dead:
            await trio.lowlevel.checkpoint()
            raise StorageDown("this server is no more")
        return await self._database.call(self, name, do)

    async def ping(self) -> None:
        await self.call("ping", self._database.kept.ping)

    async def watch(self, people: Changed, rooms: Changed, settings: Changed) -> None:
        """Tell the server of changes, for as long as it lives."""

        def while_alive(changed: Changed) -> Changed:
            def reach(changed_id: int | None) -> None:
                if not self.is_dead:
                    changed(changed_id)

            return lambda changed_id: self._database.stopped.call(self.server, partial(reach, changed_id))

        await self._database.kept.watch(*map(while_alive, (people, rooms, settings)))


class _Table:
    """One table of it: every method goes through `call`."""

    def __init__(self, connection: Connection, table: object) -> None:
        self._connection = connection
        self._table = table

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._table, name)

        def call(*args: Any, **kwargs: Any) -> Awaitable[Any]:
            return self._connection.call(name, lambda: method(*args, **kwargs))

        setattr(self, name, call)
        return call
