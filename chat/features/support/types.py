"""The requests and replies about support conversations: every field, its type and its limits."""

from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, UnsetType

from chat.domain.limits.bounds import Greeting, WhenAway
from chat.domain.text.wrong_values import pattern
from chat.operations.room_values import Pos, Room, Sender, SupportState
from chat.operations.values import PLACE, Email, Id, Limit, Name, Time, Value, WebPage

QueueAfter = Annotated[
    str,
    pattern(
        r"^([01]\.-?[0-9]{1,18}\.[0-9]{1,18})?$(?!\n)", PLACE, description="The `next` of the page before"
    ),
]


Count = Annotated[int, Meta(ge=0)]


class CreateVisitor(Value, kw_only=True, frozen=True):
    """A visitor of a web page: name, email address and page, all optional. The page's query is not kept."""

    name: Name | None = None
    email: Email | None = None
    page: WebPage | None = None


class SupportDesk(Value, kw_only=True, frozen=True):
    """Whether an operator is online, the operators' greeting, and the most bytes of a visitor's file.

    `away` is there while nobody answers, for example outside the opening hours: clients show a message, or nothing at
    all. `opens` is when the desk opens again. An empty greeting: clients use their own. 0 bytes: no files.
    """

    online: bool
    away: WhenAway | None = None
    opens: Time | None = None
    greeting: Greeting = ""
    file_bytes: int = 0


class WhichConversations(Value, kw_only=True, frozen=True):
    """A page of the conversations, optionally only open or closed ones, or those of one operator."""

    state: SupportState | None = None
    assignee: Annotated[int, Meta(ge=0, le=2**53 - 1, description="0: nobody's")] | None = None
    after: QueueAfter = ""
    limit: Limit = 50


class Conversations(Value, kw_only=True, frozen=True):
    """Conversations: first those that wait for an answer, longest first. `next` is the `after` of the next page."""

    rooms: list[Room]
    next: str | None = None


class ConversationCounts(Value, kw_only=True, frozen=True):
    """How many support conversations of others are open, wait for an answer, and are assigned to oneself.

    `unread` is the number of unread messages, to 100 for each conversation, in `unread_in` conversations that one has
    not muted or hidden.
    """

    open: Count
    waiting: Count
    mine: Count
    unread: Count
    unread_in: Count


class WhichHistory(Value, kw_only=True, frozen=True):
    """A support conversation."""

    limit: ClassVar[int] = 100
    """Changes that are returned at most."""

    room: Id


class SupportStep(Value, kw_only=True, frozen=True):
    """The state and the assignee of a conversation from a change on, and who made it.

    A closing by the conversation's own person is the server's: nobody had written for long.
    """

    pos: Pos
    at: Time
    state: SupportState
    assignee: Sender | None = None
    by: Id


class SupportHistory(Value, kw_only=True, frozen=True):
    """The newest changes of a conversation, the oldest first."""

    changes: list[SupportStep]


class ChangeSupport(Value, kw_only=True, frozen=True):
    """Changes of a conversation; fields that are left out stay.

    `was` is the assignee that the conversation must have now, null for none; else the change is refused. To claim it,
    send `assignee` = oneself and `was` = null. `blocked` blocks its visitor, which also closes it, or unblocks them.
    """

    room: Id
    state: SupportState | UnsetType = UNSET
    assignee: Id | UnsetType | None = UNSET
    was: Id | UnsetType | None = UNSET
    blocked: bool | UnsetType = UNSET
