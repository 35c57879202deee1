"""A chat protocol: its codec, the factory of its clients, and its HTTP routes or its server of streams."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from quart import Blueprint

from chat.engine.dialect import Dialect
from chat.engine.presence import Presence
from chat.engine.session import ClientFactory, SessionContext
from chat.gateway.http1.request import StreamServer
from chat.inspection.recorder import Recorder
from chat.protocols.services import Services
from chat.settings.config import Config
from chat.web_api.endpoint import Routes


class ChatProtocol(NamedTuple):
    """One protocol, as its package declares it and the registry lists it.

    `open` is called once for each server: it makes the state that the protocol's clients share, and returns their
    factory. `routes` are described in one document of all protocols; `blueprints` have documents of their own.
    """

    dialect: Dialect
    open: Callable[[Services], ClientFactory]
    routes: Callable[[Services], Routes] | None = None
    blueprints: Callable[[Services], Sequence[Blueprint]] = lambda _services: ()


class StreamProtocol(NamedTuple):
    """A protocol that has listeners of its own and no WebSocket. `open` is as that of ChatProtocol.

    `server` is called once for each server, and returns what serves the connections.
    """

    dialect: Dialect
    open: Callable[[Services], ClientFactory]
    server: Callable[[Config, SessionContext, Presence, Recorder], StreamServer]
