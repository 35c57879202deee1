"""What a dialect is: two pure functions and a few facts. No await, no hub, no clock."""

from collections.abc import Sequence
from typing import Protocol

from chat.model.commands import Command
from chat.model.events import Event


class Dialect(Protocol):
    """One wire protocol.

    Instances are compared by identity: the hub encodes a message once for each instance that listens.
    """

    @property
    def name(self) -> str:
        """The name in `--listen PORT=NAME`."""
        ...

    @property
    def path(self) -> str:
        """The WebSocket path that speaks it."""
        ...

    @property
    def shape(self) -> frozenset[str]:
        """The keys by which its first frame is known at `/`."""
        ...

    @property
    def echoes(self) -> bool:
        """Whether a socket hears its own messages."""
        ...

    def decode(self, frame: str | bytes) -> Command:
        """Understand a frame. Never raises: what can't be read becomes `Misunderstood`."""
        ...

    def encode(self, event: Event) -> bytes:
        """Return the complete WebSocket frames that tell `event`; empty where the dialect has no words for it."""
        ...


def by_path(dialects: Sequence[Dialect], path: str) -> Dialect | None:
    """Return the dialect that has this path to itself."""
    return next((dialect for dialect in dialects if dialect.path == path), None)


def by_name(dialects: Sequence[Dialect], name: str) -> Dialect | None:
    """Return the dialect of this name."""
    return next((dialect for dialect in dialects if dialect.name == name), None)
