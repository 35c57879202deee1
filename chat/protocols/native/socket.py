"""The native protocol, live: all rooms of one person, resumed where the client was, and what they ask."""

import secrets
import time
from collections.abc import Mapping

import trio

from chat import __version__
from chat.domain.budgets import HOLD_BACK
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
from chat.domain.refusals import EXPIRED_TOKEN, NOT_FOR_VISITORS, Code, Refusal
from chat.domain.sync_types import Position, milliseconds
from chat.engine.dialect import Greet
from chat.engine.events import Refused
from chat.engine.protocol_client import command_handlers, on
from chat.engine.session import ClientFactory, Session
from chat.operations.conversions import as_me, person_fields
from chat.protocols.client import Client, misunderstood
from chat.protocols.native.codec import Ask, NativeMisunderstood, frame_of
from chat.protocols.native.entering import people_to_speak_to
from chat.protocols.native.frames import ByeEvent, GoneEvent, Hello, HelloOk, Ping, PingOk, Send, Sync, SyncOk
from chat.protocols.native.limits import features_of, limits_of
from chat.protocols.native.live import Live
from chat.protocols.native.live_frames import Activity, PersonEvent, SetStatus, Watch
from chat.protocols.native.new_rooms import NewRooms
from chat.protocols.native.request_line import InLine, RequestLine
from chat.protocols.native.resuming import tell_beside
from chat.protocols.native.room_sync import RoomSync
from chat.protocols.native.send_order import SendOrder
from chat.protocols.native.sending import send_message
from chat.protocols.native.server_types import PROTOCOL
from chat.protocols.native.shared import Shared
from chat.protocols.native.socket_operations import Operations
from chat.protocols.native.sockets import MOST_SOCKETS
from chat.protocols.services import Services

_HELLO = 10.0
"""Seconds until the first hello must have succeeded."""

_BYE = 5000
"""Milliseconds over which those whom a server that stops sends away come back."""

_NO_HELLO = Refusal(Code.UNAUTHENTICATED, "say hello first, with a token", reason="no_hello")
_OTHER_PROTOCOL = Refusal(
    Code.INVALID, f"this server speaks version {PROTOCOL}", field="protocol", reason="other_version"
)
_ANOTHER = Refusal(Code.FORBIDDEN, "this socket is another person's", field="token", reason="other_person")


class NativeClient(Client):
    """One connection."""

    __slots__ = (
        "_is_operator",
        "_line",
        "_live",
        "_new_rooms",
        "_nursery",
        "_operations",
        "_order",
        "_profile_changed_at",
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
        self._line = RequestLine()  # of a sync, and of what has to come after it
        self._live: Live | None = None  # made by the first request of its
        self._order: SendOrder | None = None  # made by the first message that is refused for now
        self._nursery: trio.Nursery | None = None  # the connection's own, from the first hello on
        self._synced = False  # whether rooms that are new to the person are told
        self._is_operator = False
        self._profile_changed_at = 0.0  # as the client knows it
        self._operations = Operations(session, services)

    async def greet(self, _command: Greet, _nursery: trio.Nursery) -> None:
        """Wait for the first hello, so long."""
        await trio.lowlevel.checkpoint()
        self.session.close_at(trio.current_time() + _HELLO, UNAUTHENTICATED)

    async def hello(self, request: Hello, nursery: trio.Nursery) -> None:
        """Be the token's person until it expires; a token that is not good leaves the socket as it was."""
        session, accounts = self.session, self._services.accounts
        if request.protocol != PROTOCOL:
            await trio.lowlevel.checkpoint()
            return session.send(Refused(_OTHER_PROTOCOL, request.id))
        checked = await accounts.check(request.token, visitors=True)
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
        # No await since the person was looked up: whatever changes of them from here on, this session feels.
        session.become(found)
        self._sockets.add(found, self)
        session.close_at(trio.current_time() + checked.claims.expires_at - time.time(), TOKEN_EXPIRED)
        reply = HelloOk(
            id=request.id,
            me=as_me(found),
            server=self._services.settings.server_name,
            lobby=self._services.settings.lobby,
            version=__version__,
            protocol=PROTOCOL,
            data=self._services.data_id,
            features=features_of(self._services),
            limits=limits_of(self._services),
            expires_at=milliseconds(checked.claims.expires_at),
        )
        return session.send_frames(frame_of(reply))

    async def sync(self, request: Sync, nursery: trio.Nursery) -> None:
        """Tell all that the client has missed, then what is new as it comes; the client is read meanwhile."""
        await trio.lowlevel.checkpoint()
        if self._nursery is None:
            self._refuse_unauthenticated(request.id)
        elif not (self._line.is_busy and await self._line.add(request)):
            self._line.start(request, lambda each: self.session.handle(self, each, nursery), nursery)

    async def do_in_line(self, command: InLine, _nursery: trio.Nursery) -> None:
        """Do what came with a sync or after it, now that it is its turn, unless the socket is to end."""
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
                told = await self._room_sync.sync(
                    known, rest=request.rest, by_pages=request.far == "page", most=request.limit
                )
            except StorageDown:
                self._synced = False
                raise
            if request.far == "page":
                session.limits.has_read(person, told.size, 1 + len(known))
            if request.since is not None:
                heard = [room_id for room_id in self._room_sync.conversations() if room_id in known]
                await tell_beside(self._services, session, person, request.since, heard)
        return session.send_frames(frame_of(SyncOk(id=request.id, rooms=told.rooms)))

    async def send(self, request: Send, _nursery: trio.Nursery) -> None:
        """Give a message to the journal, if the room is the person's."""
        if self._nursery is None:
            self._refuse_unauthenticated(request.id)
        elif not (self._line.is_busy and await self._line.add(request)):
            await self._send(request)

    async def _send(self, request: Send) -> None:
        refusal = None if self._order is None else self._order.refusal(request.room, request.key)
        if refusal is not None:
            return self.session.send(Refused(refusal, request.id))
        refusal = await send_message(request, self.session, self._services, self._room_sync)
        if refusal is not None:
            self._order = self._order or SendOrder()
            # It was told before the client was held back.
            self._order.refused(request.room, request.key, (refusal.retry_after or 0) - HOLD_BACK)
        elif self._order is not None:
            self._order.done(request.room)
        return None

    async def ping(self, request: Ping, _nursery: trio.Nursery) -> None:
        """Answer, also to whoever has not said hello."""
        await trio.lowlevel.checkpoint()
        self.session.send_frames(frame_of(PingOk(id=request.id, at=milliseconds(time.time()))))

    async def ask(self, command: Ask, nursery: trio.Nursery) -> None:
        """Do an operation of the table."""
        if self._nursery is None:
            self._refuse_unauthenticated(command.id)
        elif command.operation.is_read:
            await self._operations.ask_beside(command, self._person, nursery)
        elif not (self._line.is_busy and await self._line.add(command)):
            await self._operations.ask(command, self._person)

    async def activity(self, request: Activity, _nursery: trio.Nursery) -> None:
        """Tell the others in a room what the person does there."""
        if self._nursery is None:
            return self._refuse_unauthenticated(request.id)
        person, conversations = self._person, self._services.conversations
        people = await people_to_speak_to(conversations, self._room_sync, person, request.room)
        if isinstance(people, Refusal):
            return self.session.send(Refused(people, request.id))
        return await self._live_side().say_active(request, person, people)

    async def watch(self, request: Watch, _nursery: trio.Nursery) -> None:
        """Tell whether these people are there, and when that changes."""
        if self._nursery is None:
            self._refuse_unauthenticated(request.id)
        elif self._person.is_visitor:
            self.session.send(Refused(NOT_FOR_VISITORS, request.id))
        elif await self.session.limits.may_read(self._person, len(request.people), request.id):
            self._live_side().watch(request)

    async def set_status(self, request: SetStatus, _nursery: trio.Nursery) -> None:
        """Note whether the person is at this screen."""
        await trio.lowlevel.checkpoint()
        if self._nursery is None:
            return self._refuse_unauthenticated(request.id)
        return self._live_side().set_status(request)

    def _live_side(self) -> Live:
        self._live = self._live or Live(self.session, self._services)
        return self._live

    def arrived(self, room_id: int, kind: RoomKind) -> None:
        """Something happened in a room of the person: where the client does not hear it, tell it. Sync."""
        if self._synced and self._nursery is not None:
            self._new_rooms.enter(room_id, kind, self._nursery)

    def conversation_closed(self, room_id: int) -> None:
        """A support conversation of another is closed: it is no room of the client's any more. Sync."""
        self._room_sync.close_conversation(room_id)

    def own_conversation_is(self, *, closed: bool) -> bool:
        """The person's own conversation is closed now, or open; return whether that is new to the client. Sync."""
        was_closed, self._room_sync.own_is_closed = self._room_sync.own_is_closed, closed
        return was_closed is not closed

    def person_changed(self) -> None:
        """An operator has everybody's conversations, and who is none any more has not. Sync."""
        if self._nursery is None:
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
        """Somebody's support conversation is no room of the operators any more. Sync."""
        self._room_sync.leave_conversation_of(person_id)

    def conversations(self) -> Mapping[int, int]:
        """Return those that the client hears, each with whose it is. Sync."""
        return self._room_sync.conversations()

    def room_made(self, room_id: int) -> None:
        """Tell the new room. Sync."""
        self.arrived(room_id, RoomKind.ROOM)

    def room_ended(self, room_id: int, *, is_deleted: bool) -> None:
        """Tell that the room is gone. Sync."""
        self._room_sync.gone(GoneEvent(room=room_id, reason="deleted" if is_deleted else "removed"))

    def ending(self, closing: Closing) -> None:
        """Where the server stops, tell when to come back. Sync."""
        if closing in (GOING_AWAY, RESTARTING):
            self.session.send_frames(frame_of(ByeEvent(after_ms=secrets.randbelow(_BYE))))

    def ended(self) -> None:
        """Be told of no more rooms. Sync."""
        self._sockets.remove(self)
        self._room_sync.end()
        self._line.end()
        if self._live is not None:
            self._live.end()

    @property
    def _person(self) -> Person:
        assert self.session.person is not None  # there is one once hello has succeeded
        return self.session.person

    def _refuse_unauthenticated(self, ref: int) -> None:
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
        on(Ask, ask),
        on(InLine, do_in_line),
        on(NativeMisunderstood, misunderstood),
    )


def open_native(services: Services) -> ClientFactory:
    """Return how a client of the native protocol is made."""
    shared = Shared[NativeClient](services)
    return lambda session: NativeClient(session, shared)
