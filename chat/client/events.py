"""Events of `Chat.events()`: those of the wire, and what the client itself reports."""

from msgspec import Struct

from chat.client.wire import (
    Activity,
    LoggedChange,
    MemberChanged,
    MemberCount,
    MessageDeleted,
    MessageEdited,
    NewMessage,
    PresenceChanged,
    ProfileChanged,
    ReactionChanged,
    ReadMark,
    RoomChanged,
    RoomGone,
    RoomSnapshot,
    SupportChanged,
    UnknownChange,
    WireEvent,
)


class FeatureChange(LoggedChange, kw_only=True, frozen=True):
    """A change in the log of a room that a feature defines (`chat.client.features`)."""


class Connected(Struct, frozen=True):
    """The client is connected, and the program has got everything that happened before."""


class Disconnected(Struct, frozen=True):
    """The connection is lost. The client reconnects after `retry_in` seconds."""

    reason: str
    retry_in: float


Change = (
    NewMessage
    | MessageEdited
    | MessageDeleted
    | ReactionChanged
    | MemberChanged
    | RoomChanged
    | SupportChanged
    | FeatureChange
    | UnknownChange
)
Unlogged = Activity | PresenceChanged | ProfileChanged
Frame = WireEvent | FeatureChange
Event = (
    NewMessage
    | MessageEdited
    | MessageDeleted
    | ReactionChanged
    | MemberChanged
    | RoomChanged
    | SupportChanged
    | FeatureChange
    | RoomSnapshot
    | RoomGone
    | ReadMark
    | MemberCount
    | Activity
    | PresenceChanged
    | ProfileChanged
    | Connected
    | Disconnected
)
"""What `Chat.events()` yields."""
