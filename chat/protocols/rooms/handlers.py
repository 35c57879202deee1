"""The rooms dialect's handlers: one room at a time for a connection."""

import trio

from chat.domain.refusals import BAD_TOKEN, Code, Refusal
from chat.domain.rooms import Rooms
from chat.domain.rules import clean_text
from chat.engine.events import Entered, Refused
from chat.engine.memberships import leave_room
from chat.engine.session import CommandHandler, Session
from chat.protocols.answer import Answer
from chat.protocols.commands import Enter, Speak

ALREADY_IN_ROOM = Refusal(Code.TAKEN, "already in room")
NOT_IN_ROOM = Refusal(Code.FORBIDDEN, "not in room")
NOT_ROOM_MEMBER = Refusal(Code.FORBIDDEN, "not room member")


class RoomSockets:
    """The handlers of the rooms dialect, but for its greeting."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self.handlers: dict[type, CommandHandler] = {Enter: self.enter, Speak: self.speak}

    async def enter(self, session: Session, command: Enter, _nursery: trio.Nursery) -> None:
        """Enter a room and leave the one before; 0 only leaves."""
        if session.person is None:
            return session.send(Refused(BAD_TOKEN))
        if command.room_id == 0:
            if session.room_id == 0:
                return session.send(Refused(NOT_IN_ROOM))
            leave_room(session)
            return session.send(Entered())
        if command.room_id == session.room_id:
            return session.send(Refused(ALREADY_IN_ROOM))
        room = await self._rooms.may_enter(session.person, command.room_id)
        # No await between here and listening.
        if isinstance(room, Refusal):
            return session.send(Refused(NOT_ROOM_MEMBER if room.code is Code.FORBIDDEN else room))
        leave_room(session)
        session.room_id = command.room_id
        session.send(Entered())
        return session.subscribe(command.room_id)

    async def speak(self, session: Session, command: Speak, _nursery: trio.Nursery) -> None:
        """Say something in the room that this connection is in."""
        if session.person is None:
            return session.send(Refused(BAD_TOKEN))
        if session.room_id == 0:
            return session.send(Refused(NOT_IN_ROOM))
        text = clean_text(command.text)
        if isinstance(text, Refusal):
            return session.send(Refused(text))
        if await session.may_send(text):
            await session.submit(session.room_id, session.person, text, answer=Answer(session))
        return None
