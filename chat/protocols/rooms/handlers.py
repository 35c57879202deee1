"""The rooms protocol, live: one room at a time for a connection."""

import trio

from chat.domain.failures import StorageDown
from chat.domain.refusals import BAD_TOKEN, Code, Refusal
from chat.domain.rooms.rooms import Rooms
from chat.domain.text.rules import clean_text
from chat.engine.cluster_port import Cluster
from chat.engine.dialect import Greet
from chat.engine.events import Entered, Refused, Welcome
from chat.engine.protocol_client import command_handlers, on
from chat.engine.session import ClientFactory, Session
from chat.protocols.answer import Answer
from chat.protocols.client import Client, Misunderstood, misunderstood
from chat.protocols.rooms.commands import Enter, Speak
from chat.protocols.services import Services

ALREADY_IN_ROOM = Refusal(Code.TAKEN, "already in room")
NOT_IN_ROOM = Refusal(Code.FORBIDDEN, "not in room")
NOT_ROOM_MEMBER = Refusal(Code.FORBIDDEN, "not room member")

_CAUGHT_UP_WITHIN = 10.0
"""Seconds that entering a room waits until this server has published all earlier messages; then the client retries."""


class RoomsClient(Client):
    """One connection, which is in one room or in none."""

    __slots__ = ("_cluster", "_entered", "_rooms")

    def __init__(self, session: Session, rooms: Rooms, cluster: Cluster) -> None:
        super().__init__(session)
        self._rooms = rooms
        self._cluster = cluster
        self._entered = 0  # the room entered last

    @property
    def room_id(self) -> int:
        """The room that this connection is in, or 0. The end of a membership ends the subscription, so also this."""
        return self._entered if self._entered in self.session.subscriptions else 0

    async def greet(self, _command: Greet, _nursery: trio.Nursery) -> None:
        """Welcome the client."""
        await trio.lowlevel.checkpoint()
        self.session.send(Welcome())

    async def enter(self, command: Enter, _nursery: trio.Nursery) -> None:
        """Enter a room and leave the one before; 0 only leaves."""
        session = self.session
        if session.person is None:
            return session.send(Refused(BAD_TOKEN))
        if command.room_id == 0:
            if self.room_id == 0:
                return session.send(Refused(NOT_IN_ROOM))
            session.subscriptions.unsubscribe(self.room_id)
            return session.send(Entered())
        if command.room_id == self.room_id:
            return session.send(Refused(ALREADY_IN_ROOM))
        room = await self._rooms.may_enter(session.person, command.room_id, self._caught_up)
        # No await between here and listening.
        if isinstance(room, Refusal):
            return session.send(Refused(NOT_ROOM_MEMBER if room.code is Code.FORBIDDEN else room))
        session.subscriptions.unsubscribe(self.room_id)
        self._entered = command.room_id
        session.send(Entered())
        return session.subscriptions.subscribe(command.room_id, session.dialect)

    async def _caught_up(self) -> None:
        with trio.move_on_after(_CAUGHT_UP_WITHIN) as scope:
            await self._cluster.catch_up()
        if scope.cancelled_caught:
            raise StorageDown("this server is behind the others")

    async def speak(self, command: Speak, _nursery: trio.Nursery) -> None:
        """Say something in the room that this connection is in."""
        session, room_id = self.session, self.room_id
        if session.person is None:
            return session.send(Refused(BAD_TOKEN))
        if room_id == 0:
            return session.send(Refused(NOT_IN_ROOM))
        text = clean_text(command.text)
        if isinstance(text, Refusal):
            return session.send(Refused(text))
        if await session.limits.may_send(session.person.id, text):
            if session.pending_drafts.pending:
                await session.pending_drafts.place_for(text)
                if self.room_id != room_id:
                    return session.send(Refused(NOT_IN_ROOM))
            await session.pending_drafts.submit(room_id, session.person, text, answer=Answer(session))
        return None

    handlers = command_handlers(
        on(Greet, greet),
        on(Enter, enter),
        on(Speak, speak),
        on(Misunderstood, misunderstood),
    )


def open_rooms(services: Services) -> ClientFactory:
    """Return how a client of the rooms protocol is made."""
    return lambda session: RoomsClient(session, services.rooms, services.cluster)
