"""The whole memory storage, wired: small tables that know each other."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import trio

from chat.domain.features import Port, Ports
from chat.domain.messages.outcomes import Saved
from chat.domain.ports import Changed
from tests.features.models import MODELS
from tests.reference.storage.account_removals import MemoryAccountRemovals
from tests.reference.storage.audit import MemoryAudit
from tests.reference.storage.contacts import MemoryContacts
from tests.reference.storage.files import MemoryFiles
from tests.reference.storage.messages import MemoryMessages
from tests.reference.storage.nodes import MemoryNodes
from tests.reference.storage.rooms import MemoryRooms
from tests.reference.storage.sessions import MemorySessions
from tests.reference.storage.set_up import MemorySetUp
from tests.reference.storage.settings import MemorySettings
from tests.reference.storage.timelines import MemoryTimelines
from tests.reference.storage.users import MemoryUsers


class FeatureModel(Protocol):
    """What a feature keeps in the memory of a storage: how its writes are saved, and what it reads."""

    @property
    def savers(self) -> Mapping[type, Callable[[Any], Saved]]: ...

    @property
    def ports(self) -> Mapping[Port[Any], Any]: ...


class MemoryStorage:
    """Keeps everything until it is dropped. `now` is its clock, in seconds; `models` are those of features."""

    def __init__(
        self,
        now: Callable[[], float] = trio.current_time,
        models: Sequence[Callable[["MemoryStorage"], FeatureModel]] = MODELS,
    ) -> None:
        self.audit = MemoryAudit(lambda person_id: self.users.look_up(person_id))
        self.settings = MemorySettings(self.audit)
        self.users = MemoryUsers(
            self.audit,
            lambda: self.messages.end_of_log(),
            lambda room_id: self.rooms.look_up(room_id),
            lambda room_id, person_id: self.rooms.role_of(room_id, person_id),
        )
        self.users.invite_table.setting = self.settings.value
        self.rooms = MemoryRooms(self.users, now)
        self.files = MemoryFiles(self.rooms, now)
        self.messages = MemoryMessages(self.users, self.rooms, self.files)
        self.sessions = MemorySessions(self.users, now)
        self.set_up = MemorySetUp(self.users)
        self.timelines = MemoryTimelines(self.users, self.rooms, self.messages)
        self.account_removals = MemoryAccountRemovals(
            self.users, self.messages, self.rooms.people_of, self.rooms.name_groups_of
        )
        self.contacts = MemoryContacts(self.users, self.rooms)
        self.nodes = MemoryNodes(self.messages.end_of_log, now)
        self.now = now
        ports: dict[Port[Any], Any] = {}
        for model in models:
            opened = model(self)
            self.messages.savers |= opened.savers
            ports |= opened.ports
        self.feature_ports = Ports(ports)

    async def ping(self) -> None:
        await trio.lowlevel.checkpoint()

    async def watch(self, people: Changed, rooms: Changed, settings: Changed) -> None:
        with (
            self.users.watchers.watched(people),
            self.rooms.watchers.watched(rooms),
            self.settings.watchers.watched(settings),
        ):
            await trio.sleep_forever()
