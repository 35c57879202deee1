"""A browser subscribes and unsubscribes, a person chooses, and tries it out."""

from collections.abc import Callable
from functools import partial
from typing import Literal

from chat.domain.entities import Person
from chat.domain.features import Port, Ports
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.push.body import trial_body
from chat.features.push.delivery import DeliveryState, PushAnswer, SendPush, deliver
from chat.features.push.keys import Keys
from chat.features.push.ledger import LEDGER
from chat.features.push.sending import Outgoing
from chat.features.push.subscriptions import (
    SUBSCRIPTIONS,
    PushState,
    Subscription,
    are_keys,
    endpoint_of,
)

NO_SESSION = Refusal(
    Code.FORBIDDEN, "pushes belong to a log-in, and this token has none; log in again", reason="no_session"
)
NOT_SUBSCRIBED = Refusal(Code.CONFLICT, "this log-in receives no pushes", reason="not_subscribed")
BAD_ENDPOINT = Refusal(
    Code.INVALID,
    "endpoint: an https URL of at most 1000 characters, without user and password",
    field="endpoint",
    reason="bad_value",
)
BAD_KEYS = Refusal(
    Code.INVALID,
    "keys: p256dh is a point on P-256 (65 bytes), auth 16 bytes, both in base64url",
    field="keys",
    reason="bad_value",
)


class Push:
    """The keys and subscriptions of one server. Each method may raise StorageDown, those that change OutcomeUnknown."""

    def __init__(self, ports: Ports) -> None:
        self._subscriptions = ports[SUBSCRIPTIONS]
        self._ledger = ports[LEDGER]
        self._keys: Keys | None = None
        self.wake: Callable[[], object] = _nothing
        """Has this server look for due items again; set while it sends. Sync."""
        self.count_report: Callable[[str], object] = _nothing
        """Counts an event that a browser reports; set while this server sends. Sync."""

    async def keys(self) -> Keys:
        """Return the server's keys; the first call ever makes them. Cancelling: they are made, or not."""
        if self._keys is None:
            self._keys = Keys(await self._subscriptions.private_key())
        return self._keys

    async def state(self, person: Person) -> PushState:
        """Return whether this log-in is subscribed, and the person's choice. Cancelling changes nothing."""
        return await self._subscriptions.state(person.id, person.session_id)

    async def subscribe(self, person: Person, endpoint: str, p256dh: bytes, auth: bytes) -> Refusal | None:
        """Subscribe this log-in. Cancelling: it is subscribed, or not."""
        if person.session_id is None:
            return NO_SESSION
        if endpoint_of(endpoint) is None:
            return BAD_ENDPOINT
        if not are_keys(p256dh, auth):
            return BAD_KEYS
        subscription = Subscription(
            session_id=person.session_id, person_id=person.id, endpoint=endpoint, p256dh=p256dh, auth=auth
        )
        return None if await self._subscriptions.subscribe(subscription) else NO_SESSION

    async def unsubscribe(self, person: Person) -> None:
        """End the subscription of this log-in. Cancelling: it is ended, or not."""
        if person.session_id is not None:
            await self._subscriptions.unsubscribe(person.session_id)

    async def choose_text(self, person: Person, has_text: bool) -> None:
        """Set whether the person's pushes have the texts of messages. Cancelling: it is set, or not."""
        await self._subscriptions.choose_text(person.id, has_text)

    async def report(self, code: str, event: Literal["shown", "clicked"]) -> None:
        """Record what a browser reports of a push, if the code is of one. Cancelling: it is recorded, or not."""
        report = (await self.keys()).reported(code)
        if report is not None and await self._ledger.report(report, is_clicked=event == "clicked"):
            self.count_report(event)

    async def try_out(self, services: EngineServices, person: Person) -> PushAnswer | Refusal:
        """Send a push to this log-in now, and return the answer. Cancelling: it may have been sent."""
        found = None
        if person.session_id is not None:
            found = await self._subscriptions.of_session(person.session_id)
        if found is None:
            return NOT_SUBSCRIBED
        send = sender(services, await self.keys())
        body = trial_body(services.settings.server_name, services.settings.public_url)
        answer = await send(found, body, topic=None, is_urgent=True)
        if answer.state is DeliveryState.GONE:
            await self._subscriptions.forget(found.session_id, found.endpoint)
        return answer


def _nothing(*_: object) -> None:
    """Do nothing. Sync."""


def sender(services: EngineServices, keys: Keys) -> SendPush:
    """Return what sends pushes of this server. Sync."""
    url = services.settings.public_url
    return partial(deliver, services.outbound, keys, url if url.startswith("https:") else "")


async def outgoing(services: EngineServices) -> Outgoing:
    """Return how pushes of this server are sent now. Raises StorageDown and OutcomeUnknown.

    Cancelling: the server's keys are made, or not.
    """
    keys, settings = await services.feature_ports[PUSH].keys(), services.settings
    return Outgoing(keys, sender(services, keys), settings.public_url, settings.push_texts)


PUSH: Port[Push] = Port("push")
