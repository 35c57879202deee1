"""One client, from the first frame to the last: the task that reads, and its place in the hub.

The session never waits for its own messages to be committed: the journal calls `on_outcome`. So a client can
pipeline, and cancelling a client never touches a write.
"""

import math
import time
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import msgspec
import structlog
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from chat.domain.accounts import Accounts
from chat.domain.budgets import HOLD_BACK, Budgets
from chat.domain.changes import Write
from chat.domain.closing import GOING_AWAY, NO_PONG, OUTCOME_UNKNOWN, TOO_SLOW, Closing
from chat.domain.entities import LOBBY_ID, Draft, MessageKind, People, Person, Topic
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.outcomes import Outcome
from chat.domain.refusals import UNAVAILABLE, Code, Refusal
from chat.engine.dialect import Dialect, Encoder
from chat.engine.events import Event, Refused
from chat.engine.history import History
from chat.engine.hub import Hub
from chat.engine.journal import Journal, Submitter
from chat.engine.send_queue import SendQueue
from chat.engine.stagger import Stagger
from chat.frames import PING_FRAME
from chat.inspection.metrics import Meters
from chat.inspection.recorder import Record

_FAREWELL = 2.0
"""Seconds a client has to answer a close frame, or to read the rest before it, before TCP is closed."""

_CUT_GAP = 0.005
_CUT_WITHIN = 2.0
"""Seconds between the ends of two clients that were cut as too slow, and in which all of them end.

To end one takes half a millisecond, and a hundred are often cut in one fan-out.
"""

_TURN = 32
"""Frames of one client that are handled until the others get their turn."""

logger = structlog.get_logger(__name__)

CommandHandler = Callable[["Session", Any, trio.Nursery], Awaitable[None]]
"""Does what one kind of command asks. It runs in the reader: while it waits this client is not read, so what
takes long goes to the client's nursery."""


class Core(msgspec.Struct, frozen=True):
    """What every session works with. `handlers` says what is done for each type of command."""

    accounts: Accounts
    history: History
    journal: Journal
    hub: Hub
    handlers: Mapping[type, CommandHandler]
    meters: Meters
    budgets: Budgets
    lobby_needs_login: bool = False
    cuts: Stagger = msgspec.field(default_factory=lambda: Stagger(_CUT_GAP, _CUT_WITHIN))
    """When the next client that was cut is ended."""


class MessageReceiver(Protocol):
    """The messages of one client, as its session receives them."""

    @property
    def heard_at(self) -> float:
        """When bytes last came, in seconds of Trio's clock."""
        ...

    async def receive(self) -> Sequence[str | bytes]:
        """Return the messages that came, one or more. Raises ConnectionClosed."""
        ...

    def receive_no_more(self) -> None:
        """Nobody will call receive() again. Sync."""
        ...


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
        core: Core,
        connection: WebSocketConnection,
        send_queue: SendQueue,
        receiver: MessageReceiver,
        dialect: Dialect,
        choices: Sequence[Dialect],
        address: str,
        person: Person | None = None,
        record: Record | None = None,
    ) -> None:
        self.core = core
        self.record = record or Record()
        self.send_queue = send_queue
        self.offer = send_queue.offer  # the hub's call for each delivery; buffer() puts another in its place
        self.receiver = receiver
        self.address = address
        self.person = person  # set by authentication too
        self.client_id = 0  # the person's id or a guest's own, where the dialect has such
        self.room_id = 0  # the one room that this connection entered, where the dialect has such
        self.support: Any = None  # what an operator's connection remembers (protocols/support/handlers.py)
        self.recalls = 0  # history queries under way
        self.last_recall: trio.Event | None = None  # set when the last of them is answered
        self._connection = connection
        self.dialect = dialect
        self._choices = choices
        self._topics: dict[Topic, Encoder] = {}  # what this session is subscribed to
        self._buffered: _Buffer | None = None  # what came since buffer(), if it buffers
        self.quiet_until = self._pinged_at = 0.0  # set by beat()
        self._held_back_until = 0.0  # when it is read again, of a client that was over budget
        self._closing: Closing | None = None  # set by close()
        self._submitted = 0  # drafts ever given to the journal
        self._resolved = 0  # how many of them have an outcome; they get it in their order
        self._progress: trio.Event | None = None  # made by who waits for that, set by settling
        self.reading = trio.CancelScope()
        """Of the task that reads, what its frames ask for included. Cancelled, the session ends."""

    async def serve(self, nursery: trio.Nursery) -> None:
        """Serve the client until it leaves or close() is called. Cancelling cuts it off without a close frame.

        `nursery` is the client's own; what answers this client for longer runs there.
        """
        try:
            try:
                with self.reading:
                    await self._read(nursery)
            finally:
                self.receiver.receive_no_more()
            if self._closing is GOING_AWAY:
                # What was accepted is still settled and heard; the gateway's grace period is the deadline.
                await self.core.journal.drain()
        except ConnectionClosed:
            return
        finally:
            self.unsubscribe_all()
            if self._closing is TOO_SLOW:
                known = self.record
                logger.info(
                    "client too slow", connection=known.id, address=self.address, queued=known.waiting
                )
        if self._closing is not None:
            await self._say_goodbye(self._closing)

    async def _read(self, nursery: trio.Nursery) -> None:
        self.subscribe_to_lobby()
        await self._handle(self.dialect.greeting, nursery)
        pace = self.core.budgets.pace()
        while True:
            for number, frame in enumerate(await self.receiver.receive(), start=1):
                if self._choices and self._choose_dialect(frame):
                    await self._handle(self.dialect.greeting, nursery)
                await self._handle(self.dialect.decode(frame), nursery)
                if number % _TURN == 0:
                    await trio.lowlevel.checkpoint()
            if wait := pace.count(number):
                await self._hold_back(wait)

    async def _handle(self, command: object, nursery: trio.Nursery) -> None:
        try:
            await self.core.handlers[type(command)](self, command, nursery)
        except StorageDown:
            self.send(Refused(UNAVAILABLE, getattr(command, "ref", None)))
        except OutcomeUnknown:
            self.close(OUTCOME_UNKNOWN)

    def _choose_dialect(self, frame: str | bytes) -> bool:
        """Let the first frame whose shape is known decide what this client speaks; say whether that is new."""
        if isinstance(frame, bytes):
            return False
        try:
            keys = msgspec.json.decode(frame, type=dict[str, msgspec.Raw]).keys()
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return False
        for dialect in self._choices:
            if dialect.shape <= keys:
                changed = dialect is not self.dialect
                self._choices = ()
                if changed:
                    # No await between leaving and listening: no message is missed or heard twice.
                    self.unsubscribe_all()
                    self.dialect = dialect
                    self.record.note(f"speaks {dialect.name}")
                    self.subscribe_to_lobby()
                return changed
        return False

    # Subscribing and sending; all of it sync.

    def subscribe_to_lobby(self) -> None:
        """Hear the lobby, if the dialect's clients do and this one may."""
        if self.dialect.hears_lobby and (self.person is not None or not self.core.lobby_needs_login):
            self.subscribe(LOBBY_ID)

    def subscribe(self, topic: Topic, encoder: Encoder | None = None) -> None:
        """Subscribe to the topic from the next message on, with the dialect's encoder or another."""
        if topic not in self._topics:
            self._topics[topic] = encoder or self.dialect
            self.core.hub.subscribe(topic, self._topics[topic], self)

    def unsubscribe(self, topic: Topic) -> None:
        """Unsubscribe from the topic."""
        if topic in self._topics:
            self.core.hub.unsubscribe(topic, self._topics.pop(topic), self)

    def is_subscribed(self, topic: Topic) -> bool:
        """Whether this session is subscribed to the topic."""
        return topic in self._topics

    def unsubscribe_all(self) -> None:
        """Unsubscribe from every topic."""
        for topic in tuple(self._topics):
            self.unsubscribe(topic)

    def buffer(self) -> None:
        """Buffer what the hub sends from here on until flush(): an answer that is being prepared comes first."""
        self._buffered = _Buffer()
        self.offer = self._buffer

    def flush(self) -> None:
        """Send what was buffered, behind what was sent meanwhile."""
        buffered, self._buffered = self._buffered, None
        self.offer = self.send_queue.offer
        if buffered is not None:
            self.offer(b"".join(buffered.blobs))
            for note, end in buffered.notes:
                self.send_queue.when_written(note, buffered.size - end)

    def _buffer(self, blob: bytes) -> None:
        assert self._buffered is not None
        self._buffered.blobs.append(blob)
        self._buffered.size += len(blob)
        if self._buffered.size > self.send_queue.room:
            self.too_slow()

    def when_written(self, note: Callable[[], None], behind: int = 0) -> None:
        """Call `note` once what the hub told so far has left for the client, which may be now or never. Sync.

        `behind` is how many bytes of what was told last come behind what is waited for.
        """
        if self._buffered is None:
            self.send_queue.when_written(note, behind)
        else:
            self._buffered.notes.append((note, self._buffered.size - behind))

    def send(self, event: Event) -> None:
        """Send the client an event, in its dialect. Sync."""
        frames = self.dialect.encode(event)
        self.record.said(frames)
        self.send_queue.offer(frames)

    def send_coalesced(self, event: Event) -> None:
        """Send the client an event in one write with what the hub sends next. Sync."""
        self.send_queue.offer_soon(self.dialect.encode(event))

    async def send_with_backpressure(self, event: Event) -> None:
        """Send the client an event that it asked for, once it has read enough of what came before."""
        frames = self.dialect.encode(event)
        self.record.said(frames)
        await self.send_queue.send(frames)

    # Sending.

    async def may_send(self, text: str, ref: object = None) -> bool:
        """Use up what a message costs, or refuse it. Cancelling: it is refused."""
        client_id = self.client_id if self.person is None else self.person.id
        return await self._within_budget(self.core.budgets.message(client_id, self.address, text), ref)

    async def may_read(self, person: Person, messages: int, ref: object = None) -> bool:
        """Use up what reading so many messages costs, or refuse it. Cancelling: it is refused."""
        return await self._within_budget(self.core.budgets.read(person.id, self.address, messages), ref)

    def has_read(self, person: Person, size: int, messages: int) -> None:
        """Use up what the answer's bytes cost beyond what may_read() took: the next one waits for it. Sync."""
        self.core.budgets.was_read(person.id, self.address, size, messages)

    async def _within_budget(self, refusal: Refusal | None, ref: object) -> bool:
        if refusal is not None:
            self.send(Refused(refusal, ref))
            await self._hold_back(HOLD_BACK)
        return refusal is None

    async def _hold_back(self, seconds: float) -> None:
        """Do not read the client for so long, so that TCP holds a flood back."""
        self._held_back_until = trio.current_time() + seconds  # it is not silent: what it sent waits there
        await trio.sleep(seconds)

    async def submit(
        self,
        room_id: int,
        person: Person,
        text: str,
        *,
        people: People = None,
        answer: Submitter | None = None,
    ) -> None:
        """Hand a clean text to the journal; `people` are those of the room. Cancelling: it was not taken."""
        draft = Draft(
            room_id,
            person.id,
            person.name,
            text,
            round(time.time(), 6),
            MessageKind.TEXT,
            None,
            people,
        )
        self._submitted += 1
        try:
            await self.core.journal.submit(draft, answer or self, self)
        except BaseException:
            self._submitted -= 1
            raise

    async def wait_for_outcomes(self) -> None:
        """Wait until the drafts submitted so far are committed or refused. Cancelling changes nothing."""
        so_far = self._submitted
        while self._resolved < so_far:
            if self._progress is None:
                self._progress = trio.Event()
            await self._progress.wait()

    def on_outcome(self, write: Write, outcome: Outcome) -> None:
        """Hear from the journal what became of a draft. Sync: between commit and fan-out."""
        if isinstance(outcome, Refusal):
            self.send(Refused(outcome))
        self.count_outcome(outcome)

    def count_outcome(self, outcome: Outcome) -> None:
        """One draft less is at the journal; an unknown outcome ends the session. Sync."""
        self._resolved += 1
        if self._progress is not None:
            self._progress.set()
            self._progress = None
        if isinstance(outcome, Refusal) and outcome.code is Code.OUTCOME_UNKNOWN:
            self.close(OUTCOME_UNKNOWN)

    # Ending; all but the goodbye is sync.

    def close(self, closing: Closing, at: float | None = None) -> None:
        """End this session: read no more, then say goodbye. The first reason counts.

        `at` is when, in seconds of Trio's clock, if that is not now.
        """
        if self._closing is None:
            self._closing = self.record.closing = closing
            self.record.note(f"the server closes: {closing.code}")
            self.core.meters.closed(closing)
            if at is None:
                self.reading.cancel()
            else:
                self.reading.deadline = at

    def expel(self, closing: Closing) -> None:
        """End this session as close() does; what is said from here on it does not hear, whatever it is busy with."""
        self.unsubscribe_all()
        self.close(closing)

    def too_slow(self) -> None:
        """Cut the client: what waits for it is dropped. Called by the send queue, also in the middle of a fan-out."""
        if self._closing is None:
            self.record.waiting = self.send_queue.queued + (self._buffered.size if self._buffered else 0)
            self.close(TOO_SLOW, at=self.core.cuts.next())
        self.send_queue.cut()
        self.flush()  # to a send queue that takes nothing more, and knows so

    async def _say_goodbye(self, closing: Closing) -> None:
        """Close the WebSocket, in bounded time."""
        with trio.move_on_after(_FAREWELL):
            await self._connection.aclose(*closing)

    @contextmanager
    def not_pinged(self) -> Generator[None]:
        """Send no ping for as long as the block lasts: the client is told much, and what it answers is not read yet."""
        self.quiet_until = math.inf
        try:
            yield
        finally:
            self.quiet_until = 0.0

    def beat(self, now: float, interval: float, patience: float) -> None:
        """Ping a silent client, or cut it when it did not answer in time. All in seconds of Trio's clock.

        Before `quiet_until` there is nothing to do here: whatever is heard in the meantime only puts it off.
        """
        if self.send_queue.queued:
            return  # a ping waits behind that; meanwhile the writer finds out whether the client still reads
        heard_at = max(self.receiver.heard_at, self._held_back_until)
        if self._pinged_at > heard_at:
            self.quiet_until = self._pinged_at + patience
            if now > self.quiet_until:
                self.send_queue.cut()
                self.close(NO_PONG)
            return
        self.quiet_until = max(heard_at, self._pinged_at) + interval
        if now > self.quiet_until:
            self._pinged_at = now
            self.quiet_until = now + min(interval, patience)
            self.record.said(PING_FRAME)
            self.send_queue.offer(PING_FRAME)


class _Buffer:
    """What the hub told a session that is still being prepared an answer, and what waits for its being written."""

    def __init__(self) -> None:
        self.blobs: list[bytes] = []
        self.size = 0  # bytes
        self.notes: list[tuple[Callable[[], None], int]] = []  # each with where what it waits for ends
