"""Support conversations in memory: their state, changes and queue."""

from collections.abc import Sequence

from msgspec import structs

from chat.domain.entities import Message, Peer, Room
from chat.domain.messages.changes import SupportChange, SupportChanged
from chat.domain.messages.outcomes import AssigneeMismatch, Unchanged
from chat.domain.messages.sync_types import QueuePlace, SupportStatus
from chat.domain.rooms.support_state import SupportState
from tests.reference.storage.room_table import RoomTable, SupportKept
from tests.reference.storage.users import MemoryUsers


class MemorySupport:
    """The state of support conversations. Sync; the caller adds changes to the log and to the room's counts."""

    def __init__(self, users: MemoryUsers, rooms: RoomTable) -> None:
        self._users = users
        self._rooms = rooms

    def change(
        self, change: SupportChange, next_id: int, next_pos: int
    ) -> SupportChanged | Unchanged | AssigneeMismatch:
        """Change a conversation that is there, and return the change."""
        state = self._state(change.room_id)
        made = state.change(change, next_id, next_pos)
        self._keep(change.room_id, state)
        return made

    def follow(self, said: Sequence[Message], next_id: int, next_pos: int) -> SupportChanged | None:
        """Let messages of one conversation do what they do to it, and return the change."""
        room_id = said[0].room_id
        state = self._state(room_id)
        operators = {
            person.id
            for person in self._users.there()
            if person.is_operator and person.id != self._creator(room_id)
        }
        made = state.follow(said, operators, next_id, next_pos)
        self._keep(room_id, state)
        return made

    def status(self, room_id: int) -> SupportStatus:
        """Return how a conversation stands now."""
        state = self._state(room_id)
        since = None if state.is_closed else state.waiting_since
        return SupportStatus(state.is_closed, state.assignee, since)

    def queue(
        self, after: QueuePlace, limit: int, is_closed: bool | None, assignee_id: int | None
    ) -> list[QueuePlace]:
        """Return the conversations in their order, from behind this place."""
        places = []
        for person_id, room_id in self._rooms.support_of_all().items():
            kept, said = self._rooms.support_kept(room_id), self._rooms.said[room_id]
            if not said or not self._users.is_there(person_id):
                continue
            if is_closed not in (None, kept.is_closed) or assignee_id not in (None, kept.assignee_id or 0):
                continue
            oldest = None if kept.is_closed else self._oldest_unanswered(room_id)
            rank, number = (1, -said[-1].id) if oldest is None else (0, oldest.id)
            places.append(QueuePlace(rank, number, room_id))
        return sorted((each for each in places if _key(each) > _key(after)), key=_key)[:limit]

    def as_now(self, change: SupportChanged) -> SupportChanged:
        """Return a change with the name that the assignee has now."""
        assignee = change.assignee and self._peer(change.assignee.id)
        return structs.replace(change, assignee=assignee, people=None)

    def _state(self, room_id: int) -> SupportState:
        kept, room = self._rooms.support_kept(room_id), self._rooms.look_up(room_id)
        assert room is not None
        assignee = None if kept.assignee_id is None else self._users.look_up(kept.assignee_id)
        is_there = assignee is not None and self._users.is_there(assignee.id)
        oldest = self._oldest_unanswered(room_id)
        return SupportState(
            kept.is_closed,
            None if assignee is None else Peer(assignee.id, assignee.name),
            assignee is not None and is_there and assignee.is_operator and not assignee.is_disabled,
            kept.settled_seq,
            room.last_seq,
            None if oldest is None else oldest.created_at,
        )

    def _keep(self, room_id: int, state: SupportState) -> None:
        assignee_id = None if state.assignee is None else state.assignee.id
        self._rooms.keep_support(room_id, SupportKept(state.is_closed, assignee_id, state.settled_seq))

    def _oldest_unanswered(self, room_id: int) -> Message | None:
        """Return the person's first message behind the last of anybody else, and behind the last closing."""
        creator, settled = self._creator(room_id), self._rooms.support_kept(room_id).settled_seq
        oldest = None
        for message in reversed(self._rooms.said[room_id]):
            if message.sender_id != creator or message.seq <= settled:
                break
            oldest = message
        return oldest

    def _creator(self, room_id: int) -> int | None:
        room: Room | None = self._rooms.look_up(room_id)
        return None if room is None else room.creator_id

    def _peer(self, person_id: int) -> Peer:
        person = self._users.look_up(person_id)
        assert person is not None
        return Peer(person.id, person.name)


def _key(place: QueuePlace) -> tuple[int, int, int]:
    return place.rank, place.number, place.room_id
