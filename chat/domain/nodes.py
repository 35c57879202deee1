"""The servers of one chat: each has a number and a lease, which it renews while it can reach the database.

A server whose lease has lapsed publishes nothing until it has a lease again and has caught up with the log. So to wait
for all servers with a lease is to wait for all servers that may publish.
"""

import hmac

import msgspec

from chat.domain.startup import CannotStart

LEASE = 5.0
"""Seconds that a lease lasts, from its renewal in the database."""

RENEW = 1.0
"""Seconds from one renewal to the next."""

FENCE = 4.0
"""Seconds after which a server counts its lease as lapsed, from before its last good renewal was sent.

Less than LEASE, so that it falls silent before the others stop waiting for it; by its own monotonic clock.
"""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A server with a lease: where it listens, its version, and the kind of its bus.

    `started_at` is the Unix time since which it has had leases without a gap; `lease` is in seconds left. `clients` and
    `position` are as of its last renewal: the number of connected clients, and the settled watermark: the log is
    published up to this id, and every write that was submitted before then is settled.
    """

    number: int
    address: str
    version: str
    bus: str
    started_at: float
    position: int
    clients: int
    lease: float


_DIGESTED = b"the servers of one chat have one secret"
"""It has spaces, which no signed part of a token has, so a digest is never a token's signature."""


def digest_of(secret: str) -> str:
    """Return the digest that servers compare instead of their secrets; it reveals nothing of the secret. Sync."""
    return hmac.digest(secret.encode(), _DIGESTED, "sha256").hex()


class OtherBus(CannotStart):
    """Another server of this database uses another bus, so they would not get each other's announcements."""

    def __init__(self, bus: str, theirs: str) -> None:
        super().__init__(
            f"a server on this database uses the bus {theirs!r}, and this one {bus!r}: give all the same --bus"
        )
        self.bus = theirs


class OtherSecret(CannotStart):
    """Another server of this database has another secret, so they would not accept each other's tokens."""

    def __init__(self) -> None:
        super().__init__(
            "a server on this database has another secret, so each would refuse the other's tokens:"
            " give all the same --secret-file; to change it, give the new one to all as --previous-secret-file first"
        )
