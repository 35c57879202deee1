"""The whole memory storage, wired: three small tables that know each other."""

import trio

from chat.domain.ports import Changed
from chat.storage.memory.messages import MemoryMessages
from chat.storage.memory.rooms import MemoryRooms
from chat.storage.memory.users import MemoryUsers


class MemoryStorage:
    """Keeps everything until it is dropped."""

    def __init__(self) -> None:
        self.users = MemoryUsers()
        self.rooms = MemoryRooms(self.users)
        self.messages = MemoryMessages(self.users, self.rooms)

    async def ping(self) -> None:
        await trio.lowlevel.checkpoint()

    async def watch(self, people: Changed, rooms: Changed) -> None:
        with self.users.watchers.watched(people), self.rooms.watchers.watched(rooms):
            await trio.sleep_forever()
