"""The native protocol, live: all rooms of one person, resumed where the client was, and what they ask."""

import secrets
import time

import trio

from chat.domain.changes import Change
from chat.domain.closing import (
    GOING_AWAY,
    OUTCOME_UNKNOWN,
    RESTARTING,
    TOKEN_EXPIRED,
    UNAUTHENTICATED,
    Closing,
)
from chat.domain.conversations import may_speak
from chat.domain.entities import Message, Pair, People, Person, RoomKind, SupportOf
from chat.domain.failures import StorageDown
from chat.domain.refusals import EXPIRED_TOKEN, Code, Refusal
from chat.domain.rules import clean_text
from chat.domain.timeline import Position, milliseconds
from chat.engine.dialect import Greet
from chat.engine.events import Refused
from chat.engine.protocol_client import command_handlers, on
from chat.engine.session import ClientFactory, Session
from chat.protocols.client import Client, misunderstood
from chat.protocols.native.accounts import SERVER_NAME
from chat.protocols.native.codec import Ask, NativeMisunderstood, frame_of
from chat.protocols.native.conversions import as_me
from chat.protocols.native.documents import VERSION
from chat.protocols.native.frames import (
    ByeEvent,
    GoneEvent,
    Hello,
    HelloOk,
    Limits,
    Ping,
    PingOk,
    ReadEvent,
    Send,
    Sync,
    SyncOk,
)
from chat.protocols.native.socket_operations import IN_FLIGHT, Operations
from chat.protocols.native.sockets import Sockets
from chat.protocols.native.submitter import Answer
from chat.protocols.native.telling import AT_ONCE, Telling
from chat.protocols.services import Services

_HELLO = 10.0
"""Seconds until the first hello must have succeeded."""

_BYE = 5000
"""Milliseconds over which those whom a server that stops sends away come back."""

_EARLIER = 60.0
"""Seconds before a client's newest event from which on its own read marks are told again: clocks differ."""

_NO_HELLO = Refusal(Code.UNAUTHENTICATED, "say hello first, with a token")
_ANOTHER = Refusal(Code.FORBIDDEN, "this socket is another person's", field="token")


class NativeClient(Client):
    """One connection."""

    __slots__ = (
        "_entering",
        "_is_operator",
        "_nursery",
        "_operations",
        "_services",
        "_sockets",
        "_synced",
        "_telling",
    )

    def __init__(
        self,
        session: Session,
        services: Services,
        sockets: Sockets["NativeClient"],
        syncs: trio.CapacityLimiter,
    ) -> None:
        super().__init__(session)
        self._services = services
        self._sockets = sockets
        self._telling = Telling(session, services.timelines, services.hub, syncs)
        self._nursery: trio.Nursery | None = None  # the connection's own, from the first hello on
        self._synced = False  # whether rooms that are new to the person are told
        self._is_operator = False
        self._entering = frozenset[int]()  # rooms that are about to be told; no set, as it is empty for hours
        self._operations = Operations(session, services)

    async def greet(self, _command: Greet, _nursery: trio.Nursery) -> None:
        """Wait for the first hello, so long."""
        await trio.lowlevel.checkpoint()
        self.session.close_at(trio.current_time() + _HELLO, UNAUTHENTICATED)

    async def hello(self, request: Hello, nursery: trio.Nursery) -> None:
        """Be the token's person until it expires; a token that is not good leaves the socket as it was."""
        session, accounts = self.session, self._services.accounts
        found = await accounts.authenticate(request.token)
        claims = accounts.tokens.read(request.token)
        if isinstance(found, Refusal) or claims is None:
            refusal = EXPIRED_TOKEN if accounts.tokens.has_expired(request.token) else found
            assert isinstance(refusal, Refusal)  # whose token can't be read is nobody
            return session.send(Refused(refusal, request.id))
        if self._nursery is None:
            self._nursery = nursery
            self._is_operator = found.is_operator
            session.record.note(f"authenticated as {found.name}")
        elif self._person.id != found.id:
            return session.send(Refused(_ANOTHER, request.id))
        # No await since the person was looked up: whatever changes of them from here on, this session feels.
        session.person = found
        self._sockets.add(found, self)
        session.close_at(trio.current_time() + claims.expires_at - time.time(), TOKEN_EXPIRED)
        reply = HelloOk(
            id=request.id,
            me=as_me(found),
            server=SERVER_NAME,
            version=VERSION,
            limits=Limits(in_flight=IN_FLIGHT),
            expires_at=milliseconds(claims.expires_at),
        )
        return session.send_frames(frame_of(reply))

    async def sync(self, request: Sync, _nursery: trio.Nursery) -> None:
        """Tell all that the client has missed, then what is new as it comes."""
        if self._nursery is None:
            return self._refuse_stranger(request.id)
        session, person = self.session, self._person
        known = {each.room: Position(each.room, each.pos, each.at) for each in request.known}
        if not await session.allowance.may_read(person, 1 + len(known), request.id):
            return None
        self._synced = True
        with session.pinger.paused():
            try:
                told = await self._telling.sync(known, rest=request.rest)
            except StorageDown:
                self._synced = False
                raise
            if request.since is not None:
                since = request.since / 1000 - _EARLIER
                for mark in await self._services.timelines.reads_since(person.id, since):
                    event = ReadEvent(room=mark.room_id, person=person.id, seq=mark.read, unread=mark.unread)
                    session.send_frames(frame_of(event))
        return session.send_frames(frame_of(SyncOk(id=request.id, rooms=told)))

    async def send(self, request: Send, _nursery: trio.Nursery) -> None:
        """Give a message to the journal, if the room is the person's."""
        if self._nursery is None:
            return self._refuse_stranger(request.id)
        session, person = self.session, self._person
        text = clean_text(request.text)
        if isinstance(text, Refusal):
            return session.send(Refused(text, request.id))
        if not await session.allowance.may_send(person.id, text, request.id):
            return None
        people = await self._people_of(request.room)
        if isinstance(people, Refusal):
            return session.send(Refused(people, request.id))
        return await session.submissions.submit(
            request.room,
            person,
            text,
            people=people,
            key=request.key,
            answer=Answer(session, request.id, self._services.read_marks),
        )

    async def _people_of(self, room_id: int) -> People | Refusal:
        """Return whom a room is for in which the person may speak now; one that is heard takes no query."""
        if self._telling.hears(room_id):
            people = self._telling.people.get(room_id)
            if isinstance(
                people, Pair
            ):  # where the other was deleted, or blocks the person, no change of it is told
                room = await self._services.conversations.direct_room(
                    self._person, people.other_than(self._person.id)
                )
                return room if isinstance(room, Refusal) else people
            return people
        place = await self._services.conversations.enter(self._person, room_id)
        return place if isinstance(place, Refusal) else may_speak(place) or place.people

    async def ping(self, request: Ping, _nursery: trio.Nursery) -> None:
        """Answer, also to whoever has not said hello."""
        await trio.lowlevel.checkpoint()
        self.session.send_frames(frame_of(PingOk(id=request.id, at=milliseconds(time.time()))))

    async def ask(self, command: Ask, nursery: trio.Nursery) -> None:
        """Do an operation of the table."""
        if self._nursery is None:
            return self._refuse_stranger(command.id)
        return await self._operations.ask(command, self._person, nursery)

    def arrived(self, room_id: int, kind: RoomKind) -> None:
        """Something happened in a room of the person: where the client does not hear it, tell it. Sync."""
        is_new = not self._telling.hears(room_id) and room_id not in self._entering
        if is_new and self._synced and self._nursery is not None:
            self._entering |= {room_id}
            self._nursery.start_soon(self._enter, room_id, kind)

    async def _enter(self, room_id: int, kind: RoomKind) -> None:
        try:
            await self._telling.enter({room_id: kind})
        except StorageDown:
            self.session.close(OUTCOME_UNKNOWN)
        finally:
            self._entering -= {room_id}

    async def _enter_all(self) -> None:
        try:
            await self._telling.enter()
        except StorageDown:
            self.session.close(OUTCOME_UNKNOWN)

    def person_changed(self) -> None:
        """An operator has everybody's conversations, and who is none any more has not. Sync."""
        if self._nursery is None or self._person.is_operator == self._is_operator:
            return
        self._is_operator = self._person.is_operator
        self._sockets.add(self._person, self)
        if self._is_operator and self._synced:
            self._nursery.start_soon(self._enter_all)
        elif not self._is_operator:
            self._telling.leave_conversations()

    def room_ended(self, room_id: int, *, is_deleted: bool) -> None:
        """Tell that the room is gone. Sync."""
        self._telling.gone(GoneEvent(room=room_id, reason="deleted" if is_deleted else "removed"))

    def ending(self, closing: Closing) -> None:
        """Where the server stops, tell when to come back. Sync."""
        if closing in (GOING_AWAY, RESTARTING):
            self.session.send_frames(frame_of(ByeEvent(after_ms=secrets.randbelow(_BYE))))

    def ended(self) -> None:
        """Be told of no more rooms. Sync."""
        self._sockets.remove(self)
        self._telling.end()

    @property
    def _person(self) -> Person:
        assert self.session.person is not None  # there is one once hello has succeeded
        return self.session.person

    def _refuse_stranger(self, ref: int) -> None:
        self.session.send(Refused(_NO_HELLO, ref))

    handlers = command_handlers(
        on(Greet, greet),
        on(Hello, hello),
        on(Sync, sync),
        on(Send, send),
        on(Ping, ping),
        on(Ask, ask),
        on(NativeMisunderstood, misunderstood),
    )


def open_native(services: Services) -> ClientFactory:
    """Return how a client of the native protocol is made."""
    sockets = Sockets[NativeClient]()
    syncs = trio.CapacityLimiter(AT_ONCE)

    def arrived(change: Change) -> None:
        if not sockets:
            return  # most direct messages go where nobody speaks this protocol
        match change.people:
            case Pair(one_id, other_id):
                here, kind = sockets.of(one_id, other_id), RoomKind.DIRECT
            case SupportOf(person):
                here, kind = sockets.of(person.id) | sockets.operators, RoomKind.SUPPORT
            case None if isinstance(change, Message):
                here, kind = sockets.of(change.sender_id), RoomKind.ROOM
            case _:
                return
        for client in here:
            client.arrived(change.room_id, kind)

    services.hub.on_arrival(arrived)
    return lambda session: NativeClient(session, services, sockets, syncs)
