"""A request whose head has been read, as the gateway passes it on with its connection."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from chat.gateway.http1.head import Head, ReplayStream
from chat.settings.listen import Listen


@dataclass(frozen=True, slots=True)
class IncomingRequest:
    """A connection and its request. The head was put back into the stream, which returns it again."""

    stream: ReplayStream
    head: Head
    address: str
    """The client's real address, also through a trusted proxy."""
    scheme: str
    """`http` or `https`, as the client sees it."""
    listen: Listen
    refusal: str | None = None
    """Why it is refused with 403 as a request of another site's page."""


ServeSocket = Callable[[IncomingRequest], Awaitable[None]]
"""Serves one socket to its end. What it raises ends this connection only.

The gateway keeps no reference to the request, so the callee can release some 2 KiB of head for each idle socket.
"""


class StreamServer(Protocol):
    """Serves connections of a protocol that has listeners of its own, without HTTP."""

    async def serve(self, stream: ReplayStream, address: str) -> None:
        """Serve one client to its end. What it raises ends this connection only. Cancelling disconnects it."""
        ...

    async def refuse(self, stream: ReplayStream, reason: str) -> None:
        """Send the reason, as the protocol has it; the caller closes. Cancelling: perhaps nothing was sent."""
        ...
