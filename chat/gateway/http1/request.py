"""A request whose head has been read: what the gateway hands on with the connection."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chat.gateway.http1.head import Head, ReplayStream
from chat.settings.listen import Listen


@dataclass(frozen=True, slots=True)
class IncomingRequest:
    """One connection and its request. The head has been put back into the stream and is read again from there."""

    stream: ReplayStream
    head: Head
    address: str
    """The client's real address, behind a trusted proxy too."""
    scheme: str
    """`http` or `https`, as the client sees it."""
    listen: Listen
    refusal: str | None = None
    """Why it may come from another site's page, and is answered with 403."""


ServeSocket = Callable[[IncomingRequest], Awaitable[None]]
"""Serves one socket until it is over. What it raises ends this connection only.

The gateway keeps no reference to the request: whoever drops it drops some 2 KiB of head for each idle socket.
"""
