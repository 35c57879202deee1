"""What a protocol may use of the server: one value, given to each when the server is opened."""

from typing import Any

from chat.engine.engine import Engine
from chat.engine.services import EngineServices


class Services(EngineServices, frozen=True, kw_only=True):
    """What stands below the protocols. `session.py` has what is of one connection, its way to the journal too.

    `direct_trust_from`: clients of direct messages are whom they say they are, for labs.
    """

    direct_trust_from: bool = False
    frame_bytes: int = 65_536
    """Of the longest message that a socket may send."""


def services_of(engine: Engine, **settings: Any) -> Services:  # noqa: ANN401 - as Services has them
    """Return what protocols may use of an engine. Sync."""
    offered = {name: getattr(engine, name) for name in EngineServices.__struct_fields__}
    return Services(**offered, **settings)
