"""One client, from the first frame to the last: the task that reads, what it sends, and how it ends.

Its subscriptions, drafts at the journal, limits and pings are objects of their own (`subscriptions.py`,
`pending_drafts.py`, `client_limits.py`, `pinger.py`). Its protocol handles commands (`protocol_client.py`).
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog
import trio
from trio_websocket import CloseReason, ConnectionClosed

from chat.domain.accounts.accounts import Accounts
from chat.domain.closing import GOING_AWAY, NO_PONG, OUTCOME_UNKNOWN, RESTARTING, TOO_SLOW, Closing
from chat.domain.entities import Person
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.limits.budgets import Budgets
from chat.domain.refusals import UNAVAILABLE
from chat.engine.client_limits import ClientLimits
from chat.engine.cluster_port import Alone, Cluster
from chat.engine.dialect import Command, Dialect, Greet, by_shape
from chat.engine.events import Event, Refused
from chat.engine.hub import Hub
from chat.engine.journal import Journal
from chat.engine.message_receiver import Closable, MessageReceiver
from chat.engine.pending_drafts import PendingDrafts
from chat.engine.pinger import Pinger
from chat.engine.protocol_client import ProtocolClient
from chat.engine.send_queue import SendQueue
from chat.engine.statuses import Statuses
from chat.engine.subscriptions import Subscriptions
from chat.inspection.metrics import Metrics
from chat.inspection.recorder import Record
from chat.shutdown import CLOSE_ANSWER
from chat.stagger import Stagger

_CUT_GAP = 0.005
_CUT_WITHIN = 2.0
"""Seconds between the ends of two clients that are cut as too slow, and in which all of them end.

One end takes half a millisecond, and a hundred clients are often cut in one fan-out.
"""

_TURN, _TURN_SECONDS = 32, 0.001
"""Frames of one client handled, and about how long they take, before other tasks get their turn."""
_LOOK = 4
"""Frames after which the time is read: reading it after each would slow down those who send many."""

logger = structlog.get_logger(__name__)

_GREET = Greet()

ClientFactory = Callable[["Session"], ProtocolClient]
"""Makes the protocol's client for a session. Sync."""


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
    """Spreads the ends of clients that are cut."""


class Session:
    """One connected client.

    Args:
        connection: the accepted WebSocket, or a connection of IRC.
        dialect: the client's dialect; with `choices` the listener's own, until the first frame.
        choices: the dialects among which the shape of the first frame chooses.
        address: the client's address, for the log.
        person: the client's person, if its handshake carried a token.
        record: records the events of the connection.
    """

    def __init__(
        self,
        context: SessionContext,
        connection: Closable,
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
        """The client's person, kept up to date; become() sets it."""
        self._counted: int | None = None  # the person that the socket is counted for
        self._is_away = False
        self.dialect = dialect
        self.client: ProtocolClient | None = None
        """The protocol's client: made by serve(), and again when the first frame chooses another dialect."""
        self._choices = choices
        self._connection = connection
        self._closing: Closing | None = None  # set by close()
        self._lapse: Closing | None = None  # set by close_at()
        self.reading = trio.CancelScope()
        """The scope of the task that reads and handles frames. Cancelling it ends the session."""
        send_queue.when_full(self.too_slow)

    async def serve(self, nursery: trio.Nursery) -> None:
        """Serve the client until it leaves or close() is called. Cancelling cuts it off without a close frame.

        `nursery` is the client's own: longer requests run there.
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
                # Accepted writes are still settled and published; the gateway's grace period is the deadline.
                await self.context.journal.drain()
            elif self._closing is RESTARTING:
                # Others go on writing: only this client's drafts are waited for, until the gateway stops.
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
                    "client disconnected: it reads too slowly",
                    connection=known.id,
                    address=self.address,
                    queued=known.waiting,
                )
        if self._closing is not None:
            await self._say_goodbye(self._closing)

    async def _read(self, nursery: trio.Nursery) -> None:
        client = self._make_client()
        await self.handle(client, _GREET, nursery)
        pace = self.context.budgets.pace()
        while True:
            frames = await self.receiver.receive()
            turn_ends = 0.0 if len(frames) < _LOOK else self.receiver.last_received_at + _TURN_SECONDS
            for number, frame in enumerate(frames, start=1):
                if self._choices and self._choose_dialect(frame):
                    client = self._make_client()
                    await self.handle(client, _GREET, nursery)
                await self.handle(client, self.dialect.decode(frame), nursery)
                if number % _LOOK == 0 and (number % _TURN == 0 or trio.current_time() > turn_ends):
                    await trio.lowlevel.checkpoint()
                    turn_ends = trio.current_time() + _TURN_SECONDS
            if wait := pace.count(number):
                await self.limits.hold_back(wait)

    def _make_client(self) -> ProtocolClient:
        if self.client is not None:
            self.client.ended()
        self.client = client = self.context.clients[self.dialect](self)
        return client

    async def handle(self, client: ProtocolClient, command: Command, nursery: trio.Nursery) -> None:
        """Handle a command. If the storage fails, refuse it, or end the client. Cancelling: as the handler."""
        try:
            await client.handle(command, nursery)
        except StorageDown:
            self.send(Refused(UNAVAILABLE, command.ref))
        except OutcomeUnknown:
            self.close(OUTCOME_UNKNOWN)

    def _choose_dialect(self, frame: str | bytes) -> bool:
        """Choose the dialect by the shape of a frame; return whether it has changed."""
        dialect = by_shape(self._choices, frame)
        if dialect is None:
            return False
        self._choices = ()
        if dialect is self.dialect:
            return False
        # No await between this and the new client, which subscribes: no message is missed or sent twice.
        self.subscriptions.unsubscribe_all()
        self.dialect = dialect
        self.record.note(f"speaks {dialect.name}")
        return True

    def become(self, person: Person | None) -> None:
        """Set the person, whom the protocol has authenticated; None: nobody. Sync."""
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
        """Set whether the person is away on this socket. Sync."""
        if self._counted is not None and is_away != self._is_away:
            self._is_away = is_away
            self.context.statuses.set_away(self._counted, is_away=is_away)

    def leave_room(self, room_id: int, *, is_deleted: bool) -> None:
        """Unsubscribe from a room, and notify the protocol if it was subscribed. Sync."""
        if room_id in self.subscriptions:
            self.subscriptions.unsubscribe(room_id)
            if self.client is not None:
                self.client.room_ended(room_id, is_deleted=is_deleted)

    def person_changed(self) -> None:
        """Notify the protocol that `person` has another name or other roles. Sync."""
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
        self.send_queue.offer_coalesced(self.dialect.encode(event))

    async def send_with_backpressure(self, event: Event) -> None:
        """Send an event once the client has read enough of the earlier ones. Cancelling: whole, or not at all."""
        frames = self.dialect.encode(event)
        self.record.note_sent(frames)
        await self.send_queue.send(frames)

    # Ending; all but the goodbye is sync.

    def close(self, closing: Closing, at: float | None = None) -> None:
        """End this session: stop reading, then close the WebSocket. The first reason counts.

        `at` is the time, in seconds of Trio's clock; by default now.
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
        """End this session as close() does, and unsubscribe it at once."""
        self.subscriptions.unsubscribe_all()
        self.close(closing)

    def too_slow(self) -> None:
        """Cut the client: drop its queued bytes. The send queue calls this, also in the middle of a fan-out."""
        if self._closing is None:
            self.record.waiting = self.send_queue.queued + self.subscriptions.buffered
            self.close(TOO_SLOW, at=self.context.cuts.next())
        self.send_queue.cut()
        self.subscriptions.flush()  # the send queue is cut, and drops it

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
    """Whether a client's close frame, which came after ours, answers it and did not cross it.

    An answer repeats our code (RFC 6455, section 5.5.1). A client that leaves by itself may use 1001 too.
    """
    if came is None or came.code != closing.code:
        return False
    return closing.code != GOING_AWAY.code or came.reason == closing.reason
