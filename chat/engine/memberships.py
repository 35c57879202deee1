"""Changes of memberships: each is committed, published to the room, and applied to open sockets in log order."""

from collections.abc import Callable, Sequence

import trio

from chat.domain.entities import LOBBY_ID
from chat.domain.failures import StorageDown
from chat.domain.messages.changes import AccessChange, AccessWrite, Removal, Removed, RoomDeleted
from chat.domain.messages.outcomes import Outcome
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.rooms import Rooms
from chat.engine.awaited_write import AwaitedWrite
from chat.engine.broadcaster import Broadcaster
from chat.engine.cluster_port import Cluster
from chat.engine.journal import Journal
from chat.engine.presence import Presence
from chat.engine.reconciler import Reconciler

APPLY_TIMEOUT = 1.0
"""Timeout for applying a committed end of a membership in log order. Afterwards it is applied at once: the log is read
late, or nothing is published any more."""

SETTLE_TIMEOUT = 30.0
"""Timeout for a removed member's writes in flight: each must be settled before the removal is acknowledged."""


class Memberships:
    """Changes who is in a room.

    Once an end is acknowledged, the person receives nothing more of the room, and no later write of theirs is
    committed. Every method may raise StorageDown. A change that the journal can't commit, or whose outcome is unknown,
    is refused as a message would be. Cancelling: the change may still be made, whole. `on_deletion` is called where a
    room may have been deleted. Sync.
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
        self._reconciler = Reconciler(self._expel_from_deleted)

    def apply_end(self, change: AccessChange) -> None:
        """Apply the end of a membership or a room, at its place in the log, whichever server wrote it. Sync."""
        self._expel(change.room_id, change.person_id if isinstance(change, Removed) else None)
        if not isinstance(change, Removed):
            self._on_deletion()

    def changed(self, room_id: int | None) -> None:
        """Have a deleted room looked up; None: all rooms that have subscribers. Sync."""
        # The lobby can't be deleted, and most sockets subscribe to it.
        self._reconciler.note(*(self._presence.rooms() - {LOBBY_ID} if room_id is None else [room_id]))
        self._on_deletion()

    async def reconcile(self) -> None:
        """Look up rooms that other processes deleted, until cancelled."""
        await self._reconciler.reconcile()

    async def _expel_from_deleted(self, ids: Sequence[int]) -> set[int]:
        """Expel everybody from those of these rooms that are deleted; return no id. May raise StorageDown."""
        for room_id in ids:
            if await self._rooms.is_gone(room_id):
                self._expel(room_id)
        return set()

    async def recheck_memberships(self) -> None:
        """Expel sockets from rooms whose person is no member. May raise StorageDown. Cancelling changes nothing."""
        subscribed = {
            (room_id, session.person.id)
            for session in self._presence
            if session.person is not None
            for room_id in session.subscriptions.rooms()
            if room_id != LOBBY_ID
        }
        for room_id, person_id in subscribed - await self._rooms.members_among(subscribed):
            self._expel(room_id, person_id)

    def _expel(self, room_id: int, person_id: int | None = None) -> None:
        """Unsubscribe a person's sockets from a room, or everybody's, and stop those who are just entering. Sync."""
        self._rooms.outdate(room_id, person_id)
        for session in self._presence:
            if person_id in (None, session.person and session.person.id):
                session.leave_room(room_id, is_deleted=person_id is None)

    async def end(self, write: AccessWrite) -> Refusal | None:
        """Write an end that the caller may make, and wait until it is applied on all servers."""
        person_id = write.person_id if isinstance(write, Removal) else None

        def saved(outcome: Outcome) -> None:
            # Sync with the commit: it is not published yet.
            match outcome:
                case Removed() | RoomDeleted():
                    self._rooms.outdate(write.room_id, person_id)
                case Refusal(code=Code.OUTCOME_UNKNOWN):
                    self._expel(write.room_id, person_id)  # a member outside is better than a stranger inside
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
                    # Their writes from before it was applied.
                    await self._journal.pending_writes.wait_resolved(person_id)
                if scope.cancelled_caught:
                    raise StorageDown("a write submitted before has no outcome in time")
            await self._cluster.wait_published_everywhere(outcome.id, person_id)
        return outcome if isinstance(outcome, Refusal) else None
