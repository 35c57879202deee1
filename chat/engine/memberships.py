"""Memberships that open sockets feel: each change is saved, told to the room, and felt at its place among messages."""

from collections.abc import Callable, Sequence

import trio

from chat.domain.changes import AccessChange, AccessWrite, Removal, Removed, RoomDeleted
from chat.domain.entities import LOBBY_ID
from chat.domain.failures import StorageDown
from chat.domain.outcomes import Outcome
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms import Rooms
from chat.engine.awaited_write import AwaitedWrite
from chat.engine.broadcaster import Broadcaster
from chat.engine.cluster_port import Cluster
from chat.engine.journal import Journal
from chat.engine.presence import Presence
from chat.engine.reconciler import Reconciler

APPLY_TIMEOUT = 1.0
"""Seconds in which a membership's end that is saved is felt in order. Where it is not, because the log is read late or
nobody is told of it any more, it is felt out of order then."""

SETTLE_TIMEOUT = 30.0
"""Seconds in which what somebody said before their removal was felt is saved or refused, as on the other servers."""


class Memberships:
    """Who is in a room, changed so that it is saved, told to the room, and felt by open sockets.

    Where an end is acknowledged, whom it is of hears nothing more, and nothing more that they say is saved.
    Every method may raise StorageDown. What the journal can't save, or knows no outcome of, is refused as a message
    would be. Cancelling: the change may still be made, whole.
    `on_deletion` is called where a room may have been deleted. Sync.
    """

    def __init__(
        self,
        rooms: Rooms,
        journal: Journal,
        broadcaster: Broadcaster,
        presence: Presence,
        cluster: Cluster,
        on_deletion: Callable[[], object] = lambda: None,
    ) -> None:
        self._rooms = rooms
        self._journal = journal
        self._broadcaster = broadcaster
        self._presence = presence
        self._cluster = cluster
        self._on_deletion = on_deletion
        self._reconciler = Reconciler(self._look)

    def apply_end(self, change: AccessChange) -> None:
        """Feel that a membership or a room has ended, at its place in the log, whichever server wrote it. Sync."""
        self._expel(change.room_id, change.person_id if isinstance(change, Removed) else None)
        if not isinstance(change, Removed):
            self._on_deletion()

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

    async def recheck_memberships(self) -> None:
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
        """Let a person's connections hear nothing more of a room, or everybody's, and nobody enter. Sync."""
        self._rooms.outdate(room_id, person_id)
        for session in self._presence:
            if person_id in (None, session.person and session.person.id):
                session.leave_room(room_id, is_deleted=person_id is None)

    async def end(self, write: AccessWrite) -> Refusal | None:
        """Record an end that the caller may make, and wait until connections have felt it."""
        person_id = write.person_id if isinstance(write, Removal) else None

        def saved(outcome: Outcome) -> None:
            # Sync with the commit: nobody is told of it yet.
            match outcome:
                case Removed() | RoomDeleted():
                    self._rooms.outdate(write.room_id, person_id)
                case Refusal(code=Code.OUTCOME_UNKNOWN):
                    self._expel(write.room_id, person_id)  # better out as a member than in as none
                    if person_id is None:
                        self._on_deletion()

        outcome = await AwaitedWrite(saved).submit(self._journal, write)
        if isinstance(outcome, AccessChange):
            with trio.move_on_after(APPLY_TIMEOUT) as scope:
                await self._broadcaster.wait_published(outcome.id)
            if scope.cancelled_caught:
                self.apply_end(outcome)
            if person_id is not None:
                with trio.move_on_after(SETTLE_TIMEOUT) as scope:
                    await self._journal.pending_writes.wait_resolved(
                        person_id
                    )  # what they said before this was felt
                if scope.cancelled_caught:
                    raise StorageDown("what was said before is not saved yet")
            await self._cluster.wait_published_everywhere(outcome.id, person_id)
        return outcome if isinstance(outcome, Refusal) else None
