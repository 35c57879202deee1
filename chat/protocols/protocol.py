"""A chat protocol: its codec, the factory of its clients, and its HTTP routes."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from quart import Blueprint

from chat.engine.dialect import Dialect
from chat.engine.session import ClientFactory
from chat.protocols.services import Services
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
