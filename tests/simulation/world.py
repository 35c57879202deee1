"""A world in a bottle: the whole server, its clients, its database and its network, from one plan to one history."""

import random
import sys
from collections.abc import Callable, MutableMapping
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import structlog
import trio
from trio.testing import MockClock

import chat.engine.cluster.lease
import chat.engine.cluster.questions
import chat.engine.engine
import chat.engine.fence
import chat.server
from chat.bus.payloads import Announced, Answer, Beat, HasPublished, Payload, Question, Spent, encode
from chat.bus.seals import Seals
from chat.domain.accounts.tokens import Tokens
from chat.domain.entities import LOBBY_ID, Message, Person, Room
from chat.domain.limits.shared_usage import Used
from chat.domain.messages.client_positions import STORE
from chat.domain.ports import NewPerson
from chat.domain.rooms.membership import RoomRole
from chat.engine.cluster.servers import ClusterConfig
from chat.engine.hub import Hub
from chat.engine.presence import Presence
from chat.features.positions import FEATURE as POSITIONS
from chat.features.retention.ports import RETENTION
from chat.features.retention.remover import open_remover
from chat.protocols.registry import PROTOCOLS
from chat.settings.config import Config
from chat.settings.listen import Listen
from tests.reference.bus import LocalBus
from tests.simulation.clients import KINDS as KINDS_OF_TODAY
from tests.simulation.clients import Client, RoomsClient
from tests.simulation.determinism import WallClock, WithClock, deterministic, hashed
from tests.simulation.edited import edited_room
from tests.simulation.editing import editing_in
from tests.simulation.editors import EditorClient
from tests.simulation.files import MemoryFileStore
from tests.simulation.forgetful import Expiries, Held, gaps, set_rules, with_short_days
from tests.simulation.irc import IrcClient
from tests.simulation.moderated import moderated_room
from tests.simulation.moderators import ModeratorClient
from tests.simulation.network import FIRST_IRC_PORT, FIRST_PORT, Network, Weather
from tests.simulation.plan import Claim, Freeze, Guest, Hold, Plan, Restart, Step
from tests.simulation.record import History, Recorder, Row, described, direct
from tests.simulation.resuming import ResumingClient
from tests.simulation.stopping import SERVER, Stopped
from tests.simulation.storage import Connection, Database
from tests.simulation.visitors import SITE, VisitorClient
from tests.support.faulty_bus import Faults, FaultyNetwork

KINDS = KINDS_OF_TODAY | {
    "editing": EditorClient,
    "irc": IrcClient,
    "moderating": ModeratorClient,
    "native": ResumingClient,
    "visitor": VisitorClient,
}

_NOBODY = 99
"""The number of no server."""

SECRET = "a secret of the simulation, long enough"

_LARGEST = 2000
"""Bytes of a payload on the bus: announcements have parts, and long texts are in none."""

_QUIET = 45.0
"""Seconds without faults, after which nothing may be under way: a dead peer is found, a slow one has read."""

_STOP_LIMIT = 20.0
"""Seconds within which a stopping server must have stopped, whatever its database does."""

_WRITE = 0.001
"""Seconds for each listener that a fan-out waits for the commit under way, in the worlds where it does."""

_UNTIL_STUCK = 600.0
"""Seconds of virtual time after which a world that has not ended is a bug."""


class World:
    """Everything of one run."""

    def __init__(self, plan: Plan, network: Network, chance: random.Random) -> None:
        self.plan = plan
        self.network = network
        self.chance = chance
        self.record = Recorder()
        self.is_over = False
        self.operators = plan.operators
        self.stopped = Stopped()
        self.database = Database(chance, list(plan.troubles), self.stopped, self._clock(None))
        self.files = MemoryFileStore(chance)
        self._expiries = Expiries(self.database.kept)
        self.bugs: list[str] = []
        self._names: dict[int, list[str]] = {}
        self._people: dict[int, Person] = {}
        self._rooms: list[int] = []
        self._edited = 0  # the room of the editors, where there are any
        self._resumed = 0  # that of the native clients
        self._moderated = 0  # that of the moderators
        self._roles: dict[int, str] = {}  # in it, to begin with
        self._tokens = Tokens(SECRET, 86_400)
        self._last_stop = trio.Event()
        self._buses: dict[int, LocalBus] = {}  # of each server, the last one
        self._clients: list[Client] = []
        self.hubs: dict[int, Hub] = {}  # of each server, the last one
        self.presences: dict[int, Presence] = {}

    @property
    def has_files(self) -> bool:
        """Whether servers take files here."""
        return any(step.what == "attach" for step in self.plan.steps)

    @property
    def has_irc(self) -> bool:
        """Whether servers speak IRC here."""
        return any(guest.dialect == "irc" for guest in self.plan.guests)

    # What clients ask of their world.

    def name(self, person: int) -> str:
        known = self.database.kept.users.look_up(person)
        assert known is not None
        return known.name

    def renamed(self, person: int, name: str) -> None:
        self._names[person].append(name)

    def met(self, person: int, name: str) -> None:
        """Know of somebody whom the server has made."""
        self._names[person] = [name]

    def token(self, person: int) -> str:
        return self._tokens.issue(self._people[person])

    def password(self, person: int) -> str:
        return f"secret of {person}"

    def email(self, person: int) -> str:
        return f"p{person}@chat.example"

    def room(self, index: int) -> int:
        return self._rooms[(index - 1) % len(self._rooms)]

    def floor(self, room_id: int) -> int:
        """Return the position below which retention has removed changes of a room."""
        return self.database.kept.rooms.floors.get(room_id, 0)

    def lobby(self) -> list[tuple[int, str]]:
        """Return the ids and texts of the lobby."""
        return [(m.id, m.text) for m in self.database.kept.messages._by_room.get(LOBBY_ID, ())]

    def position(self, person: int, client: str) -> int | None:
        """Return the stored position of a client that keeps none itself."""
        stored: int | None = self.database.kept.feature_ports[STORE]._positions.get((person, client))  # type: ignore[attr-defined]
        return stored

    def inside(self, room_id: int) -> list[int]:
        """Return the people whose clients are in a room."""
        return [c.person for c in self._clients if isinstance(c, RoomsClient) and c.room_id == room_id]

    def _clock(self, server: int | None) -> Callable[[], float]:
        """Return the clock by which a server keeps its lease, or the database (None) all of them."""
        planned = next((clock for clock in self.plan.clocks if clock.server == server), None)
        return (lambda: planned.reading(trio.current_time())) if planned else trio.current_time

    def lease_time(self) -> float:
        """Return what the clock shows by which the server that asks keeps its lease."""
        return self._clock(SERVER.get())()

    def database_time(self) -> float:
        """Return what the database's only clock shows."""
        return self._clock(None)()

    def ahead(self) -> float:
        """Return how far ahead the wall clock of the server is that asks, in seconds."""
        server = SERVER.get()
        return sum(
            each.by for each in self.plan.jumps if each.server == server and each.at <= trio.current_time()
        )

    # The run.

    async def run(self) -> History:
        """Live through the plan, heal everything, look once more, and stop."""
        await self._populate()
        ResumingClient.spoken_in, ModeratorClient.room = self._resumed, self._moderated
        self._clients = clients = [KINDS[guest.dialect](self, guest) for guest in self.plan.guests]
        async with trio.open_nursery() as nursery:
            bus = (
                FaultyNetwork(self.chance, self.plan.bus.faults, _LARGEST) if self.plan.servers > 1 else None
            )
            if bus is not None:
                nursery.start_soon(bus.deliver)
                nursery.start_soon(self._part, bus)
                for claim in self.plan.claims:
                    nursery.start_soon(self._claim, bus, claim)
            servers = await nursery.start(self._serve_all, bus)
            nursery.start_soon(self.database.fail_over)
            for freeze in self.plan.freezes:
                nursery.start_soon(self._freeze, freeze)
            for hold in self.plan.forgetting.holds if self.plan.forgetting else ():
                nursery.start_soon(self._hold, hold)
            async with trio.open_nursery() as people:
                for client in clients:
                    people.start_soon(client.live)
                    people.start_soon(self._act, client)
                await trio.sleep_until(self.plan.lasts)
                self.database.heal()
                if bus is not None:
                    bus.faults = Faults()
                    bus.mend()
                await trio.sleep(_QUIET)
                await self._look_at_the_end(clients, people)
                self.is_over = True
                self._last_stop.set()
                await servers.wait()
                await trio.sleep(10)
                people.cancel_scope.cancel()
            nursery.cancel_scope.cancel()
        return self.history()

    def history(self) -> History:
        """Return what happened so far."""
        failing = [(t.at, t.at + t.lasts) for t in self.plan.troubles if t.kind not in ("slow", "late")]
        failing += [(freeze.at, freeze.at + freeze.lasts) for freeze in self.plan.freezes]
        rows = self._rows()
        quick = [guest.number for guest in self.plan.guests if guest.server is not None]
        edited = edited_room(self.database.kept, self._edited) if self._edited else None
        moderated = (
            moderated_room(self.database.kept, self._moderated, self._roles) if self._moderated else None
        )
        return History(
            self.record.events,
            rows,
            self._names,
            self.operators,
            self.bugs,
            failing,
            edited,
            moderated,
            quick,
        )

    async def _populate(self) -> None:
        kept = self.database.kept
        for number in range(1, self.plan.people + 1):
            new = NewPerson(
                name=f"p{number}",
                email=self.email(number),
                password_hash=hashed(self.password(number).encode()),
                is_operator=number in self.plan.operators,
            )
            added = await kept.users.add(new)
            assert isinstance(added, Person)
            self._people[number], self._names[number] = added, [added.name]
        for planned in self.plan.rooms:
            made = await kept.rooms.create(
                f"room {len(self._rooms)}", planned.creator, is_private=planned.is_private
            )
            assert isinstance(made, Room)
            self._rooms.append(made.id)
            for member in planned.members:
                kept.rooms.add_member(made.id, member)
                self.record.note("join answered", who=member, topic=f"room:{made.id}", note="200")

        self._edited = await self._room_of("editing")
        self._resumed = await self._room_of("native")
        self._moderated = await self._room_of("moderating")
        if self.plan.forgetting is not None:
            await set_rules(kept, self.plan.forgetting, self._resumed)

    async def _room_of(self, dialect: str) -> int:
        """Make the room in which clients of a dialect are alone, and return its id; 0 where there are none.

        All editors moderate theirs, so that they delete what others said.
        """
        people = [guest.person for guest in self.plan.guests if guest.dialect == dialect]
        if not people:
            return 0
        room = await self.database.kept.rooms.create(f"for {dialect}", people[0], is_private=True)
        assert isinstance(room, Room)
        for person in people:
            # Or a server whose lease has lapsed puts them out.
            self.database.kept.rooms.add_member(room.id, person)
            if dialect == "editing" and person != room.creator_id:
                self.database.kept.rooms.set_role(room.id, person, RoomRole.MODERATOR)
            if dialect == "moderating":
                role = RoomRole.OWNER if person in people[:2] else RoomRole.MODERATOR
                self.database.kept.rooms.set_role(room.id, person, role)
                self._roles[person] = role.value
        return room.id

    async def _act(self, client: Client) -> None:
        for step in self.plan.steps:
            if step.client == client.guest.number:
                await trio.sleep_until(step.at)
                await client.do(step)

    async def _part(self, bus: FaultyNetwork) -> None:
        """Let one of the servers hear nothing of the others for a while, if that is planned."""
        if self.plan.bus.parted_at is not None:
            await trio.sleep_until(self.plan.bus.parted_at)
            bus.part([self._buses[number] for number in self._buses if number == self.plan.bus.parted_server])
            await trio.sleep(self.plan.bus.parted_for)
            bus.mend()

    async def _claim(self, bus: FaultyNetwork, claim: Claim) -> None:
        """Tell all servers in every way that the log ends where it does not, in the name of one that there is not."""
        await trio.sleep_until(claim.at)
        end = self.database.kept.messages.end_of_log() + claim.ahead
        forged = Message(end, LOBBY_ID, end, 1, "nobody", "forged", 0.0, pos=end)
        async with bus.open_bus() as anybody:
            claims: list[Payload] = [
                Beat(_NOBODY, end),
                Announced(end, []),
                Announced(end, [forged]),
                Question(_NOBODY, end, None, HasPublished(end)),
                Spent(_NOBODY, [Used("messages", 1, cost) for cost in (1e9, -1e9)]),
                *(Answer(server, end % 50, other, True) for server in range(1, 5) for other in range(1, 5)),
            ]
            for each in claims:
                anybody.publish(encode(each))
                anybody.publish(Seals("of somebody else").seal(encode(each)))
            await anybody.receive()  # that some may have been lost
            await trio.sleep(0.2)
            for overheard in await anybody.receive() or []:
                anybody.publish(overheard)
                anybody.publish(overheard[::-1])
                anybody.publish(overheard.replace(b"1", b"2"))

    async def _hold(self, hold: Hold) -> None:
        """Put something on hold for a while, as a command does: nothing of it is removed from its end on."""
        await trio.sleep_until(hold.at)
        if hold.at_expiry:
            await self._expiries.wait()
        kept, target = (
            self.database.kept,
            {"server": 0, "room": self._resumed, "person": hold.person}[hold.kind],
        )
        retention = kept.feature_ports[RETENTION]
        await retention.place(hold.kind, target, "a case", None)
        # No await between the hold and this.
        rooms = [room.id for room in kept.rooms.all()] if hold.kind == "server" else [self._resumed]
        held = [Held(kept, room_id, hold.person if hold.kind == "person" else 0) for room_id in rooms]
        await trio.sleep(hold.lasts)
        self.bugs += [lost for each in held for lost in each.lost()]
        for placed in await retention.holds():
            if (placed.kind, placed.target_id) == (hold.kind, target):
                await retention.lift(placed.id, None)

    async def _freeze(self, freeze: Freeze) -> None:
        """Stop a server as SIGSTOP does, and let it go on."""
        await trio.sleep_until(freeze.at)
        self.record.note("server frozen")
        self.stopped.stop(freeze.server)
        await self.database.finish_some(freeze.server)
        await trio.sleep_until(freeze.at + freeze.lasts)
        self.record.note("server goes on")
        calls = self.stopped.go_on(freeze.server)
        await trio.sleep(self.chance.choice((0.0, 0.02, 0.2)))  # as long as a notice takes to be read
        for call in calls:
            call()

    async def _serve_all(
        self, bus: FaultyNetwork | None, *, task_status: trio.TaskStatus[trio.Event]
    ) -> None:
        """Run all servers to their ends; the event that is reported is set then."""
        ended = trio.Event()
        task_status.started(ended)
        async with trio.open_nursery() as nursery:
            for number in range(self.plan.servers):
                nursery.start_soon(self._serve, number, bus)
        ended.set()

    async def _serve(self, server: int, bus: FaultyNetwork | None) -> None:
        SERVER.set(server)
        restarts = [restart for restart in self.plan.restarts if restart.server == server]
        while not self.is_over:
            restart = restarts.pop(0) if restarts else None
            storage = self.database.connect(server)
            away = restart.away if restart else 1.0
            up = trio.Event()
            try:
                with trio.CancelScope() as killed:
                    async with trio.open_nursery() as nursery:
                        if restart is not None and not restart.gracefully:
                            nursery.start_soon(self._kill, restart.at, storage, killed)
                        await self._serve_once(storage, restart, bus, up)
                        nursery.cancel_scope.cancel()
            except* Exception as errors:
                if up.is_set() and not storage.is_dead:  # it may not come up while its database is down
                    self.bugs.append(f"the server died: {described(errors)}")
            await self.database.bury(storage)  # a write that is under way ends with the server's connections
            self._check_nothing_is_left(server)
            await trio.sleep(away)

    async def _serve_once(
        self, storage: Connection, restart: Restart | None, bus: FaultyNetwork | None, up: trio.Event
    ) -> None:
        config = Config(
            listen=(Listen("127.0.0.1", FIRST_PORT + storage.server),),
            data=Path("."),
            ping_interval=10.0,
            pong_timeout=5.0,
            outbox_bytes=self.plan.send_queue,
            message_rate=0.0,  # its clients say much more than people do
            message_bytes=0,
            read_rate=0.0,
            call_rate=0.0,
            widget_origins=(SITE,),
            files=Path("files") if self.has_files else None,
            irc=Listen("127.0.0.1", FIRST_IRC_PORT + storage.server) if self.has_irc else None,
        )
        stop = trio.CancelScope(deadline=float("inf"))
        with stop:
            protocols = (*PROTOCOLS, editing_in(self._edited)) if self._edited else PROTOCOLS
            async with AsyncExitStack() as stack:
                cluster_config = None
                if bus is not None:
                    end = self._buses[storage.server] = await stack.enter_async_context(bus.open_bus())
                    cluster_config = ClusterConfig(
                        bus=end,
                        seals=Seals(SECRET, clock=trio.current_time),
                        bus_kind="local",
                        secret_digest="",
                        address=f"server {storage.server}",
                        version="0",
                    )
                open_chat = chat.server.open_chat(
                    config, storage, SECRET, protocols, cluster_config=cluster_config
                )
                server = await stack.enter_async_context(open_chat)
                if self.plan.forgetting is not None:
                    await stack.enter_async_context(open_remover(server.services))
                if self.has_irc:
                    assert POSITIONS.open is not None
                    assert server.services is not None
                    await stack.enter_async_context(POSITIONS.open(server.services))
                up.set()
                self.record.note("server up")
                with trio.move_on_at(restart.at if restart and restart.gracefully else float("inf")):
                    await self._last_stop.wait()
                self.record.note("server stops")
                frozen = sum(freeze.lasts for freeze in self.plan.freezes if freeze.server == storage.server)
                stop.deadline = trio.current_time() + _STOP_LIMIT + frozen
        if stop.cancelled_caught:
            self.bugs.append(f"the server did not stop in {_STOP_LIMIT} s")
        self.record.note("server down")

    async def _kill(self, at: float, storage: Connection, killed: trio.CancelScope) -> None:
        SERVER.set(-1)  # it is not the server that does this
        await trio.sleep_until(at)
        self.record.note("server killed")
        for port in (FIRST_PORT, FIRST_IRC_PORT):
            self.network.lose_all(port + storage.server)
        storage.break_off()
        storage.is_dead = True
        await self.database.bury(storage)
        self.stopped.go_on(storage.server)  # nothing that it does from here on reaches anybody
        killed.cancel()

    def _check_nothing_is_left(self, server: int) -> None:
        for port in (FIRST_PORT, FIRST_IRC_PORT):
            if left := self.network.open_sockets(port + server):
                self.bugs.append(f"{left} sockets were left open")
        if server in self.presences and len(self.presences[server]):
            self.bugs.append("sessions were left")
        if server in self.hubs and self.hubs[server]._topics:
            self.bugs.append(f"listeners were left: {list(self.hubs[server]._topics)}")

    async def _look_at_the_end(self, clients: list[Client], nursery: trio.Nursery) -> None:
        """Note who is still connected, and let newcomers ask for everything."""
        here = [client for client in clients if client.ready]
        for client in here:
            self.record.note("alive", client.conn, who=client.person)
            if isinstance(client, EditorClient):
                client.left()
            if isinstance(client, ResumingClient):
                self.bugs += client.left(self.database.kept)
            if isinstance(client, IrcClient):
                self.bugs += client.left()
        if self.plan.forgetting is not None:
            self.bugs += gaps(self.database.kept, self._resumed)
        sessions = sum(map(len, self.presences.values()))
        if sessions != len(here):
            self.bugs.append(f"{sessions} sessions where {len(here)} clients are connected")
        addressed = {
            event.id for event in self.record.events if event.op == "send" and event.topic[:7] == "direct:"
        }
        asking = {
            "talker": [1],
            "messenger": [2],
            "support": [1, self.operators[0]],
            "direct": sorted(addressed & self._people.keys()),
        }
        late: list[Client] = []
        for dialect, people in asking.items():
            for person in people:
                guest = Guest(1000 + len(late), dialect, person, f"/{dialect}", 0.0, Weather())
                late.append(KINDS[dialect](self, guest))
                nursery.start_soon(late[-1].live)
        await trio.sleep(5)
        for client in late:
            if not client.ready:
                self.bugs.append(f"a late {client.guest.dialect} was not served")
            elif client.guest.dialect in ("talker", "messenger"):
                self.record.note("last look", client.conn)
                await client.act(_HISTORY)
        for room_id, person in dict(list(self.database.kept.rooms.memberships())).items():
            if room_id in self._rooms:
                reader = RoomsClient(self, Guest(2000 + room_id, "rooms", person, "", 0.0, Weather()))
                await reader.authorised(self.token(person)).read(room_id)
        await trio.sleep(5)

    def _rows(self) -> list[Row]:
        kept = self.database.kept
        topics = {LOBBY_ID: "lobby"}
        topics |= {id_: f"room:{id_}" for id_ in self._rooms}
        topics |= {id_: f"support:{person}" for person, id_ in kept.rooms.support_of_all().items()}
        topics |= {id_: direct(*pair) for pair, id_ in kept.rooms._direct.items()}
        return [
            Row(topics[room_id], m.id, m.seq, m.sender_id, m.sender_name, m.text)
            for room_id, messages in sorted(kept.messages._by_room.items())
            if room_id not in (self._edited, self._resumed, self._moderated)
            for m in messages
        ]


def simulate(plan: Plan) -> History:
    """Run a world and return its history; the same plan has the same history, event for event."""
    chance = random.Random(plan.seed)
    network = Network(chance)

    world = World(plan, network, chance)

    async def live() -> History:
        with ExitStack() as stack:
            stack.enter_context(_watched(world))
            with trio.move_on_after(_UNTIL_STUCK):
                return await world.run()
            world.bugs.append(f"the world did not end in {_UNTIL_STUCK} s")
            return world.history()

    with deterministic(plan.seed, network, world.ahead), ExitStack() as stack:
        if plan.forgetting is not None:
            stack.enter_context(with_short_days())
        if plan.freezes:
            stack.enter_context(world.stopped.heeded())
        if plan.seed % 4 == 0:  # as for hundreds of listeners, a fan-out waits for the commit under way
            stack.enter_context(patch.multiple("chat.engine.broadcaster", _MANY=1, _WRITE=_WRITE))
        return trio.run(live, clock=MockClock(autojump_threshold=0))


def _watched(world: World) -> ExitStack:
    """Look into the server's log for tracebacks, and keep hold of who is present and who listens."""

    def look(_logger: object, method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if method == "error" and (problem := entry.get("exc_info")):
            error = sys.exc_info()[1] if problem is True else problem
            world.bugs.append(f"{entry['event']}: {described(error)}")
        raise structlog.DropEvent

    def kept(kind: Callable[..., Any], where: dict[int, Any]) -> Callable[..., Any]:
        def make(*args: Any, **kwargs: Any) -> Any:
            where[SERVER.get()] = made = kind(*args, **kwargs)
            return made

        return make

    stack = ExitStack()
    stack.callback(structlog.configure, **structlog.get_config())
    structlog.configure(processors=[look])
    stack.enter_context(patch.object(chat.engine.engine, "Hub", kept(Hub, world.hubs)))
    if world.plan.clocks:
        for module in (chat.engine.fence, chat.engine.cluster.lease, chat.engine.cluster.questions):
            stack.enter_context(patch.object(module, "trio", WithClock(world.lease_time)))
    if world.plan.clocks or world.plan.jumps:
        storage = [
            module for name, module in sys.modules.items() if name.startswith("tests.reference.storage.")
        ]
        for module in storage:
            if hasattr(module, "time"):
                stack.enter_context(patch.object(module, "time", WallClock(world.database_time)))

    async def open_files(*_args: object) -> MemoryFileStore:
        await trio.lowlevel.checkpoint()
        return world.files

    stack.enter_context(patch.object(chat.server, "open_file_store", open_files))
    stack.enter_context(patch.object(chat.engine.engine, "Presence", kept(Presence, world.presences)))
    return stack


_HISTORY = Step(0, 0, "history")
