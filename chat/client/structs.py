"""What the types of the protocol are made of, and two values that no frame has as they are here.

`wire.py` is made from the server's types. These parts are written by hand, because no type of the server says them:
what encoding leaves out, the properties, and the limits that hold before the server has named its own.
"""

from typing import ClassVar, NamedTuple

from msgspec import Struct


class Value(Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Base of all values: unknown fields, as of a newer server, are ignored; defaults are left out."""


class Request(Struct, omit_defaults=True, frozen=True, kw_only=True):
    """Base of all requests; a request gets its number when it is sent."""

    type: ClassVar[str]


class Position(NamedTuple):
    """A position in a room: the `pos` of a change and its time `at`, by which the server verifies it."""

    pos: int
    at: int


class Limits(Value, kw_only=True, frozen=True):
    """Limits of the server.

    Attributes:
        known: positions in one `sync`.
        in_flight: unanswered requests on one connection.
        text: characters of a text.
        frame_bytes: bytes of a frame.
        key_days: days for which the server knows the keys of messages; 0: for ever.
    """

    known: int = 800
    in_flight: int = 64
    text: int = 4000
    frame_bytes: int = 65_536
    key_days: int = 0

    @property
    def positions(self) -> int:
        """How many positions surely fit in one `sync`. Sync."""
        return max(1, min(self.known, (self.frame_bytes - _SYNC_BYTES) // _POSITION_BYTES))


_POSITION_BYTES, _SYNC_BYTES = 80, 256
"""Bytes of a position in a `sync`, and of the rest of the frame, at most."""


class MemberProperties:
    """Properties of a MemberChanged."""

    __slots__ = ()
    person: int
    role: str | None

    @property
    def person_id(self) -> int:
        """The id of the person."""
        return self.person

    @property
    def is_member(self) -> bool:
        """Whether the person is a member of the room now."""
        return self.role not in (None, "banned")
