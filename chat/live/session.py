"""One client, from the first frame to the last: a task that reads, a task that writes, its place in the hub.

The session never waits for its own messages to be committed: the journal calls `settled`. So a client can
pipeline, and cancelling a client never touches a write.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import structlog
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from chat.dialects.dialect import Dialect
from chat.live.hub import Hub
from chat.live.journal import Journal
from chat.live.outbox import Outbox
from chat.model.closing import GOING_AWAY, NO_PONG, OUTCOME_UNKNOWN, TOO_SLOW, Closing
from chat.model.commands import Misunderstood
from chat.model.entities import LOBBY_ID, Draft, Message, Person
from chat.model.events import Event, Refused
from chat.model.refusals import UNAVAILABLE, Code, Refusal
from chat.services.accounts import Accounts
from chat.services.history import History
from chat.storage.failures import StorageDown

_FAREWELL = 2.0
"""Seconds a client has to answer a close frame, or to read the rest before it, before TCP is closed."""

logger = structlog.get_logger(__name__)


class Core(msgspec.Struct, frozen=True):
    """What every session works with."""

    accounts: Accounts
    history: History
    journal: Journal
    hub: Hub
    handlers: "Mapping[type, Handler]"


Handler = Callable[["Session", Any, trio.Nursery], Awaitable[None]]
"""Does what one kind of command asks. It runs in the reader: while it waits this client is not read, so what
takes long goes to the client's nursery."""


class Ears(Protocol):
    """The way in, as far as the session looks at it."""

    heard_at: float  # Trio's clock (s) when bytes last came


class Session:
    """One connected client.

    Args:
        connection: the accepted WebSocket.
        dialect: what the client speaks; the listener's own until the first frame has told, if `choices` are given.
        choices: the dialects among which the first frame of known shape chooses.
        address: where the client is, for the log and the throttle.
    """

    def __init__(
        self,
        core: Core,
        connection: WebSocketConnection,
        outbox: Outbox,
        ears: Ears,
        dialect: Dialect,
        choices: Sequence[Dialect],
        address: str,
    ) -> None:
        self.core = core
        self.outbox = outbox
        self.offer = outbox.offer  # the hub's call for each delivery: one look-up less
        self.ears = ears
        self.address = address
        self.person: Person | None = None  # set by authentication
        self.pinged_at = 0.0  # set by the heartbeat
        self.recalls = 0  # history queries under way
        self._connection = connection
        self._dialect = dialect
        self._choices = choices
        self._closing: Closing | None = None  # set by close()
        self._unsettled = 0  # drafts at the journal
        self._all_settled = trio.Event()  # set by settled() once closing
        self._reading = trio.CancelScope()

    async def serve(self, nursery: trio.Nursery) -> None:
        """Serve the client until it leaves or close() is called. Cancelling cuts it off without a close frame.

        `nursery` is the client's own; what answers this client for longer runs there.
        """
        self.core.hub.join(LOBBY_ID, self._dialect, self)
        try:
            with self._reading:
                await self._read(nursery)
        except ConnectionClosed:
            return
        finally:
            self.core.hub.leave(LOBBY_ID, self._dialect, self)
        if self._closing is not None:
            await self._say_goodbye(self._closing)

    async def _read(self, nursery: trio.Nursery) -> None:
        while True:
            frame = await self._connection.get_message()
            if self._choices:
                self._choose_dialect(frame)
            command = self._dialect.decode(frame)
            try:
                await self.core.handlers[type(command)](self, command, nursery)
            except StorageDown:
                self.tell(Refused(UNAVAILABLE))

    def _choose_dialect(self, frame: str | bytes) -> None:
        """Let the first frame whose shape is known decide what this client speaks."""
        if isinstance(frame, bytes):
            return
        try:
            keys = msgspec.json.decode(frame, type=dict[str, msgspec.Raw]).keys()
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return
        for dialect in self._choices:
            if dialect.shape <= keys:
                # No await between leaving and joining: no message is missed or heard twice.
                self.core.hub.leave(LOBBY_ID, self._dialect, self)
                self._dialect, self._choices = dialect, ()
                self.core.hub.join(LOBBY_ID, dialect, self)
                return

    def tell(self, event: Event) -> None:
        """Tell the client something, in its dialect. Sync."""
        self.outbox.offer(self._dialect.encode(event))

    async def tell_patiently(self, event: Event) -> None:
        """Tell the client something it asked for, when it has read enough of what came before."""
        await self.outbox.send(self._dialect.encode(event))

    async def submit(self, room_id: int, person: Person, text: str) -> None:
        """Hand a clean text to the journal. Cancelling: it was not taken."""
        draft = Draft(room_id, person.id, person.name, text, round(time.time(), 6))
        self._unsettled += 1
        try:
            await self.core.journal.submit(draft, self)
        except BaseException:
            self._unsettled -= 1
            raise

    def settled(self, draft: Draft, outcome: Message | Refusal) -> None:
        """Hear from the journal what became of a draft. Sync: between commit and fan-out."""
        self._unsettled -= 1
        if not self._unsettled and self._closing is not None:
            self._all_settled.set()
        if isinstance(outcome, Refusal):
            self.tell(Refused(outcome))
            if outcome.code is Code.OUTCOME_UNKNOWN:
                self.close(OUTCOME_UNKNOWN)

    def close(self, closing: Closing) -> None:
        """End this session: read no more, then say goodbye. Sync; the first reason counts."""
        if self._closing is None:
            self._closing = closing
            if not self._unsettled:
                self._all_settled.set()
            self._reading.cancel()

    def too_slow(self) -> None:
        """Cut the client: what waits for it is dropped. Called by the outbox, also in the middle of a fan-out."""
        logger.info("client too slow", address=self.address, queued=self.outbox.queued)
        self.outbox.cut()
        self.close(TOO_SLOW)

    async def _say_goodbye(self, closing: Closing) -> None:
        """Settle what was accepted, then close the WebSocket, both in bounded time."""
        if closing is GOING_AWAY:
            # The gateway's grace period is the deadline; the journal's own is shorter.
            await self._all_settled.wait()
        with trio.move_on_after(_FAREWELL):
            await self._connection.aclose(*closing)

    def beat(self, now: float, interval: float, patience: float) -> None:
        """Ping a silent client, or cut it when it did not answer in time. All in seconds of Trio's clock. Sync."""
        if self.pinged_at > self.ears.heard_at:
            if now - self.pinged_at > patience:
                self.outbox.cut()
                self.close(NO_PONG)
        elif now - max(self.ears.heard_at, self.pinged_at) > interval:
            self.pinged_at = now
            self.outbox.offer(_PING)


_PING = b"\x89\x00"
"""An empty ping frame (RFC 6455, section 5.5.2); any bytes that come back are sign of life enough."""


async def not_understood(session: Session, command: Misunderstood, _nursery: trio.Nursery) -> None:
    """Handle a frame that its dialect could not read."""
    session.tell(Refused(command.refusal))
