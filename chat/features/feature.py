"""What a feature is: its kinds of change, how they are stored, its operations, and its native events."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec

from chat.domain.features import Ports
from chat.domain.messages.changes import FeatureChange
from chat.domain.ports import Setting
from chat.due.runner import Handler
from chat.engine.services import EngineServices
from chat.operations.operation import Operation
from chat.operations.room_values import Logged
from chat.storage.postgres.features import StoredFeature


class ChangeEvent(msgspec.Struct, frozen=True):
    """The native event of a kind of change. `make` returns it for a committed change; sync and pure."""

    change: type[FeatureChange]
    event: type[Logged]
    make: Callable[[Any], Logged]


class Overdue(msgspec.Struct, frozen=True):
    """What would be removed now: how many of a kind, and the time of the oldest in Unix seconds."""

    kind: str
    count: int
    oldest: float | None


class Feature(StoredFeature, frozen=True, kw_only=True):
    """A feature, as its package describes it and the registry lists it.

    Attributes:
        name: as `hello` of the native protocol lists it, where the feature is on.
        is_on: whether the settings of the server have it.
        operations: what clients of the native protocol may ask, over HTTP and on the socket.
        events: one for each kind. Other protocols send nothing of a feature's changes.
        due: by the kind of what is due, what makes the handler; asked once, where the feature is on.
        open: what runs beside the server for as long as it serves.
        overdue: returns what the feature would remove now, by the settings that admins have changed; for commands.
    """

    name: str
    is_on: Callable[[EngineServices], bool] = lambda _services: True
    operations: tuple[Operation, ...] = ()
    events: tuple[ChangeEvent, ...] = ()
    open: Callable[[EngineServices], AbstractAsyncContextManager[None]] | None = None
    due: Mapping[str, Callable[[EngineServices], Handler]] = {}
    overdue: Callable[[Ports, Mapping[str, Setting]], Awaitable[Sequence[Overdue]]] | None = None
