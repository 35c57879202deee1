"""The servers that share a storage, and what their admins set."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec

from chat.domain.audit import Act, AuditEntry, Named
from chat.domain.bounds import SettingValue
from chat.domain.entities import (
    Person,
)
from chat.domain.nodes import Node
from chat.domain.ports.users import NewPerson, Taken


class Nodes(Protocol):
    """The servers that share the storage, each with a lease (`domain/nodes.py`), by the storage's own clock.

    All of it may be lost when the database crashes, but for which numbers were given.
    """

    async def register(
        self, *, address: str, version: str, bus: str, secret_digest: str, number: int | None = None
    ) -> int:
        """Begin a lease and return the server's number, which no other server ever has.

        `number` is the server's own, where it had a lease before that has lapsed or was lost. Raises OtherBus or
        OtherSecret where a server with a lease uses another bus or has another secret, by its digest.
        """
        ...

    async def renew(self, number: int, position: int, clients: int) -> int | None:
        """Renew a lease and return the end of the log (its highest id); None: it has lapsed, register again.

        `position` is how far the server has told the log (`nodes.py`), `clients` how many are connected to it.
        """
        ...

    async def live(self) -> list[Node]:
        """Return the servers whose lease has not lapsed, by number."""
        ...

    async def leave(self, number: int) -> None:
        """End a lease now, if there is one."""
        ...


class SetUp(Protocol):
    """How the first admin is made: while there is none, a code is good for so many tries.

    It is void for good once somebody becomes an admin in whatever way, also if there is none again later.
    """

    async def is_needed(self) -> bool:
        """Whether nobody is an admin."""
        ...

    async def prepare(self, nonce: bytes, tries: int) -> bytes | None:
        """Return what the code is made of, or None where somebody is an admin.

        That is `nonce`, if there is no code yet or none of its tries is left; else it is what it was.
        """
        ...

    async def take_try(self) -> bytes | None:
        """Use one try, and return what the code is made of; None: there is no code, or no try left."""
        ...

    async def make_admin(self, new: NewPerson) -> Person | Taken | None:
        """Add the first admin, and use the code up; None: somebody is an admin already, or no code is good."""
        ...


class Setting(msgspec.Struct, frozen=True):
    """What an admin has set a setting to, when (Unix seconds) and who that was; None: by a command."""

    value: SettingValue
    at: float
    by: Named | None


class Settings(Protocol):
    """What admins have changed of the settings; whoever watches settings is told of each change."""

    async def changed_settings(self) -> dict[str, Setting]:
        """Return those that are changed, by their names."""
        ...

    async def change_settings(
        self, changes: Mapping[str, SettingValue | None], by_id: int | None
    ) -> dict[str, Setting]:
        """Set these, all of them or none, with the acts of that in the audit; None takes one back.

        Returns what is changed then.
        """
        ...


class Audit(Protocol):
    """What administrators did. Acts are written by what does them, in other tables' calls."""

    async def acts(
        self, before_id: int | None, limit: int, *, person_id: int | None = None, kinds: Collection[str] = ()
    ) -> list[AuditEntry]:
        """Return acts, the newest first, from behind this one on: all, or those by or to a person, or of some kinds."""
        ...

    async def record(self, acts: Sequence[Act]) -> None:
        """Write acts that change nothing else."""
        ...

    async def forget_acts(self, limit: int) -> bool:
        """Remove at most `limit` acts that are older than ACTS_KEPT. Returns whether there may be more of them."""
        ...
