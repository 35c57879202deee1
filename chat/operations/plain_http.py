"""HTTP calls that belong to no protocol: a feature answers all below a path of its own, with its own words.

Their form is another system's, so that tools can send them which know only that one. `web_api/plain.py` serves them.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from chat.engine.services import EngineServices


class PlainRequest(NamedTuple):
    """A call. Names of headers are in lower case, `rest` is the path behind that of the feature.

    `address` is the client's. `body` was read as a whole.
    """

    method: str
    rest: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    address: str


class PlainAnswer(NamedTuple):
    """An answer: a status and a text. `retry_after` is in whole seconds, `allow` names the methods that a path has.

    `kind` is the type of the text.
    """

    status: int
    text: str
    retry_after: int | None = None
    allow: str | None = None
    kind: str = "text/plain; charset=utf-8"


class PlainRoute(NamedTuple):
    """The calls below a path, which ends with a slash.

    Attributes:
        path: the path.
        longest_body: bytes; a longer body is refused by `too_long`.
        too_long: the answer to such a body.
        unavailable: the answer while the database does not work, and where the outcome of a write is unknown.
        make: returns the handler, once for each server. The handler may raise StorageError. Cancelling it: a write that
            was begun is done whole, or not at all.
    """

    path: str
    longest_body: int
    too_long: PlainAnswer
    unavailable: PlainAnswer
    make: Callable[[EngineServices], "PlainHandler"]


PlainHandler = Callable[[PlainRequest], Awaitable[PlainAnswer]]


class MountedRoute(NamedTuple):
    """A route, and its handler on this server."""

    route: PlainRoute
    handler: PlainHandler
