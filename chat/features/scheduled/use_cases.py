"""The use cases of scheduled messages: schedule, change, send now, remove, list.

Cancelling one that changes something: it is done, or not.
"""

from msgspec import structs

from chat.domain.entities import Person
from chat.domain.refusals import Refusal
from chat.domain.rooms.conversations import may_speak
from chat.domain.text.rules import clean_text
from chat.due.schedule import SCHEDULE
from chat.due.times import check_time
from chat.engine.services import EngineServices
from chat.features.scheduled.port import SCHEDULED_MESSAGES, NewScheduled, Scheduled


async def schedule(services: EngineServices, person: Person, new: NewScheduled) -> Scheduled | Refusal:
    """Schedule a message for a room in which the person may speak now. Raises StorageDown and OutcomeUnknown."""
    text = clean_text(new.text)
    if isinstance(text, Refusal):
        return text
    if refusal := check_time(new.send_at):
        return refusal
    access = await services.conversations.enter(person, new.room_id)
    if refusal := access if isinstance(access, Refusal) else may_speak(access):
        return refusal
    made = await services.feature_ports[SCHEDULED_MESSAGES].schedule(structs.replace(new, text=text))
    services.feature_ports[SCHEDULE].wake()
    return made


async def change(
    services: EngineServices, person: Person, scheduled_id: int, text: str | None, send_at: float | None
) -> Scheduled | Refusal:
    """Change text or time of one's scheduled message. Raises StorageDown and OutcomeUnknown."""
    if text is not None:
        cleaned = clean_text(text)
        if isinstance(cleaned, Refusal):
            return cleaned
        text = cleaned
    if send_at is not None and (refusal := check_time(send_at)):
        return refusal
    changed = await services.feature_ports[SCHEDULED_MESSAGES].change(person.id, scheduled_id, text, send_at)
    services.feature_ports[SCHEDULE].wake()
    return changed


async def send_now(services: EngineServices, person: Person, scheduled_id: int) -> Scheduled | Refusal:
    """Have one's scheduled message sent now, as at its time. Raises StorageDown and OutcomeUnknown."""
    store = services.feature_ports[SCHEDULED_MESSAGES]
    changed = await store.change(person.id, scheduled_id, None, None, is_now=True)
    services.feature_ports[SCHEDULE].wake()
    return changed


async def remove(services: EngineServices, person: Person, scheduled_id: int) -> Refusal | None:
    """Remove one's scheduled message. Raises StorageDown and OutcomeUnknown."""
    return await services.feature_ports[SCHEDULED_MESSAGES].remove(person.id, scheduled_id)


async def scheduled(services: EngineServices, person: Person) -> list[Scheduled]:
    """Return one's scheduled messages, the earliest first. Raises StorageDown."""
    return await services.feature_ports[SCHEDULED_MESSAGES].all_of(person.id)
