"""What a chat protocol is: its codec, how a client of it is made, and what it answers over HTTP."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from quart import Blueprint

from chat.engine.dialect import Dialect
from chat.engine.session import ClientFactory
from chat.protocols.services import Services
from chat.web_api.endpoint import Routes


class ChatProtocol(NamedTuple):
    """One protocol, as its package declares it and the registry lists it.

    `open` is called once for each server: it makes what the protocol's clients share, and returns how one is made.
    Over HTTP it answers `routes`, which one document describes for all protocols, or `blueprints` that have their own.
    """

    dialect: Dialect
    open: Callable[[Services], ClientFactory]
    routes: Callable[[Services], Routes] | None = None
    blueprints: Callable[[Services], Sequence[Blueprint]] = lambda _services: ()
