"""The use cases of threads for all protocols, and what they read from the storage.

A reply is an ordinary message of its room; a thread is a view of the replies by their root, the message with which it
begins. There is no read state beside the room's.
"""

from typing import Protocol

import msgspec

from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.messages.sync_types import MessageNow
from chat.domain.refusals import NO_MESSAGE, Refusal
from chat.domain.rooms.room_history import ANSWER_BYTES, HistoryQuery
from chat.engine.services import EngineServices


class ThreadSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A thread for one reader, without its messages. `last_seq` and `last_at` are those of the newest reply.

    `replies` are those that are not deleted.
    """

    root: int
    replies: int = 0
    last_seq: int | None = None
    last_at: float | None = None
    is_followed: bool = False


class ThreadPage(msgspec.Struct, frozen=True, kw_only=True):
    """A thread and a page of its replies, oldest first, as one reader sees them now.

    Attributes:
        thread: the thread.
        message: the root; None: it is removed.
        pos: the room's position: all its changes up to there are in this.
        unread: replies of others behind the reader's mark of the room, at most 100.
        replies: the page; deleted ones are left out.
        is_first: it has the oldest reply.
        is_last: it has the newest reply.
    """

    thread: ThreadSummary
    message: MessageNow | None
    pos: int
    unread: int = 0
    replies: list[MessageNow]
    is_first: bool
    is_last: bool


class Threads(Protocol):
    """Reads threads, and keeps who follows them. Every method may raise StorageDown, `follow` OutcomeUnknown too.

    A message of the room names its thread: the root, or any reply. Cancelling: a write is done whole, or not at all.
    """

    async def read(
        self, reader_id: int, room_id: int, seq: int, asked: HistoryQuery, most_bytes: int
    ) -> ThreadPage | None:
        """Return the thread of a message; None: there is no such message."""
        ...

    async def of_room(
        self, reader_id: int, room_id: int, after: int, before: int, limit: int
    ) -> list[ThreadSummary]:
        """Return threads with replies whose roots are between these seqs (both exclusive), the newest root first."""
        ...

    async def follow(self, person_id: int, room_id: int, seq: int, *, is_on: bool) -> int | None:
        """Follow the thread of a message, or unfollow it; return its root. None: there is no such message."""
        ...

    async def people(self, room_id: int, root: int, most: int) -> list[int]:
        """Return who follows a thread and may read its room, the lowest ids first, without visitors.

        Who wrote the first message follows it without replies too, unless they have unfollowed it.
        """
        ...

    async def untouched(self, person_id: int, name: str, *, is_private: bool) -> int | None:
        """Return a room of this name that the person has made, and to which nothing has happened since."""
        ...

    async def fill(self, most: int) -> bool:
        """Give roots to replies from before there were threads, among the next `most` messages of the log.

        Returns whether more are left. Several servers may do it at the same time.
        """
        ...


THREADS = Port[Threads]("threads")


async def read(
    services: EngineServices, person: Person, room_id: int, seq: int, asked: HistoryQuery
) -> ThreadPage | Refusal:
    """Return the thread of a message in a room that the person may read. Raises StorageDown."""
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    threads = services.feature_ports[THREADS]
    return await threads.read(person.id, room_id, seq, asked, ANSWER_BYTES) or NO_MESSAGE


async def of_room(
    services: EngineServices, person: Person, room_id: int, after: int, before: int, limit: int
) -> list[ThreadSummary] | Refusal:
    """Return threads of a room that the person may read, by the seqs of their roots. Raises StorageDown."""
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    return await services.feature_ports[THREADS].of_room(person.id, room_id, after, before, limit)


async def follow(
    services: EngineServices, person: Person, room_id: int, seq: int, *, is_on: bool
) -> int | Refusal:
    """Follow the thread of a message, or unfollow it, and return its root. Raises StorageDown and OutcomeUnknown."""
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    threads = services.feature_ports[THREADS]
    return await threads.follow(person.id, room_id, seq, is_on=is_on) or NO_MESSAGE
