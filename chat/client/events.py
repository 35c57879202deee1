"""Events of `Chat.events()`, and the frames that they are decoded from.

Fields are named as in the protocol. Times are Unix milliseconds.
"""

from msgspec import Struct

from chat.client.values import Message, Person, Presence, RoomInfo, Sender, Value


class NewMessage(Message, kw_only=True, frozen=True):
    """Somebody sent a message, or joined the room (`kind="join"`).

    After an absence the message comes as it is now, with its later edits and reactions. `pos` is that of this event.
    """


class LoggedChange(Value, kw_only=True, frozen=True):
    """A change in the log of a room. Its `pos` is one more than that of the change before; `at` is its time."""

    room: int
    pos: int
    at: int


class MessageEdited(LoggedChange, kw_only=True, frozen=True):
    """A message got a new text. `mentions` are the people whom it names; with `all` it names everybody in the room."""

    seq: int
    text: str = ""
    mentions: tuple[int, ...] = ()
    all: bool = False


class MessageDeleted(LoggedChange, kw_only=True, frozen=True):
    """A message was deleted. `by` is None if a command on the server's machine deleted it."""

    seq: int
    by: int | None = None


class ReactionChanged(LoggedChange, kw_only=True, frozen=True):
    """Somebody added a reaction (`on`) or removed it. `count` people now react to the message with this emoji."""

    seq: int
    person: int
    emoji: str
    on: bool = True
    count: int = 0


class MemberChanged(LoggedChange, kw_only=True, frozen=True):
    """A person has another role in the room; None or `banned`: they are no member now.

    A new member comes as a `NewMessage` of kind `join` instead.
    """

    person: int | Sender
    role: str | None = None
    by: int | None = None

    @property
    def person_id(self) -> int:
        """The id of the person."""
        return self.person if isinstance(self.person, int) else self.person.id

    @property
    def is_member(self) -> bool:
        """Whether the person is a member of the room now."""
        return self.role not in (None, "banned")


class RoomChanged(LoggedChange, kw_only=True, frozen=True):
    """The name, the topic, the privacy or the archiving of a room changed. All four have their new values."""

    name: str | None = None
    topic: str = ""
    private: bool = False
    archived: bool = False
    by: int | None = None


class SupportChanged(LoggedChange, kw_only=True, frozen=True):
    """A support conversation was opened, closed, assigned or unassigned. `state` is `open` or `closed`."""

    state: str
    assignee: Sender | None = None
    waiting_since: int | None = None
    by: int | None = None


class UnknownChange(LoggedChange, kw_only=True, frozen=True):
    """A change of a type that this client does not know. It moves the position of the room; no program gets it."""


class MoreChanges(LoggedChange, kw_only=True, frozen=True):
    """The server has more changes of the room than it sent. The client requests them; no program gets this frame."""


class RoomSnapshot(RoomInfo, kw_only=True, frozen=True):
    """A room as it is now: the person came into it, or changed their settings of it.

    With `reset` the server could not continue from the client's position, and the events before this one are not
    continued. Read what was missed with `Chat.history(room, after=after)`.

    Attributes:
        reset: why: `other_history` (the server restored a backup) or `erased` (the changes were erased); else None.
        after: with `reset`, the `seq` of the last message at the client's position.
    """

    reset: str | None = None
    after: int | None = None


class RoomGone(Value, kw_only=True, frozen=True):
    """The person is no longer in a room: they left or were `removed`, or the room was `deleted` or `closed`."""

    room: int
    reason: str = ""


class ReadMark(Value, kw_only=True, frozen=True):
    """A person has read up to message `seq`.

    `unread` and `mentions` count what is left, for the person of this client only: they read in another client.
    """

    room: int
    person: int
    seq: int = 0
    unread: int = 0
    mentions: int = 0


class Activity(Value, kw_only=True, frozen=True):
    """A person is `typing` in a room or `viewing` it, or stopped (`none`). It holds for 6 seconds unless repeated."""

    room: int
    person: Sender
    what: str


class MemberCount(Value, kw_only=True, frozen=True):
    """The number of people in the lobby. In other rooms, count by `NewMessage` of kind `join` and `MemberChanged`."""

    room: int
    members: int = 0


class PresenceChanged(Value, kw_only=True, frozen=True):
    """People whom the program watches (`Chat.watch`) came online, went away or went offline."""

    people: tuple[Presence, ...] = ()


class ProfileChanged(Person, kw_only=True, frozen=True):
    """A profile changed: of a watched person, of somebody in a common room, or of the person of this client."""


class Bye(Value, kw_only=True, frozen=True):
    """The server stops. The client reconnects after `after_ms` milliseconds; no program gets this frame."""

    after_ms: int = 0


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
    | UnknownChange
)
Unlogged = Activity | PresenceChanged | ProfileChanged
Frame = Change | MoreChanges | RoomSnapshot | RoomGone | ReadMark | MemberCount | Unlogged | Bye
Event = (
    NewMessage
    | MessageEdited
    | MessageDeleted
    | ReactionChanged
    | MemberChanged
    | RoomChanged
    | SupportChanged
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

TYPES: dict[str, type[Frame]] = {
    "message": NewMessage,
    "edited": MessageEdited,
    "deleted": MessageDeleted,
    "reacted": ReactionChanged,
    "member": MemberChanged,
    "changed": RoomChanged,
    "support": SupportChanged,
    "more": MoreChanges,
    "room": RoomSnapshot,
    "gone": RoomGone,
    "read": ReadMark,
    "members": MemberCount,
    "activity": Activity,
    "presence": PresenceChanged,
    "person": ProfileChanged,
    "bye": Bye,
}
"""By the `type` of a frame. Another frame with `room` and `pos` is an UnknownChange."""
