"""What an operation of the native protocol is: a line of the table that feeds every way in and every description."""

from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Any, assert_never

import msgspec

from chat.domain.budgets import Budgets
from chat.domain.entities import Person
from chat.domain.refusals import Code, Refusal
from chat.domain.room_history import MOST_TEXTS
from chat.domain.sessions import Device
from chat.engine.hub import Subscriber


class Access(Enum):
    """Who may call."""

    ANYBODY = auto()
    """Whoever has a token is not looked at."""
    PERHAPS_PERSON = auto()
    """Anybody; whoever has a good token is known."""
    PERSON = auto()
    """Whoever has a good token."""
    ADMIN = auto()
    """Whoever has a good token and is an admin."""


class Cost(Enum):
    """What it costs, beside what every call of an address costs."""

    NOTHING = auto()
    """Of the caller's budgets; logins, registrations and codes have limits of their own."""
    MESSAGE = auto()
    """One message of the caller's budget."""
    TEXT = auto()
    """One message, and the bytes of the request's `text`."""
    PAGE = auto()
    """What it costs to read the request's `limit` of messages."""
    TEXTS = auto()
    """What it costs to read all the texts that a message had."""
    UPLOAD = auto()
    """A file."""
    SEARCH = auto()
    """A search, and what it costs to read the request's `limit` of messages."""


class Caller(msgspec.Struct, frozen=True):
    """Who asks, and from where. `person` is there where the operation's access says so; `socket`, if one asks."""

    person: Person | None
    device: Device
    socket: Subscriber | None = None

    @property
    def known(self) -> Person:
        """Whoever asks, where only a person may."""
        assert self.person is not None
        return self.person


class AlreadyDone(msgspec.Struct, frozen=True):
    """The reply to what was asked for and done before: nothing was done now."""

    reply: msgspec.Struct


Handler = Callable[..., Awaitable[Any]]
"""Takes services, the caller, a request of the operation's type, and a body of bytes if there is one.

It returns a reply of the operation's type, in AlreadyDone where that can be, or a Refusal. It knows no way in.

May raise StorageDown and OutcomeUnknown. Cancelling: what was begun is done whole, or not at all.
"""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. Where `request` or `reply` is None, there is nothing to say; without `method` HTTP has it not.

    `on_socket` is the type of its request on the socket, if it has one there; `is_read` says that such requests are
    answered beside others, in any order. `takes_bytes`: a file comes with the request; `gives_bytes`: the reply is one.
    `refuses` are the codes of its refusals beside those that every operation has. Visitors of the support widget may
    call it where it says `visitors`, and tokens for programs unless it says that they may not, with `tokens`. Over HTTP
    a field of `request` is taken from the path if that has it, else from the body, or from the query of a GET and of
    what takes bytes; `status` is that of a reply, and `repeated` of one to what was done before.
    """

    name: str
    method: str | None = None
    path: str = ""
    request: type[msgspec.Struct] | None = None
    reply: type[msgspec.Struct] | None = None
    status: int = 200
    repeated: int | None = None
    on_socket: str | None = None
    is_read: bool = False
    takes_bytes: bool = False
    gives_bytes: bool = False
    access: Access = Access.PERSON
    visitors: bool = False
    tokens: bool = True
    cost: Cost = Cost.NOTHING
    refuses: tuple[Code, ...] = ()
    handler: Handler

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.handler.__doc__ or "").strip().splitlines()[0]

    def over_budget(self, budgets: Budgets, caller: Caller, request: Any) -> Refusal | None:  # noqa: ANN401
        """Use up what a request costs by what it holds. What costs one message was used up before. Sync."""
        match self.cost:
            case Cost.TEXT:
                return budgets.message(caller.known.id, caller.device.address, request.text)
            case Cost.PAGE:
                return budgets.read(caller.known.id, caller.device.address, request.limit)
            case Cost.SEARCH:
                person_id, address = caller.known.id, caller.device.address
                return budgets.search(person_id, address) or budgets.read(person_id, address, request.limit)
            case Cost.UPLOAD:
                return budgets.upload(caller.known.id, caller.device.address)
            case Cost.TEXTS:
                return budgets.read(caller.known.id, caller.device.address, MOST_TEXTS)
            case Cost.NOTHING | Cost.MESSAGE:
                return None
        assert_never(self.cost)
