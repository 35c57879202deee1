"""What the core knows of a feature: its kinds of change, and what it reads from the storage; never a feature by name.

A feature is described once, in a package of `chat/features`. Each floor extends the description by its own part: the
storage says how a write is saved (`storage/postgres/features.py`), `features/feature.py` adds operations and events.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from chat.domain.messages.changes import FeatureChange, FeatureWrite

PortT = TypeVar("PortT")


class Kind(msgspec.Struct, frozen=True):
    """A kind of change: its write, and its committed change. The log keeps `name` for ever."""

    name: str
    write: type[FeatureWrite]
    change: type[FeatureChange]


class Port(Generic[PortT]):
    """Identifies what a feature reads from the storage, or a service of it; compared by identity."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"Port({self.name!r})"


class Ports(dict[Port[Any], Any]):
    """What features read from one storage, and their services on it."""

    def __getitem__(self, port: Port[PortT]) -> PortT:
        """Return the port of this storage. Raises KeyError: the storage was opened without its feature. Sync."""
        opened: PortT = super().__getitem__(port)
        return opened


class CoreFeature(msgspec.Struct, frozen=True, kw_only=True):
    """A feature, as far as the bus and the engine know it.

    Attributes:
        kinds: its kinds of change.
        services: by port, the functions that make the services of the feature, once for each server.
    """

    kinds: tuple[Kind, ...] = ()
    services: Mapping[Port[Any], Callable[[Ports], Any]] = {}


def with_services(ports: Ports, features: Iterable[CoreFeature]) -> Ports:
    """Return these ports of a storage and the services of the features. Sync."""
    made = {port: make(ports) for feature in features for port, make in feature.services.items()}
    return Ports({**ports, **made})
