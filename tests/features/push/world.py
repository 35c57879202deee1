"""Servers as far as pushes need them, on one real database, with a push service of the tests' own."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import trio

from chat.domain.entities import LOBBY_ID, Draft, Message, Person
from chat.domain.messages.explanation import Explanation
from chat.domain.ports import NewPerson, NewSession, Refreshing, Storage
from chat.engine.hub import Hub
from chat.engine.statuses import Statuses
from chat.features.push.delivery import PushAnswer, deliver
from chat.features.push.figures import Figures
from chat.features.push.keys import Keys, Report
from chat.features.push.ledger import LEDGER
from chat.features.push.opening import open_pushes
from chat.features.push.sending import Outgoing, Sender
from chat.features.push.subscriptions import SUBSCRIPTIONS, Subscription
from chat.features.registry import FEATURES
from chat.inspection.metrics import Metrics
from chat.outbound.client import open_outbound
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.features.push.browser import Browser
from tests.features.push.push_service import Pushed, PushService
from tests.support.databases import execute

DELAY = 0.2
PACE = 0.02


class Server:
    """What a server has of pushes."""

    def __init__(
        self, storage: Storage, hub: Hub, statuses: Statuses, metrics: Metrics, sender: Sender
    ) -> None:
        self.storage = storage
        self.hub = hub
        self.statuses = statuses
        self.metrics = metrics
        self.sender = sender


class World:
    """People, their browsers, and servers, the first of which takes what people write."""

    def __init__(self, address: DatabaseAddress, storage: Storage, service: PushService) -> None:
        self.address = address
        self.storage = storage
        self.service = service
        self.servers: list[Server] = []
        self.browsers: dict[str, Browser] = {}
        self.sessions: dict[str, int] = {}

    async def add(self, name: str, **about: Any) -> Person:
        """Add a person."""
        made = await self.storage.users.add(NewPerson(name=name, password_hash=b"x", **about))
        assert isinstance(made, Person)
        return made

    async def log_in(self, who: Person, browser: str) -> int:
        """Log in with a browser that receives pushes; the path of its subscription is its name."""
        family = browser.encode()
        refreshing = Refreshing(family, b"own" + family, b"next" + family)
        new = NewSession(
            person_id=who.id, generation=who.token_generation, lasts=3600, name=browser, refreshing=refreshing
        )
        session = await self.storage.sessions.begin(new)
        assert session is not None
        made = self.browsers[browser] = Browser()
        subscription = Subscription(
            session_id=session.id,
            person_id=who.id,
            endpoint=self.service.endpoint(browser),
            p256dh=made.p256dh,
            auth=made.auth,
        )
        assert await self.storage.feature_ports[SUBSCRIPTIONS].subscribe(subscription)
        self.sessions[browser] = session.id
        return session.id

    async def someone(self, name: str, **about: Any) -> Person:
        """Add a person who has a browser of this name."""
        who = await self.add(name, **about)
        await self.log_in(who, name)
        return who

    async def say(
        self, who: Person, *texts: str, room: int = LOBBY_ID, ago: float = 0.0, reply: int | None = None
    ) -> list[Message]:
        """Write, and let all servers know."""
        now = time.time() - ago
        drafts = [Draft(room, who.id, who.name, text, now, reply=reply) for text in texts]
        saved = await self.storage.messages.save(drafts)
        made = [each for each in saved if isinstance(each, Message)]
        assert len(made) == len(texts)
        self.publish()
        return made

    def publish(self) -> None:
        """Let all servers know that there is something new."""
        for server in self.servers:
            server.hub.newest_id += 1_000_000
            server.hub.published.notify()

    async def why(self, who: Person, message: Message) -> Explanation | None:
        """What the ledger has."""
        return await self.storage.feature_ports[LEDGER].explain(who.id, message.room_id, message.seq)

    async def asked(self, who: Person, message: Message, seconds: float = 30) -> None:
        """Wait until it was asked whether the message is for somebody."""
        with trio.fail_after(seconds):
            while await self.why(who, message) is None:  # noqa: ASYNC110 - only the database knows
                await trio.sleep(0.02)

    async def make_due(self) -> None:
        """Let the time of all pushes come that are decided until now."""
        await self.sql("UPDATE push_decisions SET due_at = now() WHERE due_at IS NOT NULL")
        for server in self.servers:
            server.sender.wake()

    async def decided(self, who: Person, message: Message, seconds: float = 30) -> str:
        """Wait until something is decided for good."""
        with trio.fail_after(seconds):
            while True:
                found = await self.why(who, message)
                if found is not None and found.decision != "waiting":
                    return found.decision
                await trio.sleep(0.02)  # only the database knows

    async def became(self, who: Person, message: Message, decision: str, seconds: float = 30) -> None:
        """Wait until this is decided, whatever was before."""
        with trio.fail_after(seconds):
            while (found := await self.why(who, message)) is None or found.decision != decision:  # noqa: ASYNC110
                await trio.sleep(0.02)  # only the database knows

    def body(self, pushed: Pushed) -> dict[str, Any]:
        """What a browser was sent."""
        decoded: dict[str, Any] = msgspec.json.decode(self.browsers[pushed.name].decrypt(pushed.body))
        return decoded

    async def report_in(self, body: dict[str, Any]) -> Report:
        """The push that the code in a body is of, as the server reads it."""
        keys = Keys(await self.storage.feature_ports[SUBSCRIPTIONS].private_key())
        report = keys.reported(body["notification"]["navigate"].partition("#push=")[2])
        assert report is not None
        return report

    async def sql(self, statement: str) -> None:
        """Change the database by hand."""
        await execute(self.address, statement)


@asynccontextmanager
async def open_world(address: DatabaseAddress, service: PushService) -> AsyncGenerator[World]:
    """A world without servers."""
    async with open_postgres_storage(
        address, pool_size=3, query_timeout=10, commit_timeout=10, shared=True, features=FEATURES
    ) as storage:
        yield World(address, storage, service)


@asynccontextmanager
async def open_servers(
    world: World,
    count: int = 1,
    delay: float = DELAY,
    public_url: str = "https://chat.example",
    directory: Path | None = None,
) -> AsyncGenerator[list[Server]]:
    """Open servers of a world, on the same database."""
    opened: list[Server] = []
    async with trio.open_nursery() as nursery:
        ends = [trio.Event() for _ in range(count)]
        opened += [
            await nursery.start(_serve, world.address, delay, public_url, directory, end) for end in ends
        ]
        world.servers += opened
        try:
            yield opened
        finally:
            for each in opened:
                world.servers.remove(each)
            for end in ends:
                end.set()


async def _serve(
    address: DatabaseAddress,
    delay: float,
    public_url: str,
    directory: Path | None,
    end: trio.Event,
    *,
    task_status: trio.TaskStatus[Server],
) -> None:
    """Serve in a task of its own, whose database has a loop of its own."""
    async with (
        open_postgres_storage(
            address, pool_size=3, query_timeout=10, commit_timeout=10, shared=True, features=FEATURES
        ) as storage,
        open_outbound(lambda: ("127.0.0.1/32",)) as outbound,
    ):
        hub, statuses, metrics = Hub(), Statuses(), Metrics()

        async def outgoing() -> Outgoing:
            keys = Keys(await storage.feature_ports[SUBSCRIPTIONS].private_key())

            async def send(subscription: Subscription, body: bytes, **how: Any) -> PushAnswer:
                return await deliver(outbound, keys, public_url, subscription, body, **how)

            return Outgoing(keys, send, public_url)

        async with open_pushes(
            storage.feature_ports[LEDGER],
            hub,
            statuses,
            outgoing,
            Figures(metrics),
            directory=directory,
            delay=delay,
            pace=PACE,
        ) as sender:
            task_status.started(Server(storage, hub, statuses, metrics, sender))
            await end.wait()
