"""The native socket's client: authentication, syncs, messages, operations and live events of one connection."""

import secrets
import time
from collections.abc import Mapping
from itertools import repeat

import trio

from chat import __version__
from chat.domain.accounts.bots import USES, Scope, scope_refusal
from chat.domain.closing import (
    GOING_AWAY,
    RESTARTING,
    TOKEN_EXPIRED,
    TOO_MANY_SOCKETS,
    UNAUTHENTICATED,
    Closing,
)
from chat.domain.entities import Person, RoomKind
from chat.domain.failures import StorageDown
from chat.domain.limits.budgets import HOLD_BACK
from chat.domain.messages.sync_types import Position, milliseconds
from chat.domain.refusals import EXPIRED_TOKEN, NOT_FOR_VISITORS, Code, Refusal
from chat.engine.dialect import Greet
from chat.engine.events import Refused, RequestId
from chat.engine.protocol_client import command_handlers, on
from chat.engine.session import ClientFactory, Session
from chat.operations.conversions import as_me, person_fields
from chat.protocols.client import Client, misunderstood
from chat.protocols.native.connection.live import Live
from chat.protocols.native.connection.new_rooms import NewRooms
from chat.protocols.native.connection.request_queue import QueuedRequest, RequestQueue
from chat.protocols.native.connection.shared import Shared
from chat.protocols.native.connection.socket_operations import Operations
from chat.protocols.native.connection.sockets import MOST_SOCKETS
from chat.protocols.native.messages.send_order import SendOrder
from chat.protocols.native.messages.sending import people_to_speak_to, send_message
from chat.protocols.native.server.limits import features_of, limits_of, restored_of
from chat.protocols.native.server.types import PROTOCOL
from chat.protocols.native.sync.resuming import send_unlogged_updates
from chat.protocols.native.sync.room_sync import RoomSync
from chat.protocols.native.wire.codec import ASKED, Ask, NativeMisunderstood, frame_of, offer_events
from chat.protocols.native.wire.frames import (
    ByeEvent,
    GoneEvent,
    Hello,
    HelloOk,
    Ping,
    PingOk,
    Send,
    Sync,
    SyncOk,
)
from chat.protocols.native.wire.live_frames import Activity, PersonEvent, SetStatus, Watch
from chat.protocols.services import Services

_HELLO = 10.0
"""Seconds within which the first hello must succeed."""

_BYE = 5000
"""Milliseconds over which the clients of a stopping server spread their reconnects."""

_NO_HELLO = Refusal(Code.UNAUTHENTICATED, "say hello first, with a token", reason="no_hello")
_OTHER_PROTOCOL = Refusal(
    Code.INVALID, f"this server speaks version {PROTOCOL}", field="protocol", reason="other_version"
)
_ANOTHER = Refusal(Code.FORBIDDEN, "this socket is another person's", field="token", reason="other_person")


class NativeClient(Client):
    """One connection."""

    __slots__ = (
        "_is_operator",
        "_live",
        "_new_rooms",
        "_nursery",
        "_operations",
        "_order",
        "_profile_changed_at",
        "_queue",
        "_room_sync",
        "_services",
        "_sockets",
        "_synced",
    )

    def __init__(self, session: Session, shared: "Shared[NativeClient]") -> None:
        super().__init__(session)
        self._services = services = shared.services
        self._sockets = shared.sockets
        self._room_sync = RoomSync(
            session,
            services.catch_up,
            services.timelines,
            services.hub,
            shared.syncs,
            services.read_marks.rooms_of,
        )
        self._new_rooms = NewRooms(session, self._room_sync)
        self._queue = RequestQueue()  # a sync and the requests that must follow it
        self._live: Live | None = None  # made by its first request
        self._order: SendOrder | None = None  # made by the first message that is refused for now
        self._nursery: trio.Nursery | None = None  # the connection's, from the first hello on
        self._synced = False  # whether new rooms of the person are sent
        self._is_operator = False
        self._profile_changed_at = 0.0  # of the profile that the client has
        self._operations = Operations(session, services)

    async def greet(self, _command: Greet, _nursery: trio.Nursery) -> None:
        """Set the deadline for the first hello."""
        await trio.lowlevel.checkpoint()
        self.session.close_at(trio.current_time() + _HELLO, UNAUTHENTICATED)

    async def hello(self, request: Hello, nursery: trio.Nursery) -> None:
        """Authenticate as the token's person until it expires; an invalid token changes nothing."""
        session, accounts = self.session, self._services.accounts
        if request.protocol != PROTOCOL:
            await trio.lowlevel.checkpoint()
            return session.send(Refused(_OTHER_PROTOCOL, request.id))
        checked = await accounts.check(request.token, visitors=True, bots=True)
        if not isinstance(checked, Refusal) and checked.person.scopes is not None:
            # A socket receives what is said, so it takes the scope to read.
            checked = scope_refusal(checked.person, (Scope.READ,)) or checked
        if isinstance(checked, Refusal):
            refusal = EXPIRED_TOKEN if accounts.tokens.has_expired(request.token) else checked
            return session.send(Refused(refusal, request.id))
        found = checked.person
        if self._nursery is None:
            if len(self._sockets.of(found.id)) >= MOST_SOCKETS:
                return session.close(TOO_MANY_SOCKETS)
            self._nursery = nursery
            self._is_operator, self._profile_changed_at = found.is_operator, found.changed_at
            session.record.note(f"authenticated as {found.name}")
        elif self._person.id != found.id:
            return session.send(Refused(_ANOTHER, request.id))
        # No await since the person was read: from here on this session is notified of their changes.
        session.become(found)
        self._sockets.add(found, self)
        session.close_at(trio.current_time() + checked.claims.expires_at - time.time(), TOKEN_EXPIRED)
        if found.scopes is not None:
            nursery.start_soon(self._services.feature_ports[USES].note, found)
        reply = HelloOk(
            id=request.id,
            me=as_me(found),
            server=self._services.settings.server_name,
            lobby=self._services.settings.lobby,
            calls=self._services.settings.call_url != "",
            emoji=self._services.settings.custom_emoji,
            version=__version__,
            protocol=PROTOCOL,
            data=self._services.data_id,
            restored=restored_of(self._services),
            features=features_of(self._services),
            limits=limits_of(self._services),
            expires_at=milliseconds(checked.claims.expires_at),
        )
        return session.send_frames(frame_of(reply))

    async def sync(self, request: Sync, nursery: trio.Nursery) -> None:
        """Send the missed changes, then live events; the client is read meanwhile."""
        await trio.lowlevel.checkpoint()
        if self._nursery is None:
            self._refuse_unauthenticated(request.id)
        elif not (self._queue.is_busy and await self._queue.add(request)):
            self._queue.start(request, lambda each: self.session.handle(self, each, nursery), nursery)

    async def handle_queued(self, command: QueuedRequest, _nursery: trio.Nursery) -> None:
        """Handle a sync, or a request that waited for one, unless the socket is ending."""
        if self.session.reading.cancel_called:
            return
        match command.request:
            case Sync() as sync:
                await self._sync(sync)
            case Send() as send:
                await self._send(send)
            case Ask() as ask:
                await self._operations.ask(ask, self._person)

    async def _sync(self, request: Sync) -> None:
        session, person = self.session, self._person
        known = {each.room: Position(each.room, each.pos, each.at) for each in request.known}
        if not await session.limits.may_read(person, 1 + len(known), request.id):
            return None
        self._synced = True
        with session.pinger.paused():
            try:
                result = await self._room_sync.sync(
                    known,
                    rest=request.rest,
                    by_pages=request.far == "page",
                    most=request.limit,
                    conversations=request.conversations,
                )
            except StorageDown:
                self._synced = False
                raise
            if request.far == "page":
                session.limits.has_read(person, result.size, 1 + len(known))
            if request.since is not None:
                known_ones = [room_id for room_id in self._room_sync.conversations() if room_id in known]
                await send_unlogged_updates(self._services, session, person, request.since, known_ones)
        return session.send_frames(
            frame_of(SyncOk(id=request.id, rooms=result.rooms, left_out=result.left_out))
        )

    async def send(self, request: Send, _nursery: trio.Nursery) -> None:
        """Submit a message to the journal, if the person may send to the room."""
        if self._nursery is None:
            self._refuse_unauthenticated(request.id)
        elif refusal := scope_refusal(self._person, (Scope.SPEAK,)):
            self.session.send(Refused(refusal, request.id))
        elif not (self._queue.is_busy and await self._queue.add(request)):
            await self._send(request)

    async def _send(self, request: Send) -> None:
        refusal = None if self._order is None else self._order.refusal(request.room, request.key)
        if refusal is not None:
            return self.session.send(Refused(refusal, request.id))
        refusal = await send_message(request, self.session, self._services, self._room_sync)
        if refusal is not None:
            self._order = self._order or SendOrder()
            # The client was held back after it got the refusal.
            self._order.refused(request.room, request.key, (refusal.retry_after or 0) - HOLD_BACK)
        elif self._order is not None:
            self._order.done(request.room)
        return None

    async def ping(self, request: Ping, _nursery: trio.Nursery) -> None:
        """Answer, also before hello."""
        await trio.lowlevel.checkpoint()
        self.session.send_frames(frame_of(PingOk(id=request.id, at=milliseconds(time.time()))))

    async def ask(self, command: Ask, nursery: trio.Nursery) -> None:
        """Run an operation of the table."""
        if self._nursery is None:
            self._refuse_unauthenticated(command.ref)
        elif command.operation.is_read:
            await self._operations.answer_concurrently(command, self._person, nursery)
        elif not (self._queue.is_busy and await self._queue.add(command)):
            await self._operations.ask(command, self._person)

    async def activity(self, request: Activity, _nursery: trio.Nursery) -> None:
        """Announce the person's activity to the others in a room."""
        if self._nursery is None:
            return self._refuse_unauthenticated(request.id)
        if refusal := scope_refusal(self._person, (Scope.SPEAK,)):
            return self.session.send(Refused(refusal, request.id))
        conversations = self._services.conversations
        people = await people_to_speak_to(conversations, self.session, self._room_sync, request.room)
        if isinstance(people, Refusal):
            return self.session.send(Refused(people, request.id))
        return await self._live_side().announce_activity(request, self._person, people)

    async def watch(self, request: Watch, _nursery: trio.Nursery) -> None:
        """Send the presence of these people, and its changes."""
        if self._nursery is None:
            self._refuse_unauthenticated(request.id)
        elif self._person.is_visitor:
            self.session.send(Refused(NOT_FOR_VISITORS, request.id))
        elif await self.session.limits.may_read(self._person, len(request.people), request.id):
            self._live_side().watch(request)

    async def set_status(self, request: SetStatus, _nursery: trio.Nursery) -> None:
        """Set whether the person is at this screen."""
        await trio.lowlevel.checkpoint()
        if self._nursery is None:
            return self._refuse_unauthenticated(request.id)
        return self._live_side().set_status(request)

    def _live_side(self) -> Live:
        self._live = self._live or Live(self.session, self._services)
        return self._live

    def arrived(self, room_id: int, kind: RoomKind) -> None:
        """A change was published in a room of the person: send the room if it is new to the client. Sync."""
        if self._synced and self._nursery is not None:
            self._new_rooms.enter(room_id, kind, self._nursery)

    def conversation_closed(self, room_id: int) -> None:
        """Another person's support conversation was closed, so the client loses it. Sync."""
        self._room_sync.close_conversation(room_id)

    def own_conversation_is(self, *, closed: bool) -> bool:
        """Note whether the person's own conversation is closed; return whether that is new to the client. Sync."""
        was_closed, self._room_sync.own_is_closed = self._room_sync.own_is_closed, closed
        return was_closed is not closed

    def person_changed(self) -> None:
        """Send a changed profile; give a new operator the conversations, and take them from a former one. Sync.

        A bot that may no longer read is closed.
        """
        if self._nursery is None:
            return
        if scope_refusal(self._person, (Scope.READ,)):
            self.session.expel(UNAUTHENTICATED)
            return
        if self._person.changed_at > self._profile_changed_at:
            self._profile_changed_at = self._person.changed_at
            self.session.subscriptions.offer(frame_of(PersonEvent(**person_fields(self._person))))
        if self._person.is_operator == self._is_operator:
            return
        self._is_operator = self._person.is_operator
        self._sockets.add(self._person, self)
        if self._is_operator and self._synced:
            self._new_rooms.enter_all(self._nursery)
        elif not self._is_operator:
            self._room_sync.leave_conversations()

    def person_deleted(self, person_id: int) -> None:
        """Remove the support conversation of a deleted person. Sync."""
        self._room_sync.leave_conversation_of(person_id)

    def conversations(self) -> Mapping[int, int]:
        """Return the support conversations that the client is subscribed to, with their person's ids. Sync."""
        return self._room_sync.conversations()

    def room_made(self, room_id: int) -> None:
        """Send the new room. Sync."""
        self.arrived(room_id, RoomKind.ROOM)

    def room_ended(self, room_id: int, *, is_deleted: bool) -> None:
        """Send that the person has lost the room. Sync."""
        self._room_sync.gone(GoneEvent(room=room_id, reason="deleted" if is_deleted else "removed"))

    def ending(self, closing: Closing) -> None:
        """If the server stops, send when to connect again. Sync."""
        if closing in (GOING_AWAY, RESTARTING):
            self.session.send_frames(frame_of(ByeEvent(after_ms=secrets.randbelow(_BYE))))

    def ended(self) -> None:
        """Release all that the socket held. Sync."""
        self._sockets.remove(self)
        self._room_sync.end()
        self._queue.end()
        if self._live is not None:
            self._live.end()

    @property
    def _person(self) -> Person:
        assert self.session.person is not None  # there is one once hello has succeeded
        return self.session.person

    def _refuse_unauthenticated(self, ref: RequestId) -> None:
        self.session.send(Refused(_NO_HELLO, ref))

    handlers = command_handlers(
        on(Greet, greet),
        on(Hello, hello),
        on(Sync, sync),
        on(Send, send),
        on(Activity, activity),
        on(Watch, watch),
        on(SetStatus, set_status),
        on(Ping, ping),
        *map(on, ASKED, repeat(ask)),
        on(QueuedRequest, handle_queued),
        on(NativeMisunderstood, misunderstood),
    )


def open_native(services: Services) -> ClientFactory:
    """Return the factory of the native protocol's clients."""
    shared = Shared[NativeClient](services)
    offer_events(services.feature_ports)
    return lambda session: NativeClient(session, shared)
