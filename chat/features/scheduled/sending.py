"""Sends scheduled messages whose time has come: the handler of due items.

One by one for each person, in their order, through the use case that sends any message, each under its own key: sent
again after a kill, it is in the log once.
"""

from collections.abc import Callable

from msgspec import structs

from chat.application import messages
from chat.domain.entities import Message
from chat.domain.messages.live import OwnEvent
from chat.domain.messages.outcomes import Repeated
from chat.domain.messages.review import HELD
from chat.domain.refusals import Code, Refusal
from chat.due.port import DueItem
from chat.engine.services import EngineServices
from chat.features.scheduled.port import SCHEDULED_MESSAGES, Scheduled

NO_ACCOUNT = Refusal(Code.FORBIDDEN, "the account was disabled at that time", reason="account_disabled")

_FOR_NOW = frozenset({Code.UNAVAILABLE, Code.OUTCOME_UNKNOWN})
"""Refusals that say nothing of the message: it is sent again, under its key."""

_AGAIN = 5.0
"""Seconds until then."""


async def send_due(
    services: EngineServices,
    kept_event: Callable[[Scheduled], str],
    sent_event: Callable[[int, int | None], str],
    item: DueItem,
) -> None:
    """Send the due messages of one person; a handler of `DueRunner`. May raise StorageDown and OutcomeUnknown.

    `kept_event` and `sent_event` return the events for the person's clients: of a message that was refused, and of the
    id and the seq of one that was sent, None: it waits for review. In slow mode a message waits for its turn, and the
    next ones go on. Cancelling: the message under way may be sent; it is tried again under its key.
    """
    person_id, store = int(item.key), services.feature_ports[SCHEDULED_MESSAGES]
    wait = 0.0
    while not wait and (found := await store.take(person_id)) is not None:
        match await _send(services, found):
            case float(seconds):
                wait = seconds
            case Refusal(reason=HELD.reason):
                await store.sent(found.id)  # it is among those that are held
                services.notices.publish(OwnEvent(person_id, sent_event(found.id, None)))
            case Refusal(reason="slow_mode", retry_after=left) if postponed := await store.postpone(
                found.id, left or _AGAIN
            ):
                services.notices.publish(OwnEvent(person_id, kept_event(postponed)))
            case Refusal() as refusal:
                await store.refuse(found.id, refusal)
                refused = structs.replace(found, state="refused", refusal=refusal)
                services.notices.publish(OwnEvent(person_id, kept_event(refused)))
            case seq:
                await store.sent(found.id)
                services.notices.publish(OwnEvent(person_id, sent_event(found.id, seq)))
    await store.settle(person_id, wait)


async def _send(services: EngineServices, found: Scheduled) -> int | float | Refusal:
    """Return the seq of the message, why it is not sent, or in how many seconds it is tried again."""
    person = await services.administration.person(found.person_id)
    if isinstance(person, Refusal) or person.is_disabled:
        return NO_ACCOUNT
    # There is no address that it comes from, and what others have scheduled for Monday at nine counts for them.
    if refusal := services.budgets.message(person.id, f"scheduled by {person.id}", found.text):
        await services.feature_ports[SCHEDULED_MESSAGES].release(found.id)
        return max(refusal.retry_after or 0.0, _AGAIN)
    draft = messages.draft(person, found.room_id, found.text, found.key, reply=found.reply, files=())
    if isinstance(draft, Refusal):
        return draft
    match await messages.send(services, person, draft):
        case Message(seq=seq) | Repeated(Message(seq=seq)) | messages.SentBefore(Message(seq=seq)):
            return seq
        case Refusal(code=code) as refusal:
            return _AGAIN if code in _FOR_NOW else refusal
        case outcome:
            raise AssertionError(outcome)
