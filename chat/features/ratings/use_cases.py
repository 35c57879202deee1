"""Who rates a conversation, and who reads it: its own person, and the operators.

Each function may raise StorageDown, `rate` OutcomeUnknown too. Cancelling one: it was done completely, or not at all.
"""

from collections.abc import Callable

from chat.domain.entities import Person, SupportOf
from chat.domain.messages.live import OperatorEvent
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.conversations import may_lead
from chat.domain.text.rules import clean_text
from chat.engine.services import EngineServices
from chat.features.ratings.port import COMMENT_LENGTH, RATINGS, OwnRating, Rating

LONG_COMMENT = Refusal(
    Code.INVALID,
    f"a comment has at most {COMMENT_LENGTH} characters",
    field="comment",
    reason="rating_comment_too_long",
)


async def own(services: EngineServices, person: Person) -> OwnRating:
    """Return how the person rated their own conversation."""
    return await services.feature_ports[RATINGS].own(person.id)


async def rate(
    services: EngineServices,
    person: Person,
    comment: str,
    event_of: Callable[[int], str],
    *,
    is_good: bool,
) -> Rating | Refusal:
    """Rate the person's own conversation, and publish the event of its room to the operators."""
    cleaned = clean_text(comment, may_be_empty=True)
    if isinstance(cleaned, Refusal):
        return cleaned
    if len(cleaned) > COMMENT_LENGTH:
        return LONG_COMMENT
    rated = await services.feature_ports[RATINGS].rate(person.id, cleaned, is_good=is_good)
    if isinstance(rated, Refusal):
        return rated
    room_id, rating = rated
    services.notices.publish(OperatorEvent(person.id, event_of(room_id)))
    return rating


async def of_room(services: EngineServices, person: Person, room_id: int) -> list[Rating] | Refusal:
    """Return the ratings of a conversation, as an operator; of one's own too, which one wrote."""
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    if refusal := may_lead(access, person):
        return refusal
    assert isinstance(access.people, SupportOf)  # may_lead() has checked it
    return await services.feature_ports[RATINGS].of_room(room_id)
