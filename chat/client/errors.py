"""What a client raises: refusals of single requests, and what ends it for good."""

from collections.abc import Generator
from contextlib import contextmanager

import h11

from chat.client.requests import ErrorReply

_LATER = frozenset({"unavailable", "outcome_unknown"})
"""Codes of refusals after which the same request may succeed; so may `too_many`, where it says how long to wait."""


class ChatError(Exception):
    """Base of all that a client raises by itself."""


class Refused(ChatError):
    """The server refuses a request, and would again.

    Attributes:
        code: for programs, as `not_found`; see the protocol's table.
        text: for people.
        field: which field is wrong, where one is.
        retry_ms: milliseconds to wait, where that helps.
        room, seq: of `conflict`: what this key was used for before.
    """

    def __init__(self, reply: ErrorReply) -> None:
        super().__init__(f"{reply.text} ({reply.code})")
        self.code = reply.code
        self.text = reply.text
        self.field = reply.field
        self.retry_ms = reply.retry_ms
        self.room = reply.room
        self.seq = reply.seq

    @property
    def is_for_now(self) -> bool:
        """Whether the same request may succeed a little later."""
        return self.code in _LATER or (self.code == "too_many" and self.retry_ms is not None)


class SignedOut(ChatError):
    """The session has ended, or the token is not good (any more), and there is no password to log in again."""


class ChatEnded(ChatError):
    """The server will not have this client, now or later: a wrong address, or no chat server there."""


class Lost(ChatError):
    """This connection is over, and another is worth a try.

    Attributes:
        code: the WebSocket close code; None where there was none.
        after: seconds to wait, where the server said so.
    """

    def __init__(self, why: str, code: int | None = None, after: float | None = None) -> None:
        super().__init__(why)
        self.code = code
        self.after = after


class BadFrame(Lost):
    """The server sent what this protocol does not have."""


@contextmanager
def refusing_what_cannot_be_sent() -> Generator[None]:
    """Raise Refused, as `invalid`, where the block encodes what the protocol has no bytes for: half of a character."""
    try:
        yield
    except (UnicodeEncodeError, OverflowError, h11.LocalProtocolError) as error:
        raise Refused(ErrorReply(code="invalid", text=f"it cannot be sent: {error}")) from error
