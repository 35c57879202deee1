"""An operation of the native protocol: one entry of the table from which routes, requests and documents are made."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from enum import Enum, auto
from typing import Any, NamedTuple, assert_never

import msgspec

from chat.domain.accounts.bots import Scope, scope_refusal
from chat.domain.accounts.sessions import Device
from chat.domain.entities import Person
from chat.domain.limits.budgets import Budgets
from chat.domain.ports import KeptFile
from chat.domain.refusals import NOT_FOR_VISITORS, Code, Refusal
from chat.domain.rooms.room_history import MOST_TEXTS
from chat.engine.hub import Subscriber

NO_ACCESS = (Code.FORBIDDEN, Code.NOT_FOUND)
"""The codes for callers who are not in the room."""

REFUSED_READS = (Code.INVALID, *NO_ACCESS)
REFUSED_WRITES = (*REFUSED_READS, Code.OUTCOME_UNKNOWN)


class Access(Enum):
    """Who may call an operation."""

    ANYBODY = auto()
    """Anybody; a token is ignored."""
    PERHAPS_PERSON = auto()
    """Anybody; a valid token identifies the caller."""
    PERSON = auto()
    """A caller with a valid token."""
    ADMIN = auto()
    """An admin with a valid token."""


class Cost(Enum):
    """What an operation is charged to the caller's budgets. Each HTTP call also counts for its address."""

    NOTHING = auto()
    """Nothing; log-ins, registrations and codes have limits of their own."""
    MESSAGE = auto()
    """One message."""
    TEXT = auto()
    """One message and the bytes of the request's `text`."""
    PAGE = auto()
    """Reading as many messages as the request's `limit`."""
    TEXTS = auto()
    """Reading a hundred messages, as all earlier texts of a message."""
    UPLOAD = auto()
    """One uploaded file."""
    SEARCH = auto()
    """One search, and reading as many messages as the request's `limit`."""


class Caller(msgspec.Struct, frozen=True):
    """The caller of an operation.

    `person` is set as the operation's access requires, `socket` for native sockets, `cookies` over HTTP.
    """

    person: Person | None
    device: Device
    socket: Subscriber | None = None
    cookies: Mapping[str, str] = {}

    @property
    def known(self) -> Person:
        """The calling person; only for operations that require one."""
        assert self.person is not None
        return self.person


class Uploaded(NamedTuple):
    """A body that is read piece by piece, with its announced type and size."""

    type: str
    size: int | None
    pieces: AsyncIterator[bytes]


class AlreadyDone(msgspec.Struct, frozen=True):
    """The reply to a repeated request: it was done before, and nothing was done now."""

    reply: msgspec.Struct


class Lasting(msgspec.Struct, frozen=True):
    """A file whose address never means another one, and which everybody may have who knows it: browsers keep it."""

    file: KeptFile


class WithCookie(msgspec.Struct, frozen=True):
    """A reply over HTTP with the value of a header `Set-Cookie`."""

    reply: msgspec.Struct
    cookie: str


Handler = Callable[..., Awaitable[Any]]
"""Takes the services, the caller, a request of the operation's type, and the uploaded bytes if there are any.

Returns a reply of the operation's type, perhaps in AlreadyDone, WithCookie or Lasting, or a Refusal. It does not depend
on the transport. May raise StorageDown and OutcomeUnknown. Cancelling does all of a begun write or nothing.
"""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation.

    | field | means |
    |---|---|
    | `method`, `path` | its HTTP route; without a method it has none |
    | `request`, `reply` | the types; None: no fields |
    | `status`, `repeated` | the HTTP status of a reply, and of a reply to a repeated request |
    | `on_socket` | the type of its request on the socket, if it has one there |
    | `is_read` | on the socket it is answered concurrently with other requests, in any order |
    | `takes_bytes`, `gives_bytes` | the request uploads a file; the reply is a file |
    | `visitors` | visitors of the support widget may call it |
    | `bots` | the scopes of which a bot needs one to call it; none: no bot may |
    | `tokens` | API tokens may call it |
    | `before_set_up` | people who must set up a second factor first may call it |
    | `refuses` | the codes of its refusals, besides those of every operation |

    Over HTTP a field of `request` comes from the path if the path has it. Other fields come from the query of a GET
    or an upload, else from the body.
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
    bots: tuple[Scope, ...] = ()
    tokens: bool = True
    before_set_up: bool = False
    cost: Cost = Cost.NOTHING
    refuses: tuple[Code, ...] = ()
    handler: Handler

    @property
    def summary(self) -> str:
        """A sentence that says what it does."""
        return (self.handler.__doc__ or "").strip().splitlines()[0]

    def refusal_of(self, person: Person) -> Refusal | None:
        """Return why a visitor or a bot may not call it; None: they may, or the person is neither. Sync."""
        if person.scopes is not None:
            return scope_refusal(person, self.bots)
        return NOT_FOR_VISITORS if person.is_visitor and not self.visitors else None

    def over_budget(self, budgets: Budgets, caller: Caller, request: Any) -> Refusal | None:  # noqa: ANN401
        """Charge the operation's cost, or refuse the request. Sync."""
        match self.cost:
            case Cost.MESSAGE:
                return budgets.message(caller.known.id, caller.device.address)
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
            case Cost.NOTHING:
                return None
        assert_never(self.cost)
