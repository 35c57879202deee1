"""Memberships that open sockets feel at once: each change is saved, told to the room, and then true of its sessions."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

import trio

from chat.domain.changes import Write
from chat.domain.entities import LOBBY_ID, Draft, Person
from chat.domain.failures import OutcomeUnknown
from chat.domain.outcomes import Outcome
from chat.domain.refusals import Refusal
from chat.domain.rooms import Rooms
from chat.engine.journal import Journal
from chat.engine.presence import Presence
from chat.engine.reconciler import Reconciler


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
        self._reconciler = Reconciler(self._look)

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
        # The lobby can't be deleted, and most are in it.
        self._reconciler.note(*(self._presence.rooms() - {LOBBY_ID} if room_id is None else [room_id]))
        self._on_deletion()

    async def reconcile(self) -> None:
        """Look at the rooms that others deleted, until cancelled. Cancelling: some may stay in one until it is told."""
        await self._reconciler.reconcile()

    async def _look(self, ids: Sequence[int]) -> set[int]:
        """Let nobody stay in those of these rooms that are gone; return none. May raise StorageDown."""
        for room_id in ids:
            if await self._rooms.is_gone(room_id):
                self._expel(room_id)
        return set()

    async def look_again(self) -> None:
        """Let nobody hear a room that they are no member of. May raise StorageDown. Cancelling: nothing was changed."""
        hearing = {
            (room_id, session.person.id)
            for session in self._presence
            if session.person is not None
            for room_id in session.subscriptions.rooms()
            if room_id != LOBBY_ID
        }
        for room_id, person_id in hearing - await self._rooms.members_among(hearing):
            self._expel(room_id, person_id)

    def _expel(self, room_id: int, person_id: int | None = None) -> None:
        """Let a person's connections hear nothing more of a room, or everybody's. Sync."""
        for session in self._presence:
            if person_id in (None, session.person and session.person.id):
                session.subscriptions.unsubscribe(room_id)

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
    """The submitter of a joining; it ends with the outcome, even if whoever asked for it is gone."""

    def __init__(self, forget: Callable[[], object]) -> None:
        self.ended = trio.Event()
        self.taken = False  # whether the journal has it
        self._forget = forget
        self._outcome: Outcome | None = None

    async def record(self, journal: Journal, draft: Draft) -> Refusal | None:
        """Hand the draft over and wait for what becomes of it. Cancelling: it may still be committed."""
        await journal.submit(draft, self)
        self.taken = True
        await self.ended.wait()  # every draft has an outcome within the storage's deadlines
        return self._outcome if isinstance(self._outcome, Refusal) else None

    def on_outcome(self, write: Write, outcome: Outcome) -> None:
        self._outcome = outcome
        self.end()

    def end(self) -> None:
        """Let those who wait go on. Sync."""
        self._forget()
        self.ended.set()
