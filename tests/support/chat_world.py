"""The whole live chat on a memory storage, without a gateway: real sessions, on connections that are fakes.

A client's frames come from a channel, and what it receives goes to a buffer; its send queue, its session and everything
below are the server's own. Each call of the storage can be made to wait or to fail.
"""

import json
import math
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from inspect import isasyncgenfunction
from typing import Any

import trio
from trio.testing import wait_all_tasks_blocked
from trio_websocket import CloseReason, ConnectionClosed

from chat.domain import closing
from chat.domain.accounts.accounts import Accounts
from chat.domain.accounts.passwords import Passwords
from chat.domain.accounts.tokens import Tokens
from chat.domain.closing import Closing
from chat.domain.entities import Message, MessageKind, Person, Room
from chat.domain.features import Ports
from chat.domain.limits.bounds import Lobby
from chat.domain.limits.budgets import Budgets
from chat.domain.limits.registrations import Registrations
from chat.domain.limits.shared_usage import SharedUsage
from chat.domain.limits.throttle import Throttle
from chat.domain.messages.review import REVIEW
from chat.domain.ports import FileStore, NewPerson, Taken
from chat.engine.cluster.servers import ClusterConfig
from chat.engine.dialect import Dialect
from chat.engine.engine import Engine, open_engine
from chat.engine.send_queue import SendQueue
from chat.engine.session import Session, SessionContext
from chat.features.registry import FEATURES
from chat.frames import OPCODE, PING, header_at, ping_frame
from chat.protocols.registry import DIALECTS, PROTOCOLS, STREAMS
from chat.protocols.services import Services, services_of
from chat.storage.archives import Archives
from tests.reference.storage import MemoryStorage
from tests.support.port_calls import WRITES

SECRET = "a secret of the tests that is long enough"
EVER = 2**63 - 1

_CLOSINGS = {each.content: each for each in vars(closing).values() if isinstance(each, Closing)}


class Obstacles:
    """Obstacles for a storage's calls, by the name of the call."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._before: defaultdict[str, list[Exception]] = defaultdict(list)
        self._after: defaultdict[str, list[Exception]] = defaultdict(list)
        self._closed_before: dict[str, trio.Event] = {}
        self._closed_after: dict[str, trio.Event] = {}

    def fail(self, call: str, *errors: Exception, after: bool = False) -> None:
        """Let the next calls fail, before or after their work."""
        (self._after if after else self._before)[call] += errors

    @contextmanager
    def failing(self, call: str, error: Exception) -> Generator[None]:
        """Let all calls fail until the end of the block, before their work."""
        self._before[call] += [error] * 10_000
        try:
            yield
        finally:
            self._before[call].clear()

    @contextmanager
    def held(self, call: str, *, after: bool = False) -> Generator[None]:
        """Let calls wait for the end of the block, before or after their work."""
        closed = self._closed_after if after else self._closed_before
        closed[call] = trio.Event()
        try:
            yield
        finally:
            closed.pop(call).set()

    async def go(self, call: str, do: Callable[[], Any]) -> Any:
        self.calls.append(call)
        await self._meet(call, self._before, self._closed_before)
        result = await do()
        await self._meet(call, self._after, self._closed_after)
        return result

    async def _meet(
        self, call: str, errors: dict[str, list[Exception]], closed: dict[str, trio.Event]
    ) -> None:
        if call in closed:
            await closed[call].wait()
        if errors[call]:
            error = errors[call].pop(0)
            await trio.lowlevel.checkpoint()
            raise error


class Obstructed:
    """A memory table behind obstacles. Its writes are shielded, as the port demands of a real one."""

    def __init__(self, table: object, obstacles: Obstacles) -> None:
        self._table = table
        self._obstacles = obstacles

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._table, name)
        if isasyncgenfunction(method):
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            with trio.CancelScope(shield=name in WRITES):
                return await self._obstacles.go(name, lambda: method(*args, **kwargs))

        return call


class ObstructedStorage:
    """A memory storage behind obstacles.

    It reports changes only if it `tells`: tests of the reports follow it themselves.
    """

    def __init__(self, storage: MemoryStorage, obstacles: Obstacles, *, tells: bool = False) -> None:
        self.users = Obstructed(storage.users, obstacles)
        self.rooms = Obstructed(storage.rooms, obstacles)
        self.messages = Obstructed(storage.messages, obstacles)
        self.timelines = Obstructed(storage.timelines, obstacles)
        self.contacts = Obstructed(storage.contacts, obstacles)
        self.nodes = Obstructed(storage.nodes, obstacles)
        self.sessions = Obstructed(storage.sessions, obstacles)
        self.set_up = Obstructed(storage.set_up, obstacles)
        self.settings = Obstructed(storage.settings, obstacles)
        self.audit = Obstructed(storage.audit, obstacles)
        self.files = Obstructed(storage.files, obstacles)
        self.account_removals = Obstructed(storage.account_removals, obstacles)
        self.feature_ports = Ports(
            {  # the words of review are in memory everywhere
                port: table if port is REVIEW else Obstructed(table, obstacles)
                for port, table in storage.feature_ports.items()
            }
        )
        self._storage = storage if tells else None

    async def watch(self, *changed: Any) -> None:
        if self._storage is not None:
            await self._storage.watch(*changed)
        await trio.sleep_forever()


class FakeConnection:
    """The part of an accepted WebSocket that a session uses: incoming frames, and closing."""

    def __init__(self) -> None:
        self._to_server, self._frames = trio.open_memory_channel[str | bytes](math.inf)
        self.closed_with: Closing | None = None
        self.closed: CloseReason | None = None
        self.answers_close = True

    def send(self, frame: str | bytes) -> None:
        self._to_server.send_nowait(frame)

    def leave(self) -> None:
        """The client ends the connection."""
        self._to_server.close()

    async def get_message(self) -> str | bytes:
        try:
            return await self._frames.receive()
        except trio.EndOfChannel:
            raise ConnectionClosed(CloseReason(1000, "")) from None

    async def aclose(self, code: int = 1000, reason: str = "") -> None:
        await trio.lowlevel.checkpoint()
        self.closed_with = _CLOSINGS[code, reason]
        self.closed = CloseReason(code if self.answers_close else 1006, reason)


class Client:
    """One connected client, whose library answers pings and close frames by itself."""

    def __init__(
        self,
        context: SessionContext,
        dialect: Dialect,
        choices: Sequence[Dialect],
        person: Person | None,
        limit: int,
    ) -> None:
        self.connection = FakeConnection()
        self._patience = math.inf  # bytes that it still reads
        self._reads_on = trio.Event()
        self.last_received_at = trio.current_time()
        self.send_queue = SendQueue(self._take, fileno=None, limit=limit)
        connection: Any = self.connection
        self.session = Session(context, connection, self.send_queue, self, dialect, choices, "test", person)
        self.gone = trio.Event()
        self.scope = trio.CancelScope()
        self.pings = 0
        """Received pings with a payload; they are not among the frames."""
        self._last_ping = 0
        self._answers = True
        self._pong: Callable[[bytes], None] = lambda _payload: None
        self._to_answer, self._pinged = trio.open_memory_channel[bytes](math.inf)
        self._buffer = b""
        self._looked_at = 0  # bytes of it in which pings were looked for

    async def _take(self, data: bytes) -> int:
        await trio.lowlevel.checkpoint()
        while self._patience <= 0:
            await self._reads_on.wait()
        taken = data[:1000]  # short writes, so that a frame may be under way when something happens
        self._buffer += taken
        self._patience -= len(taken)
        self._take_pings()
        return len(taken)

    def _take_pings(self) -> None:
        """Remove complete pings from the bytes, and queue them for an answer."""
        while whole := header_at(self._buffer, self._looked_at, len(self._buffer)):
            begin, (header, size) = self._looked_at, whole
            end = begin + header + size
            if end > len(self._buffer):
                return
            if self._buffer[begin] & OPCODE == PING and size:
                self.pings += 1
                assert int(self._buffer[begin + header : end]) >= self._last_ping, (
                    "pings leave in their order"
                )
                self._last_ping = int(self._buffer[begin + header : end])
                if self._answers:
                    self._to_answer.send_nowait(self._buffer[begin + header : end])
                self._buffer = self._buffer[:begin] + self._buffer[end:]
            else:
                self._looked_at = end

    async def answer_pings(self) -> None:
        """Answer pings, as a library does beside its program, until cancelled."""
        async for payload in self._pinged:
            self._pong(payload)

    async def take_in(self) -> None:
        """Pongs are taken all the time: see answer_pings()."""
        await trio.sleep_forever()

    @staticmethod
    def ping(payload: bytes) -> bytes:
        """A ping of WebSocket."""
        return ping_frame(payload)

    def on_pong(self, received: Callable[[bytes], None]) -> None:
        """Answer pings to this."""
        self._pong = received

    def vanish(self) -> None:
        """Accept bytes from here on, but answer neither pings nor a close frame: the connection is lost."""
        self._answers = self.connection.answers_close = False

    async def receive(self) -> list[str | bytes]:
        """Receive for the session."""
        return [await self.connection.get_message()]

    def receive_no_more(self) -> None:
        """The session receives no more."""

    def stop_reading(self, after: int = 0) -> None:
        """Read no more than about `after` bytes from here on."""
        self._patience = after

    def go_on_reading(self) -> None:
        self._patience = math.inf
        self._reads_on.set()
        self._reads_on = trio.Event()

    def send(self, frame: object) -> None:
        """Send a frame: text as it is, anything else as JSON."""
        self.last_received_at = trio.current_time()
        self.connection.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    def leave(self) -> None:
        self.connection.leave()

    async def ends(self) -> None:
        """Wait until its session has ended, which must be soon."""
        with trio.fail_after(20):
            await self.gone.wait()

    @property
    def closed_with(self) -> Closing | None:
        return self.connection.closed_with

    def received_now(self) -> list[Any]:
        """Return the frames since the last call: JSON, or text if it is not JSON; an empty ping is `ping!`."""
        received: list[Any] = []
        while len(self._buffer) >= 2:
            opcode, size, start = self._buffer[0] & 15, self._buffer[1], 2
            if size >= 126:
                start = 4 if size == 126 else 10
                size = int.from_bytes(self._buffer[2:start])
            if len(self._buffer) < start + size:
                break
            body, self._buffer = self._buffer[start : start + size], self._buffer[start + size :]
            self._looked_at = max(0, self._looked_at - start - size)
            received.append("ping!" if opcode == 9 else _parsed(body.decode()))
        return received

    async def receives(self) -> list[Any]:
        """Return the frames that arrive until nothing more happens by itself."""
        await wait_all_tasks_blocked()
        return self.received_now()

    async def asks(self, frame: object) -> Any:
        """Send a frame, and return the only one that arrives."""
        self.send(frame)
        (answer,) = await self.receives()
        return answer


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


class World:
    """The chat, and ways to connect to it."""

    def __init__(
        self,
        storage: MemoryStorage,
        obstacles: Obstacles,
        engine: Engine,
        services: Services,
        context: SessionContext,
        nursery: trio.Nursery,
    ) -> None:
        self.storage = storage
        self.obstacles = obstacles
        self.services = services
        self.context = context
        self.accounts = engine.accounts
        self.hub = engine.hub
        self.journal = engine.journal
        self.history = engine.history
        self.presence = engine.presence
        self.memberships = engine.memberships
        self.deliveries = engine.deliveries
        self.cluster = engine.cluster
        self._nursery = nursery
        self.clients: list[Client] = []
        """All that ever connected."""

    async def add(self, name: str, *, operator: bool = False) -> Person:
        """Add a person, without the cost of a password."""
        added = await self.storage.users.add(NewPerson(name=name, password_hash=b"x", is_operator=operator))
        assert not isinstance(added, Taken)
        return added

    async def add_all(self, *names: str) -> list[Person]:
        return [await self.add(name) for name in names]

    def token(self, person: Person) -> str:
        return self.accounts.grant(person).token

    async def make_room(self, creator: Person, name: str = "garden", *, is_private: bool = False) -> Room:
        room = await self.storage.rooms.create(name, creator.id, is_private=is_private)
        assert isinstance(room, Room)
        return room

    async def connect(
        self,
        dialect: Dialect,
        person: Person | None = None,
        *,
        choices: Sequence[Dialect] = (),
        limit: int = 100_000,
    ) -> Client:
        """Connect, and wait until the client's greeting is over.

        `person` is the person of the handshake's token.
        """
        client = Client(self.context, dialect, choices, person, limit)
        self.clients.append(client)
        self._nursery.start_soon(self._serve, client)
        await self.rest()
        return client

    async def connect_at_root(self, dialect: Dialect, person: Person | None = None) -> Client:
        """Connect where the first frame chooses the dialect, and `dialect` is the listener's own."""
        return await self.connect(dialect, person, choices=DIALECTS)

    async def _serve(self, client: Client) -> None:
        """As the WebSocket endpoint serves."""
        try:
            with client.scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(client.answer_pings)
                    with client.send_queue.written_by(nursery.start_soon):
                        with self.presence.present(client.session):
                            await client.session.serve(nursery)
                        client.send_queue.finish()
                        with trio.move_on_after(1):
                            await client.send_queue.wait_until_at_most(0)
                    nursery.cancel_scope.cancel()
        finally:
            client.gone.set()

    async def rest(self) -> None:
        """Let all tasks run until they wait, without advancing the clock."""
        await wait_all_tasks_blocked()

    def said(self, room_id: int) -> list[Message]:
        """The saved messages of a room."""
        return list(self.storage.messages._said(room_id))

    async def members(self, room_id: int) -> set[int]:
        """The members of a room."""
        people = await self.storage.users.everyone()
        return {person.id for person in people if await self.storage.rooms.is_member(room_id, person.id)}

    def joined(self, room_id: int) -> list[int]:
        """Return the people whose joins were published in a room, in order."""
        return [message.sender_id for message in self.said(room_id) if message.kind is MessageKind.JOIN]

    def assert_nothing_is_left(self) -> None:
        """Check that nothing is left of disconnected clients."""
        assert not self.hub._topics
        assert not len(self.presence)
        assert not self.presence._handshakes


@asynccontextmanager
async def open_world(
    storage: MemoryStorage | None = None,
    *,
    cluster_config: ClusterConfig | None = None,
    shared_usage: SharedUsage | None = None,
    trust_from: bool = False,
    budgets: Budgets | None = None,
    lobby: Lobby | None = None,
    file_store: FileStore | None = None,
    archives: Archives | None = None,
    follows: bool = False,
) -> AsyncGenerator[World]:
    """Open a chat for the block, without limits if no `budgets` are given; remaining clients leave at its end.

    Several worlds share a `storage` with a `cluster_config` for each. One that `follows` gets the storage's reports of
    changed people and rooms.
    """
    storage, obstacles = storage or MemoryStorage(), Obstacles()

    def make_accounts(person: Any, login_failed: Any) -> Accounts:
        return Accounts(
            behind.users,
            Passwords(4),
            Tokens(SECRET, 3600),
            Throttle(shared_usage=shared_usage),
            Registrations(0),
            min_password=5,
            person=person,
            sessions=behind.sessions,
            login_failed=login_failed,
        )

    behind: Any = ObstructedStorage(storage, obstacles, tells=follows)
    async with open_engine(
        behind,
        make_accounts,
        budgets=budgets,
        features=FEATURES,
        cluster_config=cluster_config,
        shared_usage=shared_usage,
        file_store=file_store,
        archives=archives,
        file_bytes=100_000,
        lobby=lobby,
    ) as engine:
        services = services_of(engine, direct_trust_from=trust_from)
        clients = {protocol.dialect: protocol.open(services) for protocol in PROTOCOLS}
        clients |= {stream.dialect: stream.open(services) for stream in STREAMS}
        context = engine.session_context(clients)
        async with trio.open_nursery() as nursery:
            yield World(storage, obstacles, engine, services, context, nursery)
            nursery.cancel_scope.cancel()
