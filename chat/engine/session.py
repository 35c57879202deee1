"""One client, from the first frame to the last: the task that reads, what it sends, and how it ends.

What the client is subscribed to, what it gave to the journal, what it may still say and when it is pinged are objects
of their own (`subscriptions.py`, `pending_drafts.py`, `client_limits.py`, `pinger.py`); what its commands do is its
protocol's (`protocol_client.py`).
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog
import trio
from trio_websocket import CloseReason, ConnectionClosed, WebSocketConnection

from chat.domain.accounts import Accounts
from chat.domain.budgets import Budgets
from chat.domain.closing import GOING_AWAY, NO_PONG, OUTCOME_UNKNOWN, RESTARTING, TOO_SLOW, Closing
from chat.domain.entities import Person
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.refusals import UNAVAILABLE
from chat.engine.client_limits import ClientLimits
from chat.engine.cluster_port import Alone, Cluster
from chat.engine.dialect import Command, Dialect, Greet, by_shape
from chat.engine.events import Event, Refused
from chat.engine.hub import Hub
from chat.engine.journal import Journal
from chat.engine.message_receiver import MessageReceiver
from chat.engine.pending_drafts import PendingDrafts
from chat.engine.pinger import Pinger
from chat.engine.protocol_client import ProtocolClient
from chat.engine.send_queue import SendQueue
from chat.engine.stagger import Stagger
from chat.engine.statuses import Statuses
from chat.engine.subscriptions import Subscriptions
from chat.inspection.metrics import Metrics
from chat.inspection.recorder import Record
from chat.shutdown import CLOSE_ANSWER

_CUT_GAP = 0.005
_CUT_WITHIN = 2.0
"""Seconds between the ends of two clients that were cut as too slow, and in which all of them end.

To end one takes half a millisecond, and a hundred are often cut in one fan-out.
"""

_TURN = 32
"""Frames of one client that are handled until the others get their turn."""

logger = structlog.get_logger(__name__)

_GREET = Greet()

ClientFactory = Callable[["Session"], ProtocolClient]
"""Makes a protocol's client of a session. Sync."""


class SessionContext(msgspec.Struct, frozen=True):
    """What every session uses. `clients` has the factory of each dialect's clients."""

    accounts: Accounts
    journal: Journal
    hub: Hub
    clients: Mapping[Dialect, ClientFactory]
    metrics: Metrics
    budgets: Budgets
    cluster: Cluster = Alone()
    statuses: Statuses = msgspec.field(default_factory=Statuses)
    cuts: Stagger = msgspec.field(default_factory=lambda: Stagger(_CUT_GAP, _CUT_WITHIN))
    """When the next client that was cut is ended."""


class Session:
    """One connected client.

    Args:
        connection: the accepted WebSocket.
        dialect: what the client speaks; the listener's own until the first frame has told, if there are `choices`.
        choices: the dialects among which the first frame of known shape chooses.
        address: where the client is, for the log.
        person: who the client is, if its handshake carried a token.
        record: where the events of the connection are noted.
    """

    def __init__(
        self,
        context: SessionContext,
        connection: WebSocketConnection,
        send_queue: SendQueue,
        receiver: MessageReceiver,
        dialect: Dialect,
        choices: Sequence[Dialect],
        address: str,
        person: Person | None = None,
        record: Record | None = None,
    ) -> None:
        self.context = context
        self.record = record or Record()
        self.send_queue = send_queue
        self.receiver = receiver
        self.subscriptions = Subscriptions(context.hub, send_queue)
        self.pending_drafts = PendingDrafts(context.journal, self.subscriptions, self)
        self.pinger = Pinger(send_queue, receiver, self.record)
        self.limits = ClientLimits(context.budgets, address, self, self.pinger)
        self.address = address
        self.person = person
        """Who the client is: become() says whom a protocol has authenticated. As they are now."""
        self._counted: int | None = None  # whose socket it is counted as
        self._is_away = False
        self.dialect = dialect
        self.client: ProtocolClient | None = None
        """The protocol's side of it: made by serve(), and anew when the first frame chooses another dialect."""
        self._choices = choices
        self._connection = connection
        self._closing: Closing | None = None  # set by close()
        self._lapse: Closing | None = None  # set by close_at()
        self.reading = trio.CancelScope()
        """Of the task that reads, what its frames ask for included. Cancelled, the session ends."""
        send_queue.when_full(self.too_slow)

    async def serve(self, nursery: trio.Nursery) -> None:
        """Serve the client until it leaves or close() is called. Cancelling cuts it off without a close frame.

        `nursery` is the client's own; what answers this client for longer runs there.
        """
        self._count(self.person)
        try:
            try:
                with self.reading:
                    await self._read(nursery)
            finally:
                self.receiver.receive_no_more()
            if self._lapse is not None and trio.current_time() >= self.reading.deadline:
                self.close(self._lapse)
            if self._closing is GOING_AWAY:
                # What was accepted is still settled and heard; the gateway's grace period is the deadline.
                await self.context.journal.drain()
            elif self._closing is RESTARTING:
                # The others here go on writing: only what this client said is waited for, until the gateway stops.
                await self.pending_drafts.wait()
        except ConnectionClosed:
            return
        finally:
            self._count(None)
            self.subscriptions.unsubscribe_all()
            if self.client is not None:
                self.client.ended()
            if self._closing is TOO_SLOW:
                known = self.record
                logger.info(
                    "client too slow", connection=known.id, address=self.address, queued=known.waiting
                )
        if self._closing is not None:
            await self._say_goodbye(self._closing)

    async def _read(self, nursery: trio.Nursery) -> None:
        client = self._make_client()
        await self.handle(client, _GREET, nursery)
        pace = self.context.budgets.pace()
        while True:
            for number, frame in enumerate(await self.receiver.receive(), start=1):
                if self._choices and self._choose_dialect(frame):
                    client = self._make_client()
                    await self.handle(client, _GREET, nursery)
                await self.handle(client, self.dialect.decode(frame), nursery)
                if number % _TURN == 0:
                    await trio.lowlevel.checkpoint()
            if wait := pace.count(number):
                await self.limits.hold_back(wait)

    def _make_client(self) -> ProtocolClient:
        if self.client is not None:
            self.client.ended()
        self.client = client = self.context.clients[self.dialect](self)
        return client

    async def handle(self, client: ProtocolClient, command: Command, nursery: trio.Nursery) -> None:
        """Do what a command asks; where the storage fails, the client is told, or ends. Cancelling: as its handler."""
        try:
            await client.handle(command, nursery)
        except StorageDown:
            self.send(Refused(UNAVAILABLE, command.ref))
        except OutcomeUnknown:
            self.close(OUTCOME_UNKNOWN)

    def _choose_dialect(self, frame: str | bytes) -> bool:
        """Let the first frame whose shape is known decide what this client speaks; say whether that is new."""
        dialect = by_shape(self._choices, frame)
        if dialect is None:
            return False
        self._choices = ()
        if dialect is self.dialect:
            return False
        # No await between this and the new client, which subscribes: no message is missed or heard twice.
        self.subscriptions.unsubscribe_all()
        self.dialect = dialect
        self.record.note(f"speaks {dialect.name}")
        return True

    def become(self, person: Person | None) -> None:
        """Be this person's from here on, whom the protocol has authenticated; None: nobody's. Sync."""
        self.person = person
        self._count(person)

    def _count(self, person: Person | None) -> None:
        now, known = None if person is None else person.id, self._counted
        if now != known:
            self._counted = now
            if now is not None:
                self.context.statuses.came(now)
            if known is not None:
                self.context.statuses.left(known, was_away=self._is_away)
            self._is_away = False

    def set_away(self, *, is_away: bool) -> None:
        """Say whether its person is away, as far as this socket knows. Sync."""
        if self._counted is not None and is_away != self._is_away:
            self._is_away = is_away
            self.context.statuses.set_away(self._counted, is_away=is_away)

    def leave_room(self, room_id: int, *, is_deleted: bool) -> None:
        """Hear nothing more of a room, and let the protocol know if it was heard. Sync."""
        if room_id in self.subscriptions:
            self.subscriptions.unsubscribe(room_id)
            if self.client is not None:
                self.client.room_ended(room_id, is_deleted=is_deleted)

    def person_changed(self) -> None:
        """Let the protocol know that `person` has another name or other roles than before. Sync."""
        if self.client is not None:
            self.client.person_changed()

    # Sending.

    def send(self, event: Event) -> None:
        """Send the client an event, in its dialect. Sync."""
        self.send_frames(self.dialect.encode(event))

    def send_frames(self, frames: bytes) -> None:
        """Send the client complete frames. Sync."""
        self.record.note_sent(frames)
        self.send_queue.offer(frames)

    def send_coalesced(self, event: Event) -> None:
        """Send the client an event in one write with what the hub sends next. Sync."""
        self.send_queue.offer_soon(self.dialect.encode(event))

    async def send_with_backpressure(self, event: Event) -> None:
        """Send an event once the client has read enough of what came before. Cancelling: whole, or not at all."""
        frames = self.dialect.encode(event)
        self.record.note_sent(frames)
        await self.send_queue.send(frames)

    # Ending; all but the goodbye is sync.

    def close(self, closing: Closing, at: float | None = None) -> None:
        """End this session: read no more, then say goodbye. The first reason counts.

        `at` is when, in seconds of Trio's clock, if that is not now.
        """
        if self._closing is None:
            self._closing = self.record.closing = closing
            self.record.note(f"the server closes: {closing.code}")
            self.context.metrics.closed(closing)
            if at is None:
                self.reading.cancel()
            else:
                self.reading.deadline = at

    def close_at(self, deadline: float, closing: Closing) -> None:
        """End this session at that time of Trio's clock, unless this is called again before."""
        if self._closing is None:
            self._lapse = closing
            self.reading.deadline = deadline

    def expel(self, closing: Closing) -> None:
        """End this session as close() does; what is said from here on it does not hear, whatever it is busy with."""
        self.subscriptions.unsubscribe_all()
        self.close(closing)

    def too_slow(self) -> None:
        """Cut the client: what waits for it is dropped. Called by the send queue, also in the middle of a fan-out."""
        if self._closing is None:
            self.record.waiting = self.send_queue.queued + self.subscriptions.buffered
            self.close(TOO_SLOW, at=self.context.cuts.next())
        self.send_queue.cut()
        self.subscriptions.flush()  # to a send queue that takes nothing more, and knows so

    async def _say_goodbye(self, closing: Closing) -> None:
        """Close the WebSocket, in bounded time."""
        connection, is_answered = self._connection, False
        if self.client is not None:
            self.client.ending(closing)
        try:
            is_ours = connection.closed is None  # else the client's close frame came first
            with trio.move_on_after(CLOSE_ANSWER):
                await connection.aclose(*closing.content)
                is_answered = is_ours and _answers(connection.closed, closing)
        finally:
            if self.client is not None:
                self.client.closed(is_answered=is_answered)

    def beat(self, now: float, interval: float, patience: float) -> None:
        """Ping a silent client, or cut it when it did not answer in time; see Pinger.is_dead()."""
        if self.pinger.is_dead(now, interval, patience):
            self.send_queue.cut()
            self.close(NO_PONG)


def _answers(came: CloseReason | None, closing: Closing) -> bool:
    """Whether a client's close frame, which came behind ours, answers that, and did not cross it.

    An answer has our code (RFC 6455, section 5.5.1). A client that leaves by itself may use 1001 too.
    """
    if came is None or came.code != closing.code:
        return False
    return closing.code != GOING_AWAY.code or came.reason == closing.reason
