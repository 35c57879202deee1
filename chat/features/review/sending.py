"""Sends held messages that a moderator has allowed: the handler of due items.

Each is sent by the use case that sends any message, as its author and by the rights of that time, under its own key:
sent again after a kill, it is in the log once. An edit is made only while nobody has edited the message since.
"""

from collections.abc import Callable

from chat.application import messages
from chat.domain.entities import Message
from chat.domain.messages.changes import Edited
from chat.domain.messages.live import OwnEvent
from chat.domain.messages.outcomes import Outcome, Repeated, Unchanged
from chat.domain.refusals import Code, Refusal
from chat.due.port import DueItem
from chat.engine.services import EngineServices
from chat.features.review.port import HELD_MESSAGES, HeldMessage

NO_ACCOUNT = Refusal(Code.FORBIDDEN, "the account was disabled at that time", reason="account_disabled")

_FOR_NOW = frozenset({Code.UNAVAILABLE, Code.OUTCOME_UNKNOWN, Code.TOO_MANY})
"""Refusals that say nothing of the message, or that it comes too early: it is sent again, under its key."""

_AGAIN = 5.0
"""Seconds until then, at least."""


async def send_allowed(services: EngineServices, event: Callable[[], str], item: DueItem) -> float | None:
    """Send a held message; a handler of `DueRunner`. May raise StorageDown and OutcomeUnknown.

    `event` returns the event for the author's clients: their held messages have changed. Cancelling: the message may
    be sent; it is tried again under its key.
    """
    store = services.feature_ports[HELD_MESSAGES]
    held_id = int(item.key)
    found = await store.allowed(held_id)
    if found is None:
        return None
    if isinstance(found, Refusal):
        await store.refuse(held_id, found)
        return None
    outcome = await _send(services, found)
    if isinstance(outcome, Refusal) and outcome.code in _FOR_NOW:
        return max(outcome.retry_after or 0.0, _AGAIN)
    if isinstance(outcome, Refusal):
        await store.refuse(held_id, outcome)
    else:
        await store.sent(held_id)
    services.notices.publish(OwnEvent(found.author.id, event()))
    return None


async def _send(services: EngineServices, held: HeldMessage) -> Outcome | messages.SentBefore:
    """Return the outcome, or why it is not sent."""
    person = await services.administration.person(held.author.id)
    if isinstance(person, Refusal) or person.is_disabled:
        return NO_ACCOUNT
    if held.seq is not None:
        edited = await messages.edit(services, person, held.room_id, held.seq, held.text)
        assert isinstance(edited, Edited | Unchanged | Refusal), edited
        return edited
    draft = messages.draft(person, held.room_id, held.text, held.key, reply=held.reply, files=held.file_ids)
    if isinstance(draft, Refusal):
        return draft
    sent = await messages.send(services, person, draft)
    assert isinstance(sent, Message | Repeated | messages.SentBefore | Refusal), sent
    return sent
