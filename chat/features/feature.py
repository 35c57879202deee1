"""What a feature is: its kinds of change, how they are stored, its operations, its native events, and its due items."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal, Protocol

import msgspec

from chat.domain.administration.audit import Named
from chat.domain.features import Ports
from chat.domain.messages.changes import FeatureChange
from chat.domain.messages.explanation import Explanation
from chat.domain.ports import Setting
from chat.due.runner import DueRunner, Handler, open_due_runner
from chat.due.schedule import SCHEDULE
from chat.engine.services import EngineServices
from chat.operations.operation import Operation
from chat.operations.plain_http import MountedRoute, PlainRoute
from chat.operations.room_values import Logged
from chat.storage.postgres.features import StoredFeature

_OTHERS_DUE = 60.0
"""Seconds until a server notices what another one added, and died before it was due."""


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


class Held(Protocol):
    """A hold on a room, a person or the server (`kind`), since a time in Unix seconds; without `by` from a command."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def target_id(self) -> int: ...
    @property
    def name(self) -> str | None: ...
    @property
    def reason(self) -> str: ...
    @property
    def by(self) -> Named | None: ...
    @property
    def at(self) -> float: ...


class Holds(Protocol):
    """Holds, for commands. Every method may raise StorageDown, those that write OutcomeUnknown too.

    Cancelling a write: it is done whole, or not at all.
    """

    async def holds(self) -> Sequence[Held]:
        """Return all holds, the oldest first."""
        ...

    async def place(
        self, kind: Literal["server", "room", "person"], target_id: int, reason: str, by_id: int | None
    ) -> bool:
        """Place a hold, or change its reason. `target_id` is 0 for the server. False: there is no such target."""
        ...

    async def lift(self, hold_id: int, by_id: int | None) -> bool:
        """Lift a hold. False: there is none."""
        ...


class Feature(StoredFeature, frozen=True, kw_only=True):
    """A feature, as its package describes it and the registry lists it.

    Attributes:
        name: as `hello` of the native protocol lists it, where the feature is on.
        is_on: whether the settings of the server have it.
        operations: what clients of the native protocol may ask, over HTTP and on the socket.
        plain: HTTP calls in the form of another system, outside of the native protocol.
        events: one for each kind. Other protocols send nothing of a feature's changes.
        own_events: other events, for all sessions of one person (`OwnEvent`) or of operators (`OperatorEvent`); no
            log has them.
        due: by the kind of its due items, the function that makes the handler; asked once, where the feature is on.
        open: what runs beside the server for as long as it serves.
        overdue: returns what the feature would remove now, by the settings that admins have changed; for commands.
        holds: returns the holds that keep something from being removed; for commands.
        explain: returns why a message, by room and seq, or the newest ones notified a person or not; for commands.
    """

    name: str
    is_on: Callable[[EngineServices], bool] = lambda _services: True
    operations: tuple[Operation, ...] = ()
    plain: tuple[PlainRoute, ...] = ()
    events: tuple[ChangeEvent, ...] = ()
    own_events: tuple[type[msgspec.Struct], ...] = ()
    open: Callable[[EngineServices], AbstractAsyncContextManager[object]] | None = None
    due: Mapping[str, Callable[[EngineServices], Handler]] = {}
    overdue: Callable[[Ports, Mapping[str, Setting]], Awaitable[Sequence[Overdue]]] | None = None
    holds: Callable[[Ports], Holds] | None = None
    explain: Callable[[Ports, int, tuple[int, int] | None], Awaitable[Sequence[Explanation]]] | None = None


def plain_routes(features: Sequence[Feature], services: EngineServices) -> list[MountedRoute]:
    """Return the plain routes of those of these features that are on, with their handlers on these services."""
    on = (feature for feature in features if feature.is_on(services))
    return [MountedRoute(route, route.make(services)) for feature in on for route in feature.plain]


@asynccontextmanager
async def open_due(
    services: EngineServices, features: Sequence[Feature], *, has_others: bool
) -> AsyncGenerator[None]:
    """Handle the due items of these features for as long as the block lasts; where none has any, nothing runs.

    `has_others` is whether other servers use the database. Cancelling: what was begun is due again when its lease ends.
    """
    handlers = {
        kind: make(services)
        for feature in features
        if feature.is_on(services)
        for kind, make in feature.due.items()
    }
    if not handlers:
        yield
        return
    schedule = services.feature_ports[SCHEDULE]
    runner = DueRunner(schedule, handlers, _OTHERS_DUE) if has_others else DueRunner(schedule, handlers)
    async with open_due_runner(runner):
        yield
