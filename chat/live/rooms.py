"""Rooms, live: one room at a time for a connection, and memberships that sockets feel at once."""

from collections.abc import Generator
from contextlib import contextmanager

import trio

from chat.live.journal import Journal
from chat.live.presence import Presence
from chat.live.session import Answer, Handler, Session
from chat.model.commands import Enter, Speak
from chat.model.entities import Person
from chat.model.events import Entered, Refused
from chat.model.refusals import BAD_TOKEN, Code, Refusal
from chat.model.rules import clean_text
from chat.services.rooms import ALREADY_IN, Rooms

ALREADY_IN_ROOM = Refusal(Code.TAKEN, "already in room")
NOT_IN_ROOM = Refusal(Code.FORBIDDEN, "not in room")
NOT_ROOM_MEMBER = Refusal(Code.FORBIDDEN, "not room member")


class RoomSockets:
    """The handlers of the rooms dialect, but for its greeting."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self.handlers: dict[type, Handler] = {Enter: self.enter, Speak: self.speak}

    async def enter(self, session: Session, command: Enter, _nursery: trio.Nursery) -> None:
        """Enter a room and leave the one before; 0 only leaves."""
        if session.person is None:
            return session.tell(Refused(BAD_TOKEN))
        if command.room_id == 0:
            if session.room_id == 0:
                return session.tell(Refused(NOT_IN_ROOM))
            _leave(session)
            return session.tell(Entered())
        if command.room_id == session.room_id:
            return session.tell(Refused(ALREADY_IN_ROOM))
        seen = -1
        while seen != self._rooms.removals:  # a membership that was just looked up may have just ended
            seen = self._rooms.removals
            room = await self._rooms.may_hear(session.person, command.room_id)
        # No await between here and listening.
        if isinstance(room, Refusal):
            return session.tell(Refused(NOT_ROOM_MEMBER if room.code is Code.FORBIDDEN else room))
        _leave(session)
        session.room_id = command.room_id
        session.tell(Entered())
        return session.listen(command.room_id)

    async def speak(self, session: Session, command: Speak, _nursery: trio.Nursery) -> None:
        """Say something in the room that this connection is in."""
        if session.person is None:
            return session.tell(Refused(BAD_TOKEN))
        if session.room_id == 0:
            return session.tell(Refused(NOT_IN_ROOM))
        text = clean_text(command.text)
        if isinstance(text, Refusal):
            return session.tell(Refused(text))
        return await session.submit(session.room_id, session.person, text, answer=Answer(session))


class Memberships:
    """Who is in a room, changed so that it is saved, told to the room, and felt by open sockets.

    Every method may raise StorageDown or OutcomeUnknown. Cancelling: the change may still be made, whole.
    """

    def __init__(self, rooms: Rooms, journal: Journal, presence: Presence) -> None:
        self._rooms = rooms
        self._journal = journal
        self._presence = presence
        self._joining: set[tuple[int, int]] = set()  # (room, person) whose join is at the journal

    async def join(self, person: Person, room_id: int) -> Refusal | None:
        """Let a person join a public room; the room is told."""
        with self._one_at_a_time(room_id, person) as busy:
            return busy or await self._add(person, await self._rooms.may_join(person, room_id))

    async def invite(self, inviter: Person, room_id: int, person_id: int) -> Refusal | None:
        """Make somebody a member, by the room's creator; the room is told."""
        match await self._rooms.may_invite(inviter, room_id, person_id):
            case Refusal() as refusal:
                return refusal
            case person:
                with self._one_at_a_time(room_id, person) as busy:
                    return busy or await self._add(person, room_id)

    async def remove(self, by: Person, room_id: int, person_id: int) -> Refusal | None:
        """End a membership: one's own, or anybody's by the room's creator. They hear nothing after this returns."""
        refusal = await self._rooms.remove(by, room_id, person_id)
        if refusal is None:
            for session in self._presence:
                if session.room_id == room_id and session.person and session.person.id == person_id:
                    _leave(session)
        return refusal

    async def delete(self, by: Person, room_id: int) -> Refusal | None:
        """Delete a room, by its creator; whoever is in it is outside now."""
        refusal = await self._rooms.delete(by, room_id)
        if refusal is None:
            for session in self._presence:
                if session.room_id == room_id:
                    _leave(session)
        return refusal

    async def _add(self, person: Person, room: int | Refusal) -> Refusal | None:
        """Record the joining, which makes the membership in the same transaction."""
        if isinstance(room, Refusal):
            return room
        recorded = await self._journal.record(self._rooms.joining(person, room))
        return recorded if isinstance(recorded, Refusal) else None

    @contextmanager
    def _one_at_a_time(self, room_id: int, person: Person) -> Generator[Refusal | None]:
        """Two joins of one person at once must not both be told."""
        key = (room_id, person.id)
        if key in self._joining:
            yield ALREADY_IN
            return
        self._joining.add(key)
        try:
            yield None
        finally:
            self._joining.remove(key)


def _leave(session: Session) -> None:
    """Take a connection out of its room, if it is in one. Sync: it hears nothing of it after this."""
    if session.room_id:
        session.ignore(session.room_id)
        session.room_id = 0
