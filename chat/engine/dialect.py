"""What a dialect is: two pure functions and a few facts. No await, no hub, no clock."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from chat.engine.events import Event, RequestId


class Command(msgspec.Struct, frozen=True):
    """What a client asks for, as its dialect understood it. Each protocol has commands of its own."""

    @property
    def ref(self) -> RequestId:
        """The request's own id, which the answer repeats, in protocols that have one."""
        return None


class Greet(Command, frozen=True):
    """The client has just connected, perhaps with a token, and waits for its first frame."""


class Encoder(Protocol):
    """How events are put into frames.

    Compared by identity: the hub calls each encoder once for a message.
    """

    @property
    def echoes(self) -> bool:
        """Whether a socket hears its own messages."""
        ...

    def encode(self, event: Event) -> bytes:
        """Return the complete WebSocket frames that tell `event`; empty where there are no words for it."""
        ...


class Dialect(Encoder, Protocol):
    """One wire protocol."""

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
    def needs_token(self) -> bool:
        """Whether the handshake must carry a token; without a good one it is refused with 401."""
        ...

    @property
    def admits_visitors(self) -> bool:
        """Whether a handshake may carry the token of a visitor of the support widget."""
        ...

    def decode(self, frame: str | bytes) -> Command:
        """Understand a frame as a command. Never raises: what can't be read becomes a command that says so."""
        ...


def by_path(dialects: Sequence[Dialect], path: str) -> Dialect | None:
    """Return the dialect that has this path to itself."""
    return next((dialect for dialect in dialects if dialect.path == path), None)


def by_name(dialects: Sequence[Dialect], name: str) -> Dialect | None:
    """Return the dialect of this name."""
    return next((dialect for dialect in dialects if dialect.name == name), None)


def by_shape(dialects: Sequence[Dialect], frame: str | bytes) -> Dialect | None:
    """Return the first dialect whose first frames have the keys that this one has."""
    if isinstance(frame, bytes):
        return None
    try:
        keys = msgspec.json.decode(frame, type=dict[str, msgspec.Raw]).keys()
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return next((dialect for dialect in dialects if dialect.shape <= keys), None)
