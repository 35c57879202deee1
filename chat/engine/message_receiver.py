"""The ports by which a session receives messages and closes its connection; the transports implement them."""

from collections.abc import Callable, Sequence
from typing import Protocol

from trio_websocket import CloseReason


class MessageReceiver(Protocol):
    """Receives the messages of one client."""

    @property
    def last_received_at(self) -> float:
        """When bytes last arrived, in seconds of Trio's clock."""
        ...

    async def receive(self) -> Sequence[str | bytes]:
        """Wait for messages, and return one or more. Raises ConnectionClosed.

        Cancelling: a message may be lost, so do not call it again.
        """
        ...

    def ping(self, payload: bytes) -> bytes:
        """Return the bytes of a ping, for the send queue. Sync."""
        ...

    def on_pong(self, handler: Callable[[bytes], None]) -> None:
        """Call `handler` with the payload of each later pong, also after the last receive(). Sync."""
        ...

    async def take_in(self) -> None:
        """Read pongs while no receive() runs; bytes behind a message wait for receive().

        It returns only when bytes arrive. Cancelling: nothing is lost.
        """
        ...

    def receive_no_more(self) -> None:
        """Note that receive() is not called again. Sync."""
        ...


class Closable(Protocol):
    """The connection of one client, whose end the session begins."""

    @property
    def closed(self) -> CloseReason | None:
        """Why the connection is closed; None: it is open."""
        ...

    async def aclose(self, code: int = ..., reason: str | None = ...) -> None:
        """Send the client the reason, and wait for its answer. Cancelling: without an answer."""
        ...
