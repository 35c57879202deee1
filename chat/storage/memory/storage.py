"""The whole memory storage, wired: small tables that know each other."""

from collections.abc import Callable

import trio

from chat.domain.ports import Changed
from chat.storage.memory.audit import MemoryAudit
from chat.storage.memory.contacts import MemoryContacts
from chat.storage.memory.files import MemoryFiles
from chat.storage.memory.messages import MemoryMessages
from chat.storage.memory.nodes import MemoryNodes
from chat.storage.memory.rooms import MemoryRooms
from chat.storage.memory.search import MemorySearchIndex
from chat.storage.memory.sessions import MemorySessions
from chat.storage.memory.set_up import MemorySetUp
from chat.storage.memory.settings import MemorySettings
from chat.storage.memory.timelines import MemoryTimelines
from chat.storage.memory.users import MemoryUsers


class MemoryStorage:
    """Keeps everything until it is dropped. `now` is its clock, in seconds."""

    def __init__(self, now: Callable[[], float] = trio.current_time) -> None:
        self.audit = MemoryAudit(lambda person_id: self.users.look_up(person_id))
        self.settings = MemorySettings(self.audit)
        self.users = MemoryUsers(
            self.audit,
            lambda: self.messages.end_of_log(),
            lambda room_id: self.rooms.look_up(room_id),
            lambda room_id, person_id: self.rooms.role_of(room_id, person_id),
        )
        self.rooms = MemoryRooms(self.users, now)
        self.files = MemoryFiles(self.rooms, now)
        self.messages = MemoryMessages(self.users, self.rooms, self.files)
        self.sessions = MemorySessions(self.users, now)
        self.set_up = MemorySetUp(self.users)
        self.timelines = MemoryTimelines(self.users, self.rooms, self.messages)
        self.search = MemorySearchIndex(self.messages, self.timelines)
        self.contacts = MemoryContacts(self.users, self.rooms)
        self.nodes = MemoryNodes(self.messages.end_of_log, now)

    async def ping(self) -> None:
        await trio.lowlevel.checkpoint()

    async def watch(self, people: Changed, rooms: Changed, settings: Changed) -> None:
        with (
            self.users.watchers.watched(people),
            self.rooms.watchers.watched(rooms),
            self.settings.watchers.watched(settings),
        ):
            await trio.sleep_forever()
