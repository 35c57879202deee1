"""What a program is told: changes of rooms, each the next of its room, and what is beside them."""

from msgspec import Struct

from chat.client.values import Message, Person, Presence, RoomInfo, Sender, Value


class Said(Message, kw_only=True, frozen=True):
    """A message of a room; one that is told late is already as it is now. `pos` is this event's."""


class Logged(Value, kw_only=True, frozen=True):
    """A change of a room: `pos` is the next of that room, `at` is when it was, in Unix milliseconds."""

    room: int
    pos: int
    at: int


class Edited(Logged, kw_only=True, frozen=True):
    """A message has another text, which mentions these people; `all`: everybody in the room."""

    seq: int
    text: str = ""
    mentions: tuple[int, ...] = ()
    all: bool = False


class Deleted(Logged, kw_only=True, frozen=True):
    """A message is deleted; nobody: by whoever runs the server."""

    seq: int
    by: int | None = None


class Reacted(Logged, kw_only=True, frozen=True):
    """Somebody reacts to a message, or no longer does; `count` people react to it with that emoji now."""

    seq: int
    person: int
    emoji: str
    on: bool = True
    count: int = 0


class Member(Logged, kw_only=True, frozen=True):
    """A member's role in the room is now this; None or `banned`: out. That somebody came is a message, a join."""

    person: int | Sender
    role: str | None = None
    by: int | None = None

    @property
    def person_id(self) -> int:
        """Who it is."""
        return self.person if isinstance(self.person, int) else self.person.id

    @property
    def is_out(self) -> bool:
        """Whether they are a member no more."""
        return self.role in (None, "banned")


class Changed(Logged, kw_only=True, frozen=True):
    """The room has another name, topic or kind of access."""

    name: str | None = None
    topic: str = ""
    private: bool = False
    archived: bool = False
    by: int | None = None


class SupportChanged(Logged, kw_only=True, frozen=True):
    """A support conversation is `open` or `closed` now, and an operator's or nobody's."""

    state: str
    assignee: Sender | None = None
    waiting_since: int | None = None
    by: int | None = None


class Unknown(Logged, kw_only=True, frozen=True):
    """A change that this client does not know. It is counted, and not told to the program."""


class More(Logged, kw_only=True, frozen=True):
    """There are more changes of the room than were told. The connection asks for them; no program is told."""


class RoomTold(RoomInfo, kw_only=True, frozen=True):
    """A room as it is now: one is new in it, or one's own settings of it have changed.

    With `reset` what was known of the room is void, because the server's log does not have the position: it is of
    another history (`other_history`, a restored backup), or before what was erased (`erased`). What was said since can
    be read with `Chat.history`, after the message `after`.
    """

    reset: str | None = None
    after: int | None = None


class Gone(Value, kw_only=True, frozen=True):
    """One is no longer in a room: `removed`, `deleted` or `closed`."""

    room: int
    reason: str = ""


class ReadMark(Value, kw_only=True, frozen=True):
    """How far somebody has read; `unread` and `mentions` are only of oneself, who is told what one reads elsewhere."""

    room: int
    person: int
    seq: int = 0
    unread: int = 0
    mentions: int = 0


class Activity(Value, kw_only=True, frozen=True):
    """Somebody is `typing` in a room, or `viewing` it, or does neither any more (`none`): forget it after 6 seconds."""

    room: int
    person: Sender
    what: str


class MembersTold(Value, kw_only=True, frozen=True):
    """So many people are in the lobby now; of other rooms `Said` and `Member` tell who comes and goes."""

    room: int
    members: int = 0


class PresenceTold(Value, kw_only=True, frozen=True):
    """People who are watched have come, or gone."""

    people: tuple[Presence, ...] = ()


class PersonTold(Person, kw_only=True, frozen=True):
    """The profile of somebody who is watched, of somebody one meets in a room, or one's own, has changed."""


class Bye(Value, kw_only=True, frozen=True):
    """The server stops; come back after so many milliseconds. The connection heeds it; no program is told."""

    after_ms: int = 0


class Connected(Struct, frozen=True):
    """The line is up, and all that happened meanwhile has been told."""


class Disconnected(Struct, frozen=True):
    """The line is down, and why; it is tried again after so many seconds."""

    why: str
    retry_in: float


Change = Said | Edited | Deleted | Reacted | Member | Changed | SupportChanged | Unknown
Beside = Activity | PresenceTold | PersonTold
Frame = Change | More | RoomTold | Gone | ReadMark | MembersTold | Beside | Bye
Event = (
    Said
    | Edited
    | Deleted
    | Reacted
    | Member
    | Changed
    | SupportChanged
    | RoomTold
    | Gone
    | ReadMark
    | MembersTold
    | Activity
    | PresenceTold
    | PersonTold
    | Connected
    | Disconnected
)
"""What `Chat.events()` tells."""

TYPES: dict[str, type[Frame]] = {
    "message": Said,
    "edited": Edited,
    "deleted": Deleted,
    "reacted": Reacted,
    "member": Member,
    "changed": Changed,
    "support": SupportChanged,
    "more": More,
    "room": RoomTold,
    "gone": Gone,
    "read": ReadMark,
    "members": MembersTold,
    "activity": Activity,
    "presence": PresenceTold,
    "person": PersonTold,
    "bye": Bye,
}
"""By the `type` of a frame; whatever else has `room` and `pos` is Unknown."""
