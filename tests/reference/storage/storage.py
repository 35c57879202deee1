"""The whole memory storage, wired: small tables that know each other."""

from collections.abc import Callable

import trio

from chat.domain.ports import Changed
from tests.reference.storage.audit import MemoryAudit
from tests.reference.storage.contacts import MemoryContacts
from tests.reference.storage.files import MemoryFiles
from tests.reference.storage.messages import MemoryMessages
from tests.reference.storage.nodes import MemoryNodes
from tests.reference.storage.rooms import MemoryRooms
from tests.reference.storage.search import MemorySearchIndex
from tests.reference.storage.sessions import MemorySessions
from tests.reference.storage.set_up import MemorySetUp
from tests.reference.storage.settings import MemorySettings
from tests.reference.storage.timelines import MemoryTimelines
from tests.reference.storage.users import MemoryUsers


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
