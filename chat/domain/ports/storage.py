"""All that a storage keeps."""

from collections.abc import Callable
from typing import Protocol

from chat.domain.contacts import Contacts
from chat.domain.ports.files import Files
from chat.domain.ports.messages import Messages
from chat.domain.ports.rooms import Rooms
from chat.domain.ports.search_index import SearchIndex
from chat.domain.ports.servers import Audit, Nodes, Settings, SetUp
from chat.domain.ports.sessions import Sessions
from chat.domain.ports.timelines import Timelines
from chat.domain.ports.users import Users

Changed = Callable[[int | None], object]
"""Told the id of a person or room that was changed or deleted, or None if there may be some of which nobody was told.
Settings have no ids. Sync."""


class Storage(Protocol):
    """Everything that is kept."""

    @property
    def users(self) -> Users: ...

    @property
    def rooms(self) -> Rooms: ...

    @property
    def messages(self) -> Messages: ...

    @property
    def timelines(self) -> Timelines: ...

    @property
    def search(self) -> SearchIndex: ...

    @property
    def contacts(self) -> Contacts: ...

    @property
    def nodes(self) -> Nodes: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def set_up(self) -> SetUp: ...

    @property
    def settings(self) -> Settings: ...

    @property
    def audit(self) -> Audit: ...

    @property
    def files(self) -> Files: ...

    async def ping(self) -> None:
        """Return if the storage answers; raise `StorageDown` if not."""
        ...

    async def watch(self, people: Changed, rooms: Changed, settings: Changed) -> None:
        """Tell of changed or deleted people, of deleted rooms and of changed settings, right after the commit.

        A person of whom a session ended, or who blocks another or no longer does, counts as changed.

        Whichever process did it. All begin with None, for what happened before, and are told None again after each
        outage. Runs until cancelled, and raises nothing else: it waits for a database that does not answer.
        Cancelling: nobody is told any more.
        """
        ...
