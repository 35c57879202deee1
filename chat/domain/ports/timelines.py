"""The reads of a sync: snapshots of rooms, missed changes, history, and read marks.

All answers of one sync are as of one log id, its cut (`up_to_id`). The caller receives later changes live.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from chat.domain.entities import RoomKind
from chat.domain.messages.changes import SupportChanged
from chat.domain.messages.reading import ReadMark, ReadState
from chat.domain.messages.sync_types import (
    ChangeRange,
    ConversationCounts,
    KnownAt,
    MessageNow,
    Page,
    QueuePlace,
    ReplayedChange,
    ResumeCheck,
    RoomsAt,
    RoomSnapshot,
    TextVersion,
)
from chat.domain.rooms.membership import OwnSettings


class Timelines(Protocol):
    """Rooms as people see them, their changes, and read marks.

    A person's rooms are the lobby, those of which they are a member, and their own support conversation. An operator
    also has every open support conversation with a message. The caller receives changes of memberships after
    `up_to_id` live. Where a method takes a `reader_id` or positions, its caller has checked who may see the rooms.
    """

    async def rooms_of(self, person_ids: Collection[int]) -> dict[int, dict[int, RoomKind]]:
        """Return the ids of each person's rooms with their kinds. An unknown person has none."""
        ...

    async def snapshots(self, asked: Sequence[RoomsAt]) -> list[list[RoomSnapshot]]:
        """Return for each query all of the person's rooms, or those with the given ids, the newest message first.

        With ids, an operator also gets closed support conversations. Numbers, unread counts and the last message are
        as of the cut, everything else is current. Deleted rooms are left out; an unknown person has none.
        """
        ...

    async def members_of_conversations(self, room_ids: Collection[int]) -> dict[int, int]:
        """Return the members that `snapshots` counts for these support conversations; other rooms are left out."""
        ...

    async def resume_checks(self, known: Sequence[KnownAt]) -> list[ResumeCheck | None]:
        """Return for each position whether the client can resume from it; None: the room is deleted.

        A position beyond its cut is good, and nothing is missing.
        """
        ...

    async def replay(
        self, reader_ids: Collection[int], ranges: Sequence[ChangeRange], most_bytes: int
    ) -> list[list[ReplayedChange]]:
        """Return the changes of each of these ranges, by `pos` and without a gap, for several readers.

        At most MOST_REPLAYED of each range, and together at most `most_bytes` of text as JSON, reactions not counted;
        at least one change if there is any. The caller continues after the last one.
        """
        ...

    async def history(
        self,
        reader_id: int,
        room_id: int,
        limit: int,
        most_bytes: int,
        up_to_id: int,
        *,
        after: int | None = None,
        before: int | None = None,
    ) -> Page | None:
        """Return a page of a room's messages, at most `limit` of them; None: the room is deleted.

        With `after`, the first messages with a higher `seq`. Otherwise the last ones with a `seq` below `before`, or
        of the room. A page has at most `most_bytes` of text as JSON, reactions not counted; at least one message if
        there is any.
        """
        ...

    async def texts(self, room_id: int, seq: int, limit: int, most_bytes: int) -> list[TextVersion]:
        """Return the versions of a message's text, oldest first, the current one last; of a deleted one none.

        The newest `limit`, within `most_bytes` of text as JSON, at least one.
        """
        ...

    async def mentions(self, person_id: int, before_id: int, limit: int, most_bytes: int) -> list[MessageNow]:
        """Return messages of others in the person's rooms that mention them, newest first, without deleted ones.

        At most `limit` with ids below `before_id`, within `most_bytes` of text as JSON, at least one.
        """
        ...

    async def with_files(
        self, reader_id: int, room_id: int, before: int, limit: int, most_bytes: int, kind: str | None = None
    ) -> list[MessageNow]:
        """Return messages of a room that have files, or files of a kind (`files.FILE_KINDS`), newest first.

        At most `limit` with a `seq` below `before`, within `most_bytes` of text as JSON, at least one.
        """
        ...

    async def mark_read(self, marks: Mapping[tuple[int, int], ReadMark], *, durable: bool = True) -> None:
        """Record read marks by (room id, person id); marks of rooms that a person does not have are ignored.

        Unless they are `durable`, a crash of the storage may lose the marks of its last second.
        """
        ...

    async def reads_since(self, person_id: int, since: float) -> list[ReadState]:
        """Return the person's read positions that were recorded after `since` (Unix seconds, the storage's clock)."""
        ...

    async def shared_reads(self, room_id: int, person_ids: Collection[int]) -> dict[int, int]:
        """Return the read positions in the room of those of these people who share theirs, by person id."""
        ...

    async def set_own(self, room_id: int, person_id: int, settings: OwnSettings) -> bool:
        """Change the person's settings of a room. False: they do not have that room."""
        ...

    async def support_queue(
        self, after: QueuePlace, limit: int, *, is_closed: bool | None = None, assignee_id: int | None = None
    ) -> list[QueuePlace]:
        """Return the support conversations that have messages, in queue order, after this place.

        `is_closed` and `assignee_id` (0: unassigned) filter them. Those of deleted people are left out.
        """
        ...

    async def first_conversations(self, operator_id: int, limit: int) -> set[int]:
        """Return the operator's own conversation, and of the open ones the first in queue order.

        `limit` of all, and `limit` of those assigned to the operator.
        """
        ...

    async def support_changes(self, room_id: int, limit: int) -> list[SupportChanged]:
        """Return the newest changes of a conversation's state and assignee that the log has, oldest first."""
        ...

    async def count_conversations(self, operator_id: int) -> ConversationCounts:
        """Return how many open conversations of others an operator has in `rooms_of`, and their unread messages."""
        ...
