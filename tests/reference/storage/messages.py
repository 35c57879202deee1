"""Messages in memory: a method's work is done in one go after its checkpoint, with no await in between."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import trio
from msgspec import structs

from chat.domain.entities import Conversation, Draft, Message, Pair
from chat.domain.failures import WriteRejected
from chat.domain.messages.changes import AccessChange, Addition, Change, Edit, RoleChanged, RoomChanged, Write
from chat.domain.messages.outcomes import KeyUsed, Repeated, Saved
from chat.domain.refusals import Refusal
from tests.reference.storage.files import MemoryFiles
from tests.reference.storage.message_table import MessageTable, log_id
from tests.reference.storage.references import resolve
from tests.reference.storage.room_table import RoomTable
from tests.reference.storage.saving import MemorySaving
from tests.reference.storage.users import MemoryUsers
from tests.reference.storage.within import within


class MemoryMessages(MessageTable):
    """The port `Messages`, over the table that it is. Commit is the one stretch without an await in `save`."""

    def __init__(self, users: MemoryUsers, rooms: RoomTable, files: MemoryFiles) -> None:
        super().__init__(users, rooms)
        self.savers: dict[type, Callable[[Any], Saved]] = {}
        """By the type of a feature's write, how it is saved."""
        self.checks: list[Callable[[Write], Refusal | None]] = []
        """Each returns why a write is refused before it is done; those of features."""
        self._saving = MemorySaving(users, rooms, files, self, self.savers)

    async def save(self, writes: Sequence[Write]) -> list[Saved]:
        await trio.lowlevel.checkpoint()
        # No await from here on: all of it happens, or none.
        authors = {write.sender_id if isinstance(write, Draft) else write.actor_id for write in writes}
        authors |= {write.joining.sender_id for write in writes if isinstance(write, Addition)}
        if any(person_id is not None and self._users.look_up(person_id) is None for person_id in authors):
            raise WriteRejected("there is no such person")
        if any("\0" in write.text for write in writes if isinstance(write, Draft | Edit)):
            raise WriteRejected("a text can't hold NUL")
        refused = (next(filter(None, (check(write) for check in self.checks)), None) for write in writes)
        return self._saving.save(
            [
                refusal or resolve(write, self._users, self._rooms)
                for refusal, write in zip(refused, writes, strict=True)
            ]
        )

    def save_now(self, draft: Draft) -> Saved:
        """Save a message that a feature's write becomes, as part of that write. Sync."""
        return self._saving.save([resolve(draft, self._users, self._rooms)])[0]

    def known(self, draft: Draft) -> bool:
        """Whether its sender used its key before, at once."""
        return self._saving.repeated(draft) is not None

    async def repeated(self, draft: Draft) -> Repeated | KeyUsed | None:
        await trio.lowlevel.checkpoint()
        return self._saving.repeated(draft)

    async def read_log(self, after_id: int, limit: int, most_bytes: int) -> list[Change]:
        await trio.lowlevel.checkpoint()
        said = self._left(chain.from_iterable(map(self._said, self._by_room)))
        changes = (
            change
            for change in self._changes
            if change.id > after_id and self._rooms.is_there(change.room_id)
        )
        log: list[Change] = [self._as_said(message) for message in said if message.id > after_id]
        log += filter(None, map(self._as_changed, changes))
        log += (kept.deletion for kept in self._rooms.deletions if kept.deletion.id > after_id)
        behind = sorted(log, key=log_id)[:limit]
        return [
            change
            if isinstance(change, AccessChange | RoleChanged | RoomChanged)
            else structs.replace(change, people=self._rooms.people_of(change.room_id))
            for change in within(most_bytes, behind)
        ]

    async def by_id(self, message_id: int) -> Message | None:
        await trio.lowlevel.checkpoint()
        for room_id in self._by_room:
            for message in self._left(self._said(room_id)):
                if message.id == message_id:
                    return self._retold(message)
        return None

    async def timeline(
        self,
        room_id: int,
        limit: int,
        most_bytes: int,
        *,
        after: int | None = None,
        before: int | None = None,
        up_to_id: int | None = None,
    ) -> list[Message]:
        await trio.lowlevel.checkpoint()
        said = [
            self._retold(message)
            for message in self._left(self._said(room_id))
            if (after is None or message.seq > after)
            and (before is None or message.seq < before)
            and (up_to_id is None or message.id <= up_to_id)
        ]
        if after is not None:
            return list(within(most_bytes, said[:limit]))
        return list(within(most_bytes, said[::-1][:limit]))[::-1]

    async def undelivered(
        self, person_id: int, after_id: int, up_to_id: int, limit: int, most_bytes: int
    ) -> list[Message]:
        await trio.lowlevel.checkpoint()
        missed = [
            structs.replace(self._retold(message), people=Pair(message.sender_id, person_id))
            for room_id, got in self._rooms.direct_of(person_id).items()
            for message in self._left(self._by_room[room_id][got:])
            if after_id < message.id <= up_to_id and (message.sender_id != person_id or self._is_own(room_id))
        ]
        return list(within(most_bytes, sorted(missed, key=log_id)[:limit]))

    async def newest_id(self) -> int:
        await trio.lowlevel.checkpoint()
        return self._newest_id

    async def settled_id(self) -> int:
        return await self.newest_id()

    async def conversations(self, limit: int, most_bytes: int) -> list[Conversation]:
        await trio.lowlevel.checkpoint()
        people = {
            left[-1]: person_id
            for person_id, room_id in self._rooms.support_of_all().items()
            if (left := list(self._left(self._by_room[room_id]))) and self._users.is_there(person_id)
        }
        newest_first = sorted(people, key=log_id, reverse=True)[:limit]
        return [self._conversation(people[last], last) for last in within(most_bytes, newest_first)]

    def _conversation(self, person_id: int, last: Message) -> Conversation:
        person = self._users.look_up(person_id)
        assert person is not None
        said = self._by_room[last.room_id]
        answered = max((message.seq for message in said if message.sender_id != person_id), default=0)
        return Conversation(person_id, person.name, self._retold(last), said[-1].seq - answered)

    def _is_own(self, room_id: int) -> bool:
        """Whether the room is of one person with themselves."""
        return sum(room == room_id for room, _ in self._rooms.memberships()) == 1
