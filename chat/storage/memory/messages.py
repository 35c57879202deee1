"""Messages in memory: a list a room, so that `seq` is the index plus one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import trio

from chat.model.entities import Draft, Message
from chat.storage.failures import WriteRejected
from chat.storage.memory.rooms import MemoryRooms
from chat.storage.memory.users import MemoryUsers


class MemoryMessages:
    """The port `Messages`. Commit is the one stretch without an await in `save`."""

    def __init__(self, users: MemoryUsers, rooms: MemoryRooms) -> None:
        self._users = users
        self._rooms = rooms
        self._by_room: defaultdict[int, list[Message]] = defaultdict(list)
        self._keys: set[tuple[int, str]] = set()
        self._count = 0

    async def save(self, drafts: Sequence[Draft]) -> list[Message | None]:
        await trio.lowlevel.checkpoint()
        # No await from here on: all of it happens, or none.
        keys = [(draft.sender_id, draft.key) for draft in drafts if draft.key is not None]
        if len(set(keys)) < len(keys) or not self._keys.isdisjoint(keys):
            raise WriteRejected("a person used a key twice")
        if any(self._users.look_up(draft.sender_id) is None for draft in drafts):
            raise WriteRejected("there is no such sender")
        if any("\0" in draft.text for draft in drafts):
            raise WriteRejected("a text can't hold NUL")
        self._keys.update(keys)
        return [self._append(draft) for draft in drafts]

    def _append(self, draft: Draft) -> Message | None:
        seq = self._rooms.advance(draft.room_id)
        if seq is None:
            return None
        self._count += 1
        message = Message(
            self._count,
            draft.room_id,
            seq,
            draft.sender_id,
            draft.sender_name,
            draft.text,
            draft.created_at,
            draft.kind,
        )
        self._by_room[draft.room_id].append(message)
        return message

    async def settle(self, told: Mapping[int, int], since: float) -> list[Message]:
        await trio.lowlevel.checkpoint()
        return [
            message
            for room_id in sorted(told)
            for message in self._by_room[room_id][told[room_id] :]
            if message.created_at >= since
        ]

    async def page(self, room_id: int, after: int, up_to: int) -> list[Message]:
        await trio.lowlevel.checkpoint()
        return self._by_room[room_id][max(after, 0) : max(up_to, 0)]
