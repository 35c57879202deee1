"""The browsers that receive pushes: one of each log-in, which ends with it; and who has texts in their pushes."""

from typing import Protocol

import msgspec

from chat.domain.features import Port
from chat.features.push.encryption import is_point
from chat.outbound.failures import RequestFailed
from chat.outbound.target import Target, parse_target

AUTH_BYTES = 16
MOST_ENDPOINT = 1000
"""Characters of an endpoint."""


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """Where a push for a browser is sent (an https URL of its push service), and the keys that encrypt it."""

    session_id: int
    person_id: int
    endpoint: str
    p256dh: bytes
    auth: bytes


class PushState(msgspec.Struct, frozen=True):
    """Whether a log-in receives pushes, and whether its person wants the texts of messages in them."""

    is_subscribed: bool
    has_text: bool


def endpoint_of(url: str) -> Target | None:
    """Return a push service's URL taken apart; None: it can't be one. Sync and pure."""
    try:
        target = parse_target(url)
    except RequestFailed:
        return None
    return target if target.scheme == "https" and len(url) <= MOST_ENDPOINT else None


def are_keys(p256dh: bytes, auth: bytes) -> bool:
    """Whether these can be the keys of a browser. Sync and pure."""
    return len(auth) == AUTH_BYTES and is_point(p256dh)


class Subscriptions(Protocol):
    """The browsers that receive pushes, and the server's key. Each method may raise StorageDown.

    Those that change something may raise OutcomeUnknown. Cancelling one: it was done, or not.
    """

    async def private_key(self) -> bytes:
        """Return the server's private key; the first call ever makes it."""
        ...

    async def state(self, person_id: int, session_id: int | None) -> PushState:
        """Return whether a session is subscribed, and the person's choice."""
        ...

    async def subscribe(self, subscription: Subscription) -> bool:
        """Subscribe a session, in place of what it had, and of another session with this endpoint.

        False: the session has ended.
        """
        ...

    async def unsubscribe(self, session_id: int) -> None:
        """End a session's subscription, if it has one."""
        ...

    async def choose_text(self, person_id: int, has_text: bool) -> None:
        """Set whether the person's pushes have the texts of messages."""
        ...

    async def of_session(self, session_id: int) -> Subscription | None:
        """Return a session's subscription."""
        ...

    async def of_person(self, person_id: int) -> list[Subscription]:
        """Return the subscriptions of a person who may log in."""
        ...

    async def forget(self, session_id: int, endpoint: str) -> None:
        """End a subscription that its push service does not know, unless the session has another one by now."""
        ...


SUBSCRIPTIONS: Port[Subscriptions] = Port("push subscriptions")
