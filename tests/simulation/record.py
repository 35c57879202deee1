"""What the clients of a world did and received: a flat list of events in order."""

import hashlib
import traceback
from collections.abc import Sequence

import msgspec
import trio


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One observation, from the side of a client. Which fields count depends on `op`; the README lists them."""

    at: float
    op: str
    conn: str = ""
    who: int = 0  # a person's id; 0 is nobody
    topic: str = ""  # lobby, desk, room:ID, support:PERSON, direct:PERSON:PERSON
    id: int = 0
    text: str = ""
    name: str = ""
    note: str = ""


class Row(msgspec.Struct, frozen=True):
    """A message as the storage has it in the end."""

    topic: str
    id: int
    seq: int
    who: int
    name: str
    text: str


class Kept(msgspec.Struct, frozen=True):
    """A message of the room in the end: which key of whom it was sent with, and what it has become."""

    seq: int
    who: int
    key: str
    sent: str
    text: str
    count: int
    is_deleted: bool


class Entry(msgspec.Struct, frozen=True):
    """A change of the room: `kind` is said, edited, deleted or reacted."""

    pos: int
    seq: int
    kind: str


class EditedRoom(msgspec.Struct):
    """The room of the editors in the end."""

    messages: list[Kept]
    log: list[Entry]


class Act(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entry of the log of the moderators' room: join (by 0), role, remove, ban, delete or topic."""

    pos: int
    what: str
    who: int
    whom: int
    role: str = ""


class ModeratedRoom(msgspec.Struct):
    """The room of the moderators: who made it, the roles of its beginning, and all that was done there, in order."""

    creator: int
    roles: dict[int, str]
    acts: list[Act]


class History(msgspec.Struct):
    """All that the checker looks at.

    `names` are all names that each person ever had; `operators` hear every support conversation; `bugs` are what
    the server itself shows to be wrong: a traceback in its log, a task left behind. `failing` has the times at which
    the database did not do what it was asked. `edited` is the room of the editors, where there are any.
    """

    events: list[Event]
    rows: list[Row]
    names: dict[int, list[str]]
    operators: list[int]
    bugs: list[str]
    failing: list[tuple[float, float]]
    edited: EditedRoom | None = None
    moderated: ModeratedRoom | None = None
    quick: list[int] = []
    """The numbers of clients whose links are always quick, and who always read."""

    def digest(self) -> str:
        """Return what two runs have in common exactly when they are the same, event for event."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


class Recorder:
    """Takes the events down."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def note(
        self,
        op: str,
        conn: str = "",
        *,
        who: int = 0,
        topic: str = "",
        id: int = 0,
        text: str = "",
        name: str = "",
        note: str = "",
    ) -> None:
        at = round(trio.current_time(), 6)
        self.events.append(Event(at, op, conn, who, topic, id, text, name, note))


UNADDRESSED = "support:?"
"""The topic of an operator's answer to the last sender."""


def direct(one: int, other: int) -> str:
    """Return the topic of two people."""
    return f"direct:{min(one, other)}:{max(one, other)}"


def described(error: BaseException | None) -> str:
    """Return an error's traceback with the innermost ones of all its groups, which Python leaves out."""
    assert error is not None
    return "".join(traceback.TracebackException.from_exception(error, max_group_depth=99).format())


def mentions(events: Sequence[Event], text: str) -> list[Event]:
    """Return the events about one message, to investigate a failure."""
    return [event for event in events if event.text == text]
