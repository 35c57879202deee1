"""Every way in which the server ends a WebSocket: code, reason, when, and whether the client comes back.

Codes below 4000 are RFC 6455 section 7.4.1 and the IANA registry; 4000 to 4999 are ours.
"""

from enum import StrEnum
from typing import NamedTuple


class Retry(StrEnum):
    """When a client whose socket ended so connects again; docs/protocols/README.md says the same of each code."""

    AT_ONCE = "connect again at once"
    WITH_BACKOFF = "connect again, with growing pauses"
    AFTER_A_MINUTE = "connect again after a minute"
    LOGGED_IN = "log in again"
    NEVER = "do not connect again as it is"


class Closing(NamedTuple):
    """How a socket ends, and what the client does then. The reason is for people and at most 123 bytes."""

    code: int
    reason: str
    retry: Retry

    @property
    def content(self) -> tuple[int, str]:
        """What the close frame tells."""
        return self.code, self.reason


GOING_AWAY = Closing(1001, "the server is stopping", Retry.WITH_BACKOFF)
"""The server was told to stop; what it accepted is saved and acknowledged before this is sent."""

TOO_BIG = Closing(1009, "the message is too big or in too many fragments", Retry.NEVER)
"""More bytes or fragments than a message may have."""

RESTARTING = Closing(1012, "this part of the server is replaced, connect again", Retry.AT_ONCE)
"""The worker that serves this client is replaced by a new one, which is ready; what it accepted is acknowledged."""

CRASHED = Closing(1011, "internal error", Retry.WITH_BACKOFF)
"""A bug ended this connection, and only this one; the log has it."""

OUTCOME_UNKNOWN = Closing(1013, "the database did not answer in time, connect again", Retry.WITH_BACKOFF)
"""A message of this client may or may not have been saved, so no honest answer is left."""

TOO_FAR_BEHIND = Closing(1013, "the server missed too much, connect again", Retry.WITH_BACKOFF)
"""More was written to the database by others than anybody can be told live; history has it."""

TOO_SLOW = Closing(4008, "too slow: the bytes waiting for this client passed their limit", Retry.WITH_BACKOFF)
"""The send queue overflowed, or a write made no progress for too long."""

NO_PONG = Closing(4009, "no pong in time", Retry.AT_ONCE)
"""Nothing was heard from the client, not even an answer to a ping."""

CUT_BY_ADMIN = Closing(4010, "an administrator ended this connection", Retry.AFTER_A_MINUTE)
"""An administrator cancelled this client (`/admin/tree`, `chat tree`)."""

UNAUTHENTICATED = Closing(4401, "not authenticated", Retry.LOGGED_IN)
"""Who must authenticate first did not: the support desk's clients, and native ones within ten seconds."""

TOKEN_EXPIRED = Closing(4401, "the token has expired, refresh it", Retry.LOGGED_IN)
"""The client did not come with a fresh token before the old one expired (native protocol)."""

TOO_MANY_SOCKETS = Closing(4429, "too many sockets of this person are open", Retry.AFTER_A_MINUTE)
"""The person has as many sockets of the native protocol open on this server as one may have."""

LOGGED_OUT = Closing(4403, "your logins were ended, log in again", Retry.LOGGED_IN)
"""Every token of this client's person was revoked, or their password was changed."""

SESSION_ENDED = Closing(4403, "this session was ended, log in again", Retry.LOGGED_IN)
"""The session by whose token the client came in was ended: by its person, or because a refresh token was used twice."""

DISABLED = Closing(4403, "your account is disabled", Retry.LOGGED_IN)
"""This client's person may not come in until an administrator enables them again."""

DELETED = Closing(4403, "your account was deleted", Retry.LOGGED_IN)
"""This client's person is no more."""
