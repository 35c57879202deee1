"""What the core knows of a feature: its kinds of change, and what it reads from the storage; never a feature by name.

A feature is described once, in a package of `chat/features`. Each floor extends the description by its own part: the
storage says how a write is saved (`storage/postgres/features.py`), `features/feature.py` adds operations and events.
"""

from typing import Any, Generic, TypeVar

import msgspec

from chat.domain.changes import FeatureChange, FeatureWrite

PortT = TypeVar("PortT")


class Kind(msgspec.Struct, frozen=True):
    """A kind of change: what is submitted, and what it becomes when committed. `name` stands in the log for ever."""

    name: str
    write: type[FeatureWrite]
    change: type[FeatureChange]


class FeatureKinds(msgspec.Struct, frozen=True, kw_only=True):
    """A feature, as far as the bus knows it."""

    kinds: tuple[Kind, ...] = ()


class Port(Generic[PortT]):
    """Identifies what a feature reads from the storage; compared by identity."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Port({self.name!r})"


class Ports(dict[Port[Any], Any]):
    """What the features of a storage read from it."""

    def __getitem__(self, port: Port[PortT]) -> PortT:
        """Return the port of this storage. Raises KeyError: the storage was opened without its feature. Sync."""
        opened: PortT = super().__getitem__(port)
        return opened
