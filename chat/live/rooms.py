"""Rooms, live: one room at a time for a connection, and memberships that sockets feel at once."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

import trio

from chat.live.answer import Answer
from chat.live.follower import Follower
from chat.live.journal import Journal
from chat.live.presence import Presence
from chat.live.session import Handler, Session
from chat.model.commands import Enter, Speak
from chat.model.entities import Draft, Person
from chat.model.events import Entered, Refused
from chat.model.outcomes import Outcome
from chat.model.refusals import BAD_TOKEN, Code, Refusal
from chat.model.rules import clean_text
from chat.services.rooms import Rooms
from chat.storage.failures import OutcomeUnknown

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
        room = await self._rooms.may_enter(session.person, command.room_id)
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
        if await session.may_send(text):
            await session.submit(session.room_id, session.person, text, answer=Answer(session))
        return None


class Memberships:
    """Who is in a room, changed so that it is saved, told to the room, and felt by open sockets.

    Every method may raise StorageDown or OutcomeUnknown. Cancelling: the change may still be made, whole.
    `on_deletion` is called where a room may have been deleted. Sync.
    """

    def __init__(
        self,
        rooms: Rooms,
        journal: Journal,
        presence: Presence,
        on_deletion: Callable[[], object] = lambda: None,
    ) -> None:
        self._rooms = rooms
        self._journal = journal
        self._presence = presence
        self._on_deletion = on_deletion
        self._joinings: dict[tuple[int, int], _Joining] = {}  # of (room, person), under way
        self._follower = Follower(self._look)

    async def join(self, person: Person, room_id: int) -> Refusal | None:
        """Let a person join a public room; the room is told."""
        async with self._one_at_a_time(room_id, person.id) as joining:
            room = await self._rooms.may_join(person, room_id)
            return room if isinstance(room, Refusal) else await self._add(joining, person, room)

    async def invite(self, inviter: Person, room_id: int, person_id: int) -> Refusal | None:
        """Make somebody a member, by the room's creator; the room is told."""
        async with self._one_at_a_time(room_id, person_id) as joining:
            person = await self._rooms.may_invite(inviter, room_id, person_id)
            return person if isinstance(person, Refusal) else await self._add(joining, person, room_id)

    async def remove(self, by: Person, room_id: int, person_id: int) -> Refusal | None:
        """End a membership: one's own, or anybody's by the room's creator. They hear nothing after this returns."""
        try:
            refusal = await self._rooms.remove(by, room_id, person_id)
        except OutcomeUnknown:
            self._expel(room_id, person_id)  # better out of the room as a member than in it as none
            raise
        if refusal is None:
            self._expel(room_id, person_id)
        return refusal

    async def delete(self, by: Person, room_id: int) -> Refusal | None:
        """Delete a room, by its creator; whoever is in it is outside now."""
        try:
            refusal = await self._rooms.delete(by, room_id)
        except OutcomeUnknown:
            self._expel(room_id)
            self._on_deletion()
            raise
        if refusal is None:
            self._expel(room_id)
            self._on_deletion()
        return refusal

    def changed(self, room_id: int | None) -> None:
        """Hear that a room was deleted, by whichever process; None: look at all that somebody is in. Sync."""
        self._follower.note(*(self._presence.rooms() if room_id is None else [room_id]))
        self._on_deletion()

    async def follow(self) -> None:
        """Look at the rooms that others deleted, until cancelled. Cancelling: some may stay in one until it is told."""
        await self._follower.follow()

    async def _look(self, ids: Sequence[int]) -> set[int]:
        """Let nobody stay in those of these rooms that are gone; return none. May raise StorageDown."""
        for room_id in ids:
            if await self._rooms.is_gone(room_id):
                self._expel(room_id)
        return set()

    def _expel(self, room_id: int, person_id: int | None = None) -> None:
        """Take a person's connections out of a room, or everybody's. Sync."""
        for session in self._presence:
            if session.room_id == room_id and person_id in (None, session.person and session.person.id):
                _leave(session)

    async def _add(self, joining: "_Joining", person: Person, room_id: int) -> Refusal | None:
        """Record the joining, which makes the membership in the same transaction."""
        return await joining.record(self._journal, self._rooms.joining(person, room_id))

    @asynccontextmanager
    async def _one_at_a_time(self, room_id: int, person_id: int) -> "AsyncGenerator[_Joining]":
        """Two joinings of one person at once must not both be told: the second waits, and finds a member."""
        key = (room_id, person_id)
        while key in self._joinings:
            await self._joinings[key].ended.wait()
        joining = self._joinings[key] = _Joining(lambda: self._joinings.pop(key))
        try:
            yield joining
        finally:
            if not joining.taken:
                joining.end()


class _Joining:
    """The author of a joining; it ends when the journal has settled it, though whoever asked for it be gone."""

    def __init__(self, forget: Callable[[], object]) -> None:
        self.ended = trio.Event()
        self.taken = False  # whether the journal has it
        self._forget = forget
        self._outcome: Outcome | None = None

    async def record(self, journal: Journal, draft: Draft) -> Refusal | None:
        """Hand the draft over and wait for what becomes of it. Cancelling: it may still be committed."""
        await journal.submit(draft, self)
        self.taken = True
        await self.ended.wait()  # the journal settles every draft within its storage's deadlines
        return self._outcome if isinstance(self._outcome, Refusal) else None

    def settled(self, draft: Draft, outcome: Outcome) -> None:
        self._outcome = outcome
        self.end()

    def end(self) -> None:
        """Let those who wait go on. Sync."""
        self._forget()
        self.ended.set()


def _leave(session: Session) -> None:
    """Take a connection out of its room, if it is in one. Sync: it hears nothing of it after this."""
    if session.room_id:
        session.ignore(session.room_id)
        session.room_id = 0
