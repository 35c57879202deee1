"""Who may read and write the private notes of a support conversation: operators, except the conversation's own person.

Each function may raise StorageDown, those that write OutcomeUnknown too. Cancelling one: it was done completely, or not
at all.
"""

from chat.domain.entities import Person, SupportOf
from chat.domain.messages.live import OperatorEvent
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.conversations import may_lead
from chat.domain.rooms.room_rights import NOT_YOURS
from chat.domain.text.rules import clean_text
from chat.engine.services import EngineServices
from chat.features.notes.port import NO_NOTE, NOTES, Note

OWN_CONVERSATION = Refusal(
    Code.FORBIDDEN, "the notes on your own conversation are for other operators", reason="own_conversation"
)


async def page(
    services: EngineServices, person: Person, room_id: int, before_id: int, limit: int
) -> list[Note] | Refusal:
    """Return notes with an id below `before_id`, the newest first."""
    about = await _enter(services, person, room_id)
    if isinstance(about, Refusal):
        return about
    return await services.feature_ports[NOTES].page(room_id, before_id, limit)


async def add(
    services: EngineServices, person: Person, room_id: int, text: str, event: str
) -> Note | Refusal:
    """Add a note, and publish `event` to the other operators."""
    about = await _enter(services, person, room_id)
    if isinstance(about, Refusal):
        return about
    cleaned = clean_text(text)
    if isinstance(cleaned, Refusal):
        return cleaned
    added = await services.feature_ports[NOTES].add(room_id, person.id, cleaned)
    if not isinstance(added, Refusal):
        services.notices.publish(OperatorEvent(about, event))
    return added


async def remove(
    services: EngineServices, person: Person, room_id: int, note_id: int, event: str
) -> Refusal | None:
    """Remove one's own note, or as an admin also another's, and publish `event` to the operators."""
    about = await _enter(services, person, room_id)
    if isinstance(about, Refusal):
        return about
    notes = services.feature_ports[NOTES]
    author_id = await notes.author(room_id, note_id)
    if author_id is None:
        return NO_NOTE
    if author_id != person.id and not person.is_admin:
        return NOT_YOURS
    await notes.remove(note_id)
    services.notices.publish(OperatorEvent(about, event))
    return None


async def _enter(services: EngineServices, person: Person, room_id: int) -> int | Refusal:
    """Return the id of the person whom the conversation's notes are about."""
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    if refusal := may_lead(access, person):
        return refusal
    assert isinstance(access.people, SupportOf)  # may_lead() has checked it
    about = access.people.person.id
    return OWN_CONVERSATION if about == person.id else about
