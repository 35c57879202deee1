"""Events of `Chat.events()`: those of the wire, and what the client itself reports."""

from msgspec import Struct

from chat.client.wire import (
    Activity,
    LoggedChange,
    MemberChanged,
    MemberCount,
    Message,
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


class Restored(Struct, frozen=True):
    """The server's data were restored from a backup, and changes that this client had are gone.

    It comes before Connected, and after a RoomSnapshot with `reset` for each room that lost some.

    Attributes:
        at: when they were restored, in Unix milliseconds; None: the server does not know.
        until: they have everything until then; None: the server does not know.
        lost: the messages that the client held and that are gone, in the order of their rooms and `seq`. Their `seq`
            and the ids of rooms, people and files that are newer than the backup name others now.
    """

    at: int | None
    until: int | None
    lost: tuple[Message, ...]


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
    | Restored
)
"""What `Chat.events()` yields."""
