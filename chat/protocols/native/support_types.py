"""What is asked about support conversations, and answered: every field, its type and its limits."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from chat.domain.bounds import Greeting
from chat.domain.wrong_values import pattern
from chat.operations.room_values import Room, SupportState
from chat.operations.values import PLACE, Email, Id, Limit, Name, Value, WebPage

QueueAfter = Annotated[
    str,
    pattern(
        r"^([01]\.-?[0-9]{1,18}\.[0-9]{1,18})?$(?!\n)", PLACE, description="The `next` of the page before"
    ),
]


class CreateVisitor(Value, kw_only=True, frozen=True):
    """Who writes from a web page: what to call them, how to reach them, and the page; each only if they want.

    Of the page what stands behind `?` or `#` is not kept.
    """

    name: Name | None = None
    email: Email | None = None
    page: WebPage | None = None


class SupportDesk(Value, kw_only=True, frozen=True):
    """Whether an operator is online, the operators' own greeting, and how many bytes a visitor's file may have.

    Without a greeting a client has its own; 0 bytes: no files.
    """

    online: bool
    greeting: Greeting = ""
    file_bytes: int = 0


class WhichConversations(Value, kw_only=True, frozen=True):
    """A page of the conversations: open or closed ones, and those of one operator."""

    state: SupportState | None = None
    assignee: Annotated[int, Meta(ge=0, le=2**53 - 1, description="0: nobody's")] | None = None
    after: QueueAfter = ""
    limit: Limit = 50


class Conversations(Value, kw_only=True, frozen=True):
    """Conversations: first who waits for an answer, the longest first. Where there are more, `next` is the place."""

    rooms: list[Room]
    next: str | None = None


class ChangeSupport(Value, kw_only=True, frozen=True):
    """What a conversation is to be; what is left out stays. To claim it is `assignee` = oneself and `was` = null.

    `was` is whose it must be for that, null of nobody. `blocked` is whether its visitor is shut out, which closes it.
    """

    room: Id
    state: SupportState | UnsetType = UNSET
    assignee: Id | UnsetType | None = UNSET
    was: Id | UnsetType | None = UNSET
    blocked: bool | UnsetType = UNSET
