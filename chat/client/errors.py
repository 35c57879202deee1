"""Exceptions of the client: refusals of single requests, connection failures, and what ends the client for good."""

from collections.abc import Generator
from contextlib import contextmanager

import h11

from chat.client.wire import ErrorReply

_TEMPORARY = frozenset({"unavailable", "outcome_unknown"})
"""Codes of refusals after which the same request may succeed. So may `too_many` if it says how long to wait, but not
in slow mode: that may be hours."""


class ChatError(Exception):
    """Base of all exceptions of the client."""


class Refused(ChatError):
    """The server refused a request.

    Attributes:
        code: for programs, as `not_found`; the protocol lists the codes.
        text: for people.
        reason: the stable key of the text, as `no_room`; None if the server gives none.
        field: the field of the request that is wrong, if one is.
        retry_ms: milliseconds to wait before the next try, if the server says so.
        room, seq: with code `conflict`, the message that was sent with this key before.
    """

    def __init__(self, reply: ErrorReply) -> None:
        super().__init__(f"{reply.text} ({reply.code})")
        self.code = reply.code
        self.text = reply.text
        self.reason = reply.reason
        self.field = reply.field
        self.retry_ms = reply.retry_ms
        self.room = reply.room
        self.seq = reply.seq

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may succeed a little later."""
        is_brief = self.code == "too_many" and self.retry_ms is not None and self.reason != "slow_mode"
        return self.code in _TEMPORARY or is_brief


class LoggedOut(ChatError):
    """The token or the session is not valid (any more), and no password was given to log in again.

    Attributes:
        reason: the stable key of the server's text, as `bad_credentials` or `account_disabled`, if it gave one.
    """

    def __init__(self, text: str = "", reason: str | None = None) -> None:
        super().__init__(text)
        self.reason = reason


class CannotConnect(ChatError):
    """No attempt can succeed: no chat server answers there, or its certificate is not trusted."""


class ConnectionFailed(ChatError):
    """A connection or a call failed; a new attempt may succeed.

    Attributes:
        code: the WebSocket close code; None if there was none.
        retry_after: seconds to wait before the next attempt, if the server says so.
    """

    def __init__(self, reason: str, code: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.retry_after = retry_after


class BadFrame(ConnectionFailed):
    """The server sent a frame that the protocol does not define."""


@contextmanager
def refuse_unencodable() -> Generator[None]:
    """Raise Refused with code `invalid` if the block fails to encode a value, as half of a surrogate pair."""
    try:
        yield
    except (UnicodeEncodeError, OverflowError, h11.LocalProtocolError) as error:
        raise Refused(ErrorReply(code="invalid", text=f"the request cannot be encoded: {error}")) from error
