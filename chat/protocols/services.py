"""The parts of the server that protocols use: one value, given to each protocol when the server is opened."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from chat.domain.administration.backups import BackupFacts
from chat.domain.messages.live import RoomCreated
from chat.engine.engine import Engine
from chat.engine.services import EngineServices
from chat.operations.operation import Handler, Operation


class Services(EngineServices, frozen=True, kw_only=True):
    """The layers below the protocols. `session.py` has the parts of one connection, its way to the journal too.

    `direct_trust_from`: direct clients may claim to be any person, for labs.
    """

    direct_trust_from: bool = False
    frame_bytes: int = 65_536
    """Of the longest message that a socket may send."""
    backups: Callable[[], BackupFacts] = BackupFacts
    """Reads the state of the server's backups. It blocks for a small file."""
    handler_of: Callable[[Operation], Handler] = attrgetter("handler")
    """Returns the handler of an operation; with traces, one that makes a span. Sync."""


def services_of(engine: Engine, **settings: Any) -> Services:  # noqa: ANN401 - as Services has them
    """Return the services of an engine. Sync."""
    offered = {name: getattr(engine, name) for name in EngineServices.__struct_fields__}
    services = Services(**offered, **settings)
    services.notices.on(
        RoomCreated, lambda made, _node, _origin: services.presence.made_room(made.person_id, made.room_id)
    )
    return services
