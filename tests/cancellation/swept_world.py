"""The live chat of `chat_world` with witnesses of acknowledgements, received frames and leftovers.

The invariants are those of the design: what is acknowledged is saved; what is seen is saved; what is saved is told
once and in order; who leaves leaves nothing behind; everything ends in bounded time.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import trio
from trio_cancel_sweep import Run
from trio_websocket import CloseReason, ConnectionClosed

from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Person
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.limits.budgets import Budgets
from chat.domain.messages.outcomes import Outcome
from chat.domain.ports import FileStore
from chat.engine.cluster.servers import ClusterConfig
from chat.engine.dialect import Dialect
from chat.engine.session import SessionContext
from chat.protocols.talker.codec import TALKER
from chat.storage.archives import Archives
from tests.reference.storage import MemoryStorage
from tests.support.chat_world import Client, World, open_world
from tests.support.port_calls import WRITES

FAILING = ("storage down", "write lost", "write unheard", "socket broken")
"""What fails in place of a cancellation: the n-th call of the storage (it could not be reached; a write was not
made, or was, and nobody knows), or the n-th operation of the target's socket."""


class Witness:
    """Between submitters and the journal: accepted writes are settled once, and saved when acknowledged."""

    def __init__(self, world: World) -> None:
        self.taken: list[Draft] = []
        self.settled: list[Draft] = []
        self.acknowledged: list[Message] = []
        self._world = world
        self._submit = world.journal.submit
        journal: Any = world.journal
        journal.submit = self.submit

    async def submit(self, draft: Draft, submitter: Any, origin: object | None = None) -> None:
        await self._submit(draft, _Between(self, submitter), origin)
        self.taken.append(draft)

    def on_outcome(self, draft: Draft, outcome: Outcome) -> None:
        """Record the outcome of a draft before its submitter gets it."""
        self.settled.append(draft)
        if isinstance(outcome, Message):
            assert any(message.id == outcome.id for message in reversed(self._world.said(draft.room_id))), (
                "acknowledged before it was saved"
            )
            self.acknowledged.append(outcome)

    def assert_all_settled(self) -> None:
        taken, settled = sorted(map(id, self.taken)), sorted(map(id, self.settled))
        assert taken == settled, f"{len(taken)} drafts were taken, {len(settled)} were settled"


class _Between:
    """What the journal knows as the submitter of one draft."""

    __slots__ = ("_submitter", "_witness")

    def __init__(self, witness: Witness, submitter: Any) -> None:
        self._witness = witness
        self._submitter = submitter

    def on_outcome(self, draft: Draft, outcome: Outcome) -> None:
        self._witness.on_outcome(draft, outcome)
        self._submitter.on_outcome(draft, outcome)


class Speaker(Client):
    """A client whose session is the target: its socket can break at each operation."""

    def __init__(
        self,
        run: Run,
        context: SessionContext,
        dialect: Dialect,
        choices: Sequence[Dialect],
        person: Person | None,
        limit: int,
    ) -> None:
        self._run = run
        super().__init__(context, dialect, choices, person, limit)
        connection: Any = self.connection
        receive = self.connection.get_message

        async def get_message() -> str | bytes:
            if run.trips("socket broken"):
                await trio.lowlevel.checkpoint()
                raise ConnectionClosed(CloseReason(1006, ""))
            return await receive()

        connection.get_message = get_message

    async def _take(self, data: bytes) -> int:
        if self._run.trips("socket broken"):
            await trio.lowlevel.checkpoint()
            raise trio.BrokenResourceError
        return await super()._take(data)


@asynccontextmanager
async def swept_world(
    run: Run,
    storage: MemoryStorage | None = None,
    *,
    cluster_config: ClusterConfig | None = None,
    trust_from: bool = False,
    budgets: Budgets | None = None,
    file_store: FileStore | None = None,
    archives: Archives | None = None,
) -> AsyncGenerator[tuple[World, Witness]]:
    """The chat, whose storage fails where the run says so; the arguments are those of open_world()."""
    async with open_world(
        storage,
        cluster_config=cluster_config,
        trust_from=trust_from,
        budgets=budgets,
        file_store=file_store,
        archives=archives,
    ) as world:
        go = world.obstacles.go
        obstacles: Any = world.obstacles

        async def go_or_fail(call: str, do: Callable[[], Any]) -> Any:
            if run.trips("storage down"):
                await trio.lowlevel.checkpoint()
                raise StorageDown("swept")
            if call in WRITES and run.trips("write lost"):
                await trio.lowlevel.checkpoint()
                raise OutcomeUnknown("swept")
            result = await go(call, do)
            if call in WRITES and run.trips("write unheard"):
                raise OutcomeUnknown("swept")
            return result

        obstacles.go = go_or_fail
        yield world, Witness(world)


class Nobody:
    """An submitter who does not want to know."""

    def on_outcome(self, draft: Draft, outcome: Outcome) -> None:
        assert isinstance(outcome, Message)


async def fill(world: World, drafts: Sequence[Draft]) -> None:
    """Have these said before anybody comes."""
    for draft in drafts:
        await world.context.journal.submit(draft, Nobody())
    await world.context.journal.drain()


async def serve_as_door(world: World, client: Client) -> None:
    """Serve a client behind the barrier that the WebSocket endpoint has."""
    try:
        await world._serve(client)
    except* (trio.BrokenResourceError, ConnectionClosed):
        pass


def new_client(
    run: Run,
    world: World,
    dialect: Dialect,
    person: Person | None,
    choices: Sequence[Dialect] = (),
    *,
    limit: int = 100_000,
) -> Speaker:
    """A client that is not served yet."""
    client = Speaker(run, world.context, dialect, choices, person, limit)
    world.clients.append(client)
    return client


async def converse(
    run: Run,
    world: World,
    dialect: Dialect,
    person: Person | None,
    frames: Sequence[object],
    choices: Sequence[Dialect] = (),
    *,
    client: Speaker | None = None,
    before: Callable[[Client], object] = lambda client: None,
    meanwhile: Callable[[], Awaitable[object]] | None = None,
    then: Callable[[Client], object] = lambda client: client.leave(),
) -> Speaker:
    """Let a client say all its frames, and leave, or what `then` says; its session is the target."""
    client = client or new_client(run, world, dialect, person, choices)
    before(client)

    async def speak() -> None:
        for frame in frames:
            client.send(frame)
            await world.rest()
        if meanwhile is not None:
            await meanwhile()
            await world.rest()
        then(client)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(speak)
        await run.target(serve_as_door, world, client)
    await settle(world)
    return client


async def settle(world: World) -> None:
    """Let everything happen that still can, the journal's next try to learn what became of a write too."""
    await world.rest()
    await trio.sleep(3)
    await world.rest()


async def ear_in_lobby(world: World, name: str) -> Client:
    """Somebody who listens in the lobby."""
    ear = await world.connect(TALKER, await world.add(name))
    ear.received_now()
    return ear


def texts_saved(world: World, room_id: int = LOBBY_ID) -> list[str]:
    """What is saved of a room's texts, in order; their `seq` has no gap."""
    said = world.said(room_id)
    assert [message.seq for message in said] == list(range(1, len(said) + 1))
    return [message.text for message in said if message.kind is MessageKind.TEXT]


def whole_frames(client: Client) -> None:
    """What the client was sent is whole frames, but for one that was cut off at the end."""
    for frame in client.received_now():
        assert frame == "ping!" or isinstance(frame, dict | list | str), frame


async def assert_lobby_told(world: World, ear: Client) -> None:
    """Who listens heard what is saved: each message once, in order."""
    received = [frame["message"] for frame in await ear.receives()]
    assert received == texts_saved(world), f"heard {received}, saved {texts_saved(world)}"


async def assert_alive(world: World, ear: Client) -> None:
    """The chat goes on for those who are still here, and for who comes now."""
    dan = await ear_in_lobby(world, "dan")
    if ear.gone.is_set():  # it was cut itself: nobody knew what became of what it said
        ear = await ear_in_lobby(world, "eve")
    dan.send({"name": "dan", "message": "still here"})
    with trio.fail_after(5):
        assert [frame["message"] for frame in await ear.receives()] == ["still here"], "the lobby is deaf"


async def assert_nothing_left(world: World, witness: Witness, gone: Client) -> None:
    """Nothing remembers a client that is gone."""
    witness.assert_all_settled()
    session = gone.session
    listening = [
        listener
        for encoders in world.hub._topics.values()
        for listeners in encoders.values()
        for listener in listeners
    ]
    assert session.subscriptions not in listening, "the hub still has a client that is gone"
    assert session not in set(world.presence), "presence still has a client that is gone"
    assert getattr(session.client, "recalls", 0) == 0, "a history query is left behind"
    assert session.pending_drafts.pending == 0, "the session waits for drafts that nobody has"
    assert gone.send_queue._start_writer is None
    assert world.journal.pending_writes.count == 0, "the journal waits for drafts that nobody has"
    with trio.fail_after(5):
        await world.journal.drain()
    whole_frames(gone)
