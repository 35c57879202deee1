"""Every close code of the server's WebSockets: its reason, when it is sent, and whether the client reconnects.

Codes below 4000 are those of RFC 6455 section 7.4.1 and the IANA registry; 4000 to 4999 are this server's.
"""

from enum import StrEnum
from typing import NamedTuple


class Retry(StrEnum):
    """What a client does after a close code; docs/protocols/README.md lists the same for each code."""

    AT_ONCE = "connect again at once"
    WITH_BACKOFF = "connect again, with growing pauses"
    AFTER_A_MINUTE = "connect again after a minute"
    LOGGED_IN = "log in again"
    NEVER = "do not connect again as it is"


class Closing(NamedTuple):
    """A close code with its reason, which is for people and has at most 123 bytes, and what the client does then."""

    code: int
    reason: str
    retry: Retry

    @property
    def content(self) -> tuple[int, str]:
        """The code and the reason of the close frame."""
        return self.code, self.reason


GOING_AWAY = Closing(1001, "the server is stopping", Retry.WITH_BACKOFF)
"""The server stops. Before it sends this, it saves and acknowledges every write that it accepted."""

TOO_BIG = Closing(1009, "the message is too big or in too many fragments", Retry.NEVER)
"""The client's message has too many bytes or fragments."""

RESTARTING = Closing(1012, "this part of the server is replaced, connect again", Retry.AT_ONCE)
"""The worker of this client is replaced, and the new one is ready. Every accepted write is acknowledged before."""

CRASHED = Closing(1011, "internal error", Retry.WITH_BACKOFF)
"""A bug ended this connection, and only this one; the server's log has the traceback."""

OUTCOME_UNKNOWN = Closing(1013, "the database did not answer in time, connect again", Retry.WITH_BACKOFF)
"""The outcome of a write of this client is unknown, so the server can't acknowledge or refuse it."""

TOO_FAR_BEHIND = Closing(1013, "the server missed too much, connect again", Retry.WITH_BACKOFF)
"""The server missed more changes of other processes than it can publish live; clients read them from history."""

TOO_SLOW = Closing(4008, "too slow: the bytes waiting for this client passed their limit", Retry.WITH_BACKOFF)
"""The send queue overflowed, or a write to the socket made no progress for too long."""

NO_PONG = Closing(4009, "no pong in time", Retry.AT_ONCE)
"""The client sent nothing for too long and did not answer a ping."""

CUT_BY_ADMIN = Closing(4010, "an administrator ended this connection", Retry.AFTER_A_MINUTE)
"""An administrator cancelled this client (`/admin/tree`, `chat tree`)."""

UNAUTHENTICATED = Closing(4401, "not authenticated", Retry.LOGGED_IN)
"""The client did not authenticate: support clients must do so first, native clients within ten seconds."""

TOKEN_EXPIRED = Closing(4401, "the token has expired, refresh it", Retry.LOGGED_IN)
"""The token expired before the client sent a fresh one (native protocol)."""

TOO_MANY_SOCKETS = Closing(4429, "too many sockets of this person are open", Retry.AFTER_A_MINUTE)
"""The person has reached the limit of open native sockets on this server."""

LOGGED_OUT = Closing(4403, "your logins were ended, log in again", Retry.LOGGED_IN)
"""All tokens of the person were revoked, or their password was changed."""

SESSION_ENDED = Closing(4403, "this session was ended, log in again", Retry.LOGGED_IN)
"""The session of the client's token was ended: by its person, or because a refresh token was used twice."""

SECOND_FACTOR_REQUIRED = Closing(
    4403, "this server requires a second factor: set it up in the page first", Retry.LOGGED_IN
)
"""An administrator requires a second factor of the person, or gave them a role that does, and they have none."""

DISABLED = Closing(4403, "your account is disabled", Retry.LOGGED_IN)
"""The person's account is disabled until an administrator enables it again."""

DELETED = Closing(4403, "your account was deleted", Retry.LOGGED_IN)
"""The person's account was deleted."""

ADDRESS_BANNED = Closing(4431, "this network is banned", Retry.AFTER_A_MINUTE)
"""An administrator has banned the network that the client comes from; a new connection is refused while that holds."""
