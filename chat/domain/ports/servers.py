"""The servers that share a storage, their settings, and the audit."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec

from chat.domain.administration.audit import Act, AuditEntry, Named
from chat.domain.entities import (
    Person,
)
from chat.domain.limits.bounds import SettingValue
from chat.domain.nodes import Node
from chat.domain.ports.users import NewPerson, Taken


class Nodes(Protocol):
    """The servers that share the storage, each with a lease (`domain/nodes.py`), by the storage's own clock.

    A crash of the database may lose the leases, but never which numbers were assigned.
    """

    async def register(
        self,
        *,
        address: str,
        version: str,
        bus: str,
        secret_digest: str,
        previous_digest: str | None = None,
        number: int | None = None,
    ) -> int:
        """Begin a lease and return the server's number, which no other server ever gets.

        `number` is the one that this server got for an earlier lease. Raises OtherBus when a server with
        a lease uses another bus, OtherSecret when its secret has another digest. The two may differ if each accepts
        the other's: that is its own `previous_digest`.
        """
        ...

    async def renew(self, number: int, position: int, clients: int) -> int | None:
        """Renew a lease and return the end of the log (its highest id); None: it has lapsed, register again.

        `position` is the log id up to which the server has published (`nodes.py`), `clients` its number of clients.
        """
        ...

    async def live(self) -> list[Node]:
        """Return the servers with a lease that has not lapsed, by number."""
        ...

    async def leave(self, number: int) -> None:
        """End this server's lease, if it has one."""
        ...


class SetUp(Protocol):
    """The set-up code that creates the first admin: valid for a number of tries, while there is no admin.

    Once anybody has become an admin, by whatever way, the code is void for good.
    """

    async def is_needed(self) -> bool:
        """Whether there is no admin."""
        ...

    async def prepare(self, nonce: bytes, tries: int) -> bytes | None:
        """Return the nonce from which the code is derived; None: there is an admin.

        A new code, with `nonce`, begins if there is none yet or its tries are used up.
        """
        ...

    async def take_try(self) -> bytes | None:
        """Use one try and return the code's nonce; None: there is no code, or no try is left."""
        ...

    async def make_admin(self, new: NewPerson) -> Person | Taken | None:
        """Add the first admin and void the code; None: there is an admin already, or no valid code."""
        ...


class Setting(msgspec.Struct, frozen=True):
    """The value that an admin gave to a setting, when (Unix seconds) and by whom; None: by a command."""

    value: SettingValue
    at: float
    by: Named | None


class Settings(Protocol):
    """The settings that admins have changed. `Storage.watch` reports each change."""

    async def changed_settings(self) -> dict[str, Setting]:
        """Return the changed settings, by name."""
        ...

    async def change_settings(
        self, changes: Mapping[str, SettingValue | None], by_id: int | None
    ) -> dict[str, Setting]:
        """Set all of these, or none, and record it in the audit; None resets a setting.

        Returns the settings that are changed afterwards.
        """
        ...


class Audit(Protocol):
    """The record of administrators' acts. A call that changes something writes its act in the same transaction."""

    async def acts(
        self, before_id: int | None, limit: int, *, person_id: int | None = None, kinds: Collection[str] = ()
    ) -> list[AuditEntry]:
        """Return acts with ids below `before_id`, newest first: all, or by or to a person, or of some kinds."""
        ...

    async def record(self, acts: Sequence[Act]) -> None:
        """Write acts that come with no other change."""
        ...

    async def forget_acts(self, limit: int) -> bool:
        """Remove at most `limit` acts older than ACTS_KEPT. Returns whether there may be more."""
        ...
