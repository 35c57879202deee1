"""What a sync asks of a storage. Both implementations pass one contract suite, and keep what `ports` says.

All answers of one sync are as of one id of the log, its cut (`up_to_id`): what comes after it, its caller hears live.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from chat.domain.entities import RoomKind
from chat.domain.membership import Notify
from chat.domain.reading import ReadMark, ReadState
from chat.domain.sync_types import (
    ChangeRange,
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


class Timelines(Protocol):
    """Rooms as people see them, what changed in them, and how far people have read.

    A person's rooms are the lobby, those of which they are a member, and their own support conversation; an
    operator's also every open support conversation in which something was said. What became of a membership after
    `up_to_id` is a change that the caller hears live.
    """

    async def rooms_of(self, person_ids: Collection[int]) -> dict[int, dict[int, RoomKind]]:
        """Return the ids of each person's rooms, and what kind each is of. Nobody there: none."""
        ...

    async def snapshots(self, asked: Sequence[RoomsAt]) -> list[list[RoomSnapshot]]:
        """Return for each what it asks for: all the person's rooms, or those among its ids, the newest message first.

        Of an operator who names them, closed conversations too.
        Numbers, unread and last message are as of the cut, everything else is as it is now. A room that was deleted is
        none of them. Nobody there: none.
        """
        ...

    async def members_of_conversations(self, room_ids: Collection[int]) -> dict[int, int]:
        """Return how many are in each of these support conversations, as `snapshots` says; other rooms are left out."""
        ...

    async def resume_checks(self, known: Sequence[KnownAt]) -> list[ResumeCheck | None]:
        """Return where a client stands with each of these positions; None where the room is gone.

        A position beyond its cut is good, and nothing is missing then. The caller says who may see the rooms.
        """
        ...

    async def replay(
        self, reader_ids: Collection[int], ranges: Sequence[ChangeRange], most_bytes: int
    ) -> list[list[ReplayedChange]]:
        """Return the changes of each of these ranges, by `pos` and without a gap, for several readers.

        At most MOST_REPLAYED of each, and as many from the front as have together at most `most_bytes` bytes of text as
        JSON, but at least one where there is any: the caller goes on after the last. Reactions come on top of that.
        The caller says who may see the rooms.
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
        """Return a page of a room's messages, at most `limit` of them; None: the room is gone.

        With `after` it begins behind that `seq`, and what is too much is left out at its end. Else it ends before the
        `seq` `before`, or with the room, and what is too much is left out at its beginning. It has at most `most_bytes`
        bytes of text as JSON, but one message where there is any; reactions come on top of that. The caller says who
        may see the room.
        """
        ...

    async def texts(self, room_id: int, seq: int, limit: int, most_bytes: int) -> list[TextVersion]:
        """Return the texts that a message had, the oldest first, the one of now last; of a deleted one none.

        The newest `limit`, within `most_bytes` of text as JSON, at least one. The caller says who may see the room.
        """
        ...

    async def mentions(self, person_id: int, before_id: int, limit: int, most_bytes: int) -> list[MessageNow]:
        """Return messages of others in the person's rooms that mention them and are not deleted, the newest first.

        At most `limit` with an id below `before_id`, within `most_bytes` of text as JSON, at least one.
        """
        ...

    async def with_files(
        self, reader_id: int, room_id: int, before: int, limit: int, most_bytes: int
    ) -> list[MessageNow]:
        """Return messages of a room that have files, the newest first. The caller says who may see the room.

        At most `limit` with a `seq` below `before`, within `most_bytes` of text as JSON, at least one.
        """
        ...

    async def mark_read(self, marks: Mapping[tuple[int, int], ReadMark], *, durable: bool = True) -> None:
        """Note how far people have read, by (room id, person id); marks of rooms they don't have are passed over.

        Where they need not be `durable`, a crash of the storage may take away those of its last second.
        """
        ...

    async def reads_since(self, person_id: int, since: float) -> list[ReadState]:
        """Return how far the person has read, in those of their rooms where that was noted after `since`.

        That is in Unix seconds, by the storage's clock.
        """
        ...

    async def shared_reads(self, room_id: int, person_ids: Collection[int]) -> dict[int, int]:
        """Return how far each of these people has read in a room of theirs, of those who let others see that."""
        ...

    async def set_own(
        self, room_id: int, person_id: int, *, notify: Notify | None = None, is_hidden: bool | None = None
    ) -> bool:
        """Set what the person wants of a room, None: as it was. False: they don't have that room."""
        ...

    async def support_queue(
        self, after: QueuePlace, limit: int, *, is_closed: bool | None = None, assignee_id: int | None = None
    ) -> list[QueuePlace]:
        """Return the support conversations in which something was said, in their order, from behind this place.

        Of one kind, and of one operator (0: of nobody), where that is asked for. Those of deleted people are left out.
        """
        ...
