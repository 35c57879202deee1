"""What an operation of the native protocol is: a line of the table that feeds every way in and every description."""

from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Any

import msgspec

from chat.domain.entities import Person
from chat.domain.refusals import Code
from chat.domain.sessions import Device
from chat.protocols.services import Services


class Access(Enum):
    """Who may call."""

    ANYBODY = auto()
    """Whoever has a token is not looked at."""
    PERHAPS_PERSON = auto()
    """Anybody; whoever has a good token is known."""
    PERSON = auto()
    """Whoever has a good token."""


class Cost(Enum):
    """What it costs, beside what every call of an address costs."""

    NOTHING = auto()
    """Of the caller's budgets; logins, registrations and codes have limits of their own."""
    MESSAGE = auto()
    """One message of the caller's budget."""


class Caller(msgspec.Struct, frozen=True):
    """Who asks, and from where. `person` is there where the operation's access says so."""

    person: Person | None
    device: Device

    @property
    def known(self) -> Person:
        """Whoever asks, where only a person may."""
        assert self.person is not None
        return self.person


Handler = Callable[[Services, Caller, Any], Awaitable[Any]]
"""Takes a request of the operation's type, and returns a reply of its type or a Refusal. It knows no way in.

May raise StorageDown and OutcomeUnknown. Cancelling: what was begun is done whole, or not at all.
"""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. Where `request` or `reply` is None, there is nothing to say.

    `on_socket` is the type of its request on the socket, if it has one there; `is_read` says that such requests are
    answered beside others, in any order. `refuses` are the codes of its refusals beside those that every operation
    has. Over HTTP `request` is taken from the path where that has parts, else from the body; `status` is that of a
    reply.
    """

    name: str
    method: str
    path: str
    request: type[msgspec.Struct] | None = None
    reply: type[msgspec.Struct] | None = None
    status: int = 200
    on_socket: str | None = None
    is_read: bool = False
    access: Access = Access.PERSON
    cost: Cost = Cost.NOTHING
    refuses: tuple[Code, ...] = ()
    handler: Handler

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.handler.__doc__ or "").strip().splitlines()[0]
