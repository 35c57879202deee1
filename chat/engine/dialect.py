"""A dialect: two pure functions, decode and encode, and a few facts. No await, no hub, no clock."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from chat.engine.events import Event, RequestId


class Command(msgspec.Struct, frozen=True):
    """A client's request, as its dialect decoded it. Each protocol has commands of its own."""

    @property
    def ref(self) -> RequestId:
        """The request's id, which the answer repeats; None in protocols without one."""
        return None


class Greet(Command, frozen=True):
    """The client has just connected, perhaps with a token: send its first frame."""


class Encoder(Protocol):
    """Encodes events as frames. Compared by identity: the hub calls each encoder once for a change."""

    @property
    def echoes(self) -> bool:
        """Whether a socket is sent its own messages."""
        ...

    def encode(self, event: Event) -> bytes:
        """Return complete frames for `event`, or lines of IRC; empty if the dialect has none."""
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
        """The keys that identify its first frame at `/`."""
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
        """Decode a frame as a command. Never raises: an invalid frame becomes a command that says so."""
        ...


def by_path(dialects: Sequence[Dialect], path: str) -> Dialect | None:
    """Return the dialect with this path."""
    return next((dialect for dialect in dialects if dialect.path == path), None)


def by_name(dialects: Sequence[Dialect], name: str) -> Dialect | None:
    """Return the dialect of this name."""
    return next((dialect for dialect in dialects if dialect.name == name), None)


def by_shape(dialects: Sequence[Dialect], frame: str | bytes) -> Dialect | None:
    """Return the first dialect whose `shape` this frame has."""
    if isinstance(frame, bytes):
        return None
    try:
        keys = msgspec.json.decode(frame, type=dict[str, msgspec.Raw]).keys()
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return next((dialect for dialect in dialects if dialect.shape <= keys), None)
