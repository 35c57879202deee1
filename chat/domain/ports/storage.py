"""The whole storage, as the sum of its ports."""

from collections.abc import Callable
from typing import Protocol

from chat.domain.accounts.contacts import Contacts
from chat.domain.features import Ports
from chat.domain.ports.account_removals import AccountRemovals
from chat.domain.ports.files import Files
from chat.domain.ports.messages import Messages
from chat.domain.ports.rooms import Rooms
from chat.domain.ports.servers import Audit, Nodes, Settings, SetUp
from chat.domain.ports.sessions import Sessions
from chat.domain.ports.timelines import Timelines
from chat.domain.ports.users import Users

Changed = Callable[[int | None], object]
"""Called with the id of a person or room that was changed or deleted. None: any of them may have changed, unreported.
Settings have no ids. Sync."""


class Storage(Protocol):
    """All stored data."""

    @property
    def users(self) -> Users: ...

    @property
    def rooms(self) -> Rooms: ...

    @property
    def messages(self) -> Messages: ...

    @property
    def timelines(self) -> Timelines: ...

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

    @property
    def account_removals(self) -> AccountRemovals: ...

    @property
    def feature_ports(self) -> Ports: ...

    async def ping(self) -> None:
        """Return when the storage answers; raise `StorageDown` if it does not."""
        ...

    async def watch(self, people: Changed, rooms: Changed, settings: Changed) -> None:
        """Report changed or deleted people, deleted rooms and changed settings, right after the commit by any process.

        A person counts as changed also when a session of theirs ends, or when they block or unblock somebody.
        Each handler is first called with None, for changes before this call, and again after each outage.
        Runs until cancelled and raises nothing else: during an outage it waits for the database.
        Cancelling: the reports end.
        """
        ...
