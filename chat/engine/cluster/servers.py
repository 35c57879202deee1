"""One of several servers on one log: it announces its commits, and answers the questions of the others.

The bus only makes it fast. Whatever the bus loses, lease renewals and heartbeats reveal: they carry the end of the log.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Sequence
from contextlib import asynccontextmanager, contextmanager

import msgspec
import structlog
import trio

from chat.bus.announcements import encode_changes
from chat.bus.bus import Bus
from chat.bus.payloads import (
    Announced,
    Answer,
    Beat,
    HasPublished,
    HasRecorded,
    Noticed,
    Payload,
    PayloadReader,
    Question,
    Relayed,
    Spent,
    encode,
)
from chat.bus.seals import SealedBus, Seals
from chat.domain.entities import DirectInbox, Message
from chat.domain.failures import StorageDown
from chat.domain.limits.shared_usage import SharedUsage
from chat.domain.messages.changes import FeatureChange
from chat.domain.messages.live import Notice
from chat.domain.nodes import LEASE, RENEW
from chat.domain.ports import Nodes, Storage
from chat.engine.batch_loader import BatchLoader, open_batch_loader
from chat.engine.broadcaster import Broadcaster
from chat.engine.cluster.lease import Lease
from chat.engine.cluster.questions import Questions
from chat.engine.cluster.unsealed import Unsealed, seals_nothing
from chat.engine.cluster_port import Alone, Cluster
from chat.engine.deliveries import Deliveries
from chat.engine.fence import Fence
from chat.engine.hub import Announcement, Hub
from chat.engine.log_follower import LogFollower
from chat.engine.notices import NoticeHandlers
from chat.engine.pending_writes import PendingWrites
from chat.engine.read_marks import ReadMarks
from chat.inspection.metrics import Reading

BEAT = 0.5
"""Seconds between two heartbeats."""

_RELAY_TIMEOUT = 2.0
"""Seconds to find a guest of another server; while the bus is down, none is found."""

_PUBLISH_TIMEOUT = 30.0
"""Seconds for a change of the log to be published. It never is if a failover to a standby that was behind loses it."""

_RECORD_TIMEOUT = 1.0
"""Seconds in which a server of release 0.1 records deliveries."""

_REPORTS_PER_BEAT = 5
"""How often in that time the usage of shared limits is reported to the others,"""
_MOST_KEYS = 40
"""and for how many keys in one payload."""

_TURN = 64
"""Payloads handled before other tasks get their turn."""

logger = structlog.get_logger(__name__)


class ClusterConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How a server joins others, and what it registers of itself: its address, its version, the kind of its bus.

    `secret_digest` is the digest of its secret by `domain/nodes.py`, `previous_digest` that of the one that it accepts
    too. `seals` authenticate payloads; None if only
    servers of this chat can write to the bus.
    """

    bus: Bus
    seals: Seals | None = None
    bus_kind: str
    secret_digest: str
    previous_digest: str | None = None
    address: str
    version: str


class LocalServer(msgspec.Struct, frozen=True):
    """The parts of this server that the cluster reads and changes."""

    follower: LogFollower
    broadcaster: Broadcaster
    hub: Hub
    deliveries: Deliveries
    read_marks: ReadMarks
    shared_usage: SharedUsage
    pending_writes: PendingWrites
    notices: NoticeHandlers
    clients: Callable[[], int]
    """Returns the number of clients."""
    dropped: Callable[[str], object]
    """Called with the reason of each payload that is dropped."""


class Servers:
    """The port `Cluster` for one of several servers, and the tasks that send heartbeats and handle payloads."""

    def __init__(
        self,
        bus: Bus,
        seals: Seals | None,
        nodes: Nodes,
        lease: Lease,
        fence: Fence,
        local: LocalServer,
        ends: BatchLoader[None, int],
        changes: Sequence[type[FeatureChange]],
    ) -> None:
        self.number = lease.number
        self._bus = bus = bus if seals is None else SealedBus(bus, seals)
        self._seals = seals
        self._lease = lease
        self._fence = fence
        self._local = local
        self._ends = ends  # reads the end of the log; calls at the same time share one query
        self._reader = PayloadReader(changes)
        self._questions = Questions(lease.number, bus, nodes, self._answer, self._deliver_relayed)
        self._received = self._missed = 0  # payloads; times that the bus says to have lost some
        self._unsealed = Unsealed(nodes, self._questions, local.follower, local.dropped)

    def publish(self, committed: Sequence[Announcement]) -> None:
        for payload in encode_changes([announcement.change for announcement in committed], self._bus.largest):
            self._bus.publish(payload)

    def notify(self, notice: Notice) -> None:
        self._bus.publish(encode(Noticed(self.number, notice)))

    def readings(self) -> Iterable[Reading]:
        yield "chat_bus_payloads", "Payloads that came over the bus", self._received
        yield "chat_bus_interruptions", "Times that payloads of the bus may have been lost", self._missed

    async def catch_up(self) -> None:
        await self._wait_published_from_log(await self._ends.get(None) or 0)

    async def keep_lease(self, recheck: Callable[[], Awaitable[object]]) -> None:
        await self._lease.keep(
            recheck, self._questions.lease_forgotten, self._local.pending_writes.settled_watermark
        )

    async def wait_published_everywhere(self, change_id: int, person_id: int | None = None) -> None:
        await self._wait_published_from_log(change_id)
        with _within(_PUBLISH_TIMEOUT, "not every server has published a committed change in time"):
            # While the bus is down, each server's lease renewal shows its position.
            await self._questions.ask(
                HasPublished(change_id, person_id), is_answered=lambda node: node.position >= change_id
            )

    async def wait_writes_settled_everywhere(self, person_id: int) -> None:
        await self.wait_published_everywhere(await self._ends.get(None) or 0, person_id)

    async def wait_deliveries_recorded_everywhere(self, person_id: int) -> None:
        # After a longer failure of the bus, a message may be delivered twice.
        with trio.move_on_after(LEASE + RENEW):
            await self._ask_recorded(HasRecorded(person_id))

    async def wait_read_marks_written_everywhere(self, person_id: int) -> None:
        # A server that writes no read marks for longer has no database.
        with trio.move_on_after(LEASE + RENEW):
            await self._ask_recorded(HasRecorded(person_id, has_read=True))

    async def _ask_recorded(self, asks: HasRecorded) -> None:
        by = trio.current_time() + _RECORD_TIMEOUT
        # Answers of release 0.1 are not authenticated; such a server has recorded everything by then.
        await self._questions.ask(
            asks, is_answered=lambda node: seals_nothing(node.version) and trio.current_time() >= by
        )

    async def relay(self, message: Message, to: int | None = None) -> bool:
        with trio.move_on_after(_RELAY_TIMEOUT):
            return await self._questions.ask(Relayed(message), to)
        return False

    async def beat(self) -> None:
        """Send heartbeats and reports of shared usage, until cancelled."""
        while True:
            self._bus.publish(encode(Beat(self.number, self._local.follower.newest_id)))
            for _ in range(_REPORTS_PER_BEAT):
                used = self._local.shared_usage.take()
                for first in range(0, len(used), _MOST_KEYS):
                    self._bus.publish(encode(Spent(self.number, used[first : first + _MOST_KEYS])))
                # Each call advances the watermark, which the next lease renewal reports.
                self._local.pending_writes.settled_watermark(self._local.hub.newest_id)
                await trio.sleep(BEAT / _REPORTS_PER_BEAT)

    async def listen(self) -> None:
        """Handle payloads as they arrive, until cancelled."""
        async with trio.open_nursery() as answering:
            while True:
                payloads = await self._bus.receive()
                self._received += len(payloads or ())
                if payloads is None:
                    self._missed += 1
                    self._lease.renew_now()  # it reads the end of the log, and so reveals what was missed
                    continue
                for number, payload in enumerate(payloads, 1):
                    self._take(payload, answering)
                    if number % _TURN == 0:
                        await trio.lowlevel.checkpoint()

    def _take(self, payload: bytes, answering: trio.Nursery) -> None:
        opened = payload if self._seals is None else self._seals.open(payload)
        message = self._reader.read(payload if opened is None else opened)
        if message is None:
            self._local.dropped("unreadable")
        elif opened is None:
            self._unsealed.take(message, answering)
        else:
            self._take_sealed(message, answering)

    def _take_sealed(self, message: Payload, answering: trio.Nursery) -> None:
        match message:
            case Announced(last_id, changes):
                self._local.follower.receive(changes, last_id)
            case Beat(node, newest_id):
                self._questions.meet(node)
                self._local.follower.reaches(newest_id)
            case Spent(node, used):
                if node != self.number:
                    self._local.shared_usage.count(used)
            case Noticed(node, notice):
                if node != self.number:
                    self._local.notices.handle(notice, node)
            case Question() as question:
                if isinstance(question.asks, HasPublished):
                    self._local.follower.reaches(question.asks.change_id)
                self._questions.take_question(question, answering)
            case Answer() as answer:
                self._questions.take_answer(answer)

    async def _answer(self, asks: HasPublished | HasRecorded) -> bool:
        match asks:
            case HasPublished(change_id, person_id):
                with _within(_PUBLISH_TIMEOUT, "this server has no lease"):
                    await self._fence.wait_open()  # until then, the log may have lost what was published
                await self._wait_published(change_id)
                if person_id is not None:
                    with _within(_PUBLISH_TIMEOUT, "a write submitted before has no outcome in time"):
                        await self._local.pending_writes.wait_resolved(person_id)
            case HasRecorded(person_id, has_read=True):
                with _within(_PUBLISH_TIMEOUT, "read marks are not written in time"):
                    await self._local.pending_writes.wait_settled(person_id)  # each notes a read mark
                    await self._local.read_marks.wait_written(person_id)
            case HasRecorded(person_id):
                await self._local.deliveries.wait_written(person_id)
        return True

    async def _wait_published_from_log(self, change_id: int) -> None:
        self._local.follower.reaches(change_id)
        await self._wait_published(change_id)

    async def _wait_published(self, change_id: int) -> None:
        with _within(_PUBLISH_TIMEOUT, "a committed change is not published in time"):
            await self._local.broadcaster.wait_published(change_id)

    def _deliver_relayed(self, message: Message) -> bool:
        if message.peer is None or not self._local.hub.has_subscribers(DirectInbox(message.peer.id)):
            return False
        if not self._fence.is_open:
            return False  # the asker waits for no server without a lease, and may have refused the message by now
        self._local.hub.publish([Announcement(message)])
        return True


@contextmanager
def _within(seconds: float, otherwise: str) -> Generator[None]:
    """Raise StorageDown with the text `otherwise` where the block takes longer."""
    with trio.move_on_after(seconds) as scope:
        yield
    if scope.cancelled_caught:
        raise StorageDown(otherwise)


@asynccontextmanager
async def open_cluster(
    cluster_config: ClusterConfig | None,
    storage: Storage,
    fence: Fence,
    local: LocalServer,
    changes: Sequence[type[FeatureChange]] = (),
) -> AsyncGenerator[Cluster]:
    """Be one of several servers for as long as the block lasts; without `cluster_config`, be alone.

    `changes` are the kinds of change of this server's features.

    The caller runs `keep_lease` in the block: without that, `fence` closes. Raises CannotStart. Cancelling: the lease
    is given up where the database can be reached, and else ends by itself.
    """
    if cluster_config is None:
        yield Alone()
        return

    async def end_of_log(_keys: Sequence[None]) -> dict[None, int]:
        return {None: await storage.messages.newest_id()}

    lease = Lease(
        storage.nodes,
        fence,
        address=cluster_config.address,
        version=cluster_config.version,
        bus=cluster_config.bus_kind,
        secret_digest=cluster_config.secret_digest,
        previous_digest=cluster_config.previous_digest,
        position=lambda: local.hub.newest_id,
        clients=local.clients,
        reaches=local.follower.reaches,
        rewind_to=local.follower.rewind_to,
    )
    await lease.begin()
    try:
        async with open_batch_loader(end_of_log) as ends, trio.open_nursery() as nursery:
            servers = Servers(
                cluster_config.bus, cluster_config.seals, storage.nodes, lease, fence, local, ends, changes
            )
            nursery.start_soon(servers.listen)
            nursery.start_soon(servers.beat)
            yield servers
            nursery.cancel_scope.cancel(reason="the engine stops")
    finally:
        await lease.end()
