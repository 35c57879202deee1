"""One push to one browser's push service, as RFC 8030 says, and what the service answers."""

import email.utils
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

import msgspec
import trio

from chat.features.push.encryption import encrypt
from chat.features.push.keys import Keys
from chat.features.push.subscriptions import Subscription, endpoint_of
from chat.outbound.client import Outbound, RequestFailed
from chat.outbound.failures import Reason

DAY = 86_400
"""Seconds for which a push service keeps a push for a browser that is off, and for which it is tried again."""

TIMEOUT = 10.0
"""Seconds for the answer of a push service."""

_MOST_ANSWER = 4096
"""Bytes of an answer's body; nothing of it is used."""

_ERRORS = {
    Reason.TIMEOUT: "timeout",
    Reason.TOO_LONG: "bad_answer",
    Reason.ENCODED: "bad_answer",
}
"""What a person learns of a failed request; "unreachable" is all that one learns of addresses and names."""


class DeliveryState(StrEnum):
    """What came of a push to one browser."""

    SENT = "sent"
    """The push service has taken it."""
    GONE = "gone"
    """The push service does not know the subscription: it is removed."""
    RETRY = "retry"
    """The push service is overloaded, broken or silent: it is tried again."""
    FAILED = "failed"
    """The push service refuses it, and would again."""
    UNKNOWN = "unknown"
    """It was sent, and no answer was received, twice: it is not sent again."""


class PushAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of a push service.

    Attributes:
        status: its HTTP status; None: there was no answer.
        error: "timeout", "unreachable" or "bad_answer", without an answer.
        is_lost: the service has got it, and its answer is not known.
        seconds: how long it took.
        retry_after: the seconds after which the service wants to be asked again, if it says so.
    """

    status: int | None = None
    error: str | None = None
    is_lost: bool = False
    seconds: float = 0.0
    retry_after: float | None = None

    @property
    def state(self) -> DeliveryState:
        """What came of it."""
        match self.status:
            case None | 408 | 429:
                return DeliveryState.RETRY
            case 404 | 410:
                return DeliveryState.GONE
            case status if 200 <= status < 300:
                return DeliveryState.SENT
            case status if status >= 500:
                return DeliveryState.RETRY
        return DeliveryState.FAILED


class SendPush(Protocol):
    """Sends a push to one browser. Cancelling: it may have been sent."""

    async def __call__(
        self,
        subscription: Subscription,
        body: bytes,
        *,
        topic: str | None,
        is_urgent: bool,
        written: Callable[[], object] = lambda: None,
    ) -> PushAnswer:
        """Send it, and return what the push service answers; whatever happens, that is an answer.

        `written` is called once it is handed to the socket. Sync.
        """
        ...


async def deliver(
    outbound: Outbound,
    keys: Keys,
    contact: str,
    subscription: Subscription,
    body: bytes,
    *,
    topic: str | None,
    is_urgent: bool,
    written: Callable[[], object] = lambda: None,
) -> PushAnswer:
    """Send a push to one browser.

    Args:
        outbound: the client of the server's requests, which refuses addresses that are not of the internet.
        keys: by which the push service knows this server.
        contact: the address of this server; empty: it is not known.
        subscription: the browser.
        body: the JSON of the notification.
        topic: replaces an earlier push with this topic that was not delivered yet.
        is_urgent: it wakes a phone that saves power.
        written: called once the push is handed to the socket. Sync.

    Cancelling: it may have been sent.
    """
    target = endpoint_of(subscription.endpoint)
    if target is None:
        return PushAnswer(error="unreachable")
    headers = {
        "TTL": str(DAY),
        "Urgency": "high" if is_urgent else "normal",
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "Authorization": keys.authorization(str(target), contact),
    }
    if topic is not None:
        headers["Topic"] = topic
    encrypted = encrypt(body, subscription.p256dh, subscription.auth)
    started = trio.current_time()
    has_been_written = False

    def note() -> None:
        nonlocal has_been_written
        has_been_written = True
        written()

    try:
        answer = await outbound.send(
            "POST",
            subscription.endpoint,
            headers=headers,
            body=encrypted,
            most_bytes=_MOST_ANSWER,
            total_timeout=TIMEOUT,
            written=note,
        )
    except RequestFailed as failed:
        error = _ERRORS.get(failed.reason, "unreachable")
        return PushAnswer(error=error, is_lost=has_been_written, seconds=trio.current_time() - started)
    return PushAnswer(
        status=answer.status,
        seconds=trio.current_time() - started,
        retry_after=_seconds(answer.headers.get("retry-after")),
    )


def _seconds(retry_after: str | None) -> float | None:
    """Return the seconds that the header `Retry-After` asks for; None: it asks for nothing that can be read."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdecimal():
        return min(float(retry_after), DAY)
    try:
        return min(max(email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time(), 0.0), DAY)
    except (ValueError, OverflowError):
        return None
