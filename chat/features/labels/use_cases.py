"""Who may make and give labels: operators; nobody labels their own conversation.

Each function may raise StorageDown, those that write OutcomeUnknown too. Cancelling one: it was done completely, or not
at all.
"""

from collections.abc import Callable

from msgspec import structs

from chat.domain.entities import Person, SupportOf
from chat.domain.messages.live import OperatorEvent
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.conversations import may_lead, may_operate
from chat.domain.text.rules import same_name_key
from chat.engine.services import EngineServices
from chat.features.labels.port import LABELS, NO_LABEL, Colour, Label, clean_label

OWN_LABELS = Refusal(
    Code.FORBIDDEN, "the labels of your own conversation are for other operators", reason="own_labels"
)


async def labels(services: EngineServices, person: Person) -> list[Label] | Refusal:
    """Return all labels, by id."""
    return may_operate(person) or await services.feature_ports[LABELS].all()


async def labelled(services: EngineServices, person: Person) -> dict[int, list[int]] | Refusal:
    """Return the ids of labels by conversation, of those that the person may know."""
    return may_operate(person) or await services.feature_ports[LABELS].labelled(person.id)


async def add(
    services: EngineServices, person: Person, name: str, colour: Colour, event: str
) -> Label | Refusal:
    """Add a label, and publish `event` to the operators."""
    cleaned = may_operate(person) or clean_label(name)
    if isinstance(cleaned, Refusal):
        return cleaned
    added = await services.feature_ports[LABELS].add(cleaned, same_name_key(cleaned), colour)
    if not isinstance(added, Refusal):
        services.notices.publish(OperatorEvent(0, event))
    return added


async def change(
    services: EngineServices,
    person: Person,
    label_id: int,
    name: str | None,
    colour: Colour | None,
    event: str,
) -> Label | Refusal:
    """Change a label; None leaves a part as it is. Publish `event` to the operators."""
    if refusal := may_operate(person):
        return refusal
    table = services.feature_ports[LABELS]
    known = next((each for each in await table.all() if each.id == label_id), NO_LABEL)
    if isinstance(known, Refusal):
        return known
    cleaned = clean_label(known.name if name is None else name)
    if isinstance(cleaned, Refusal):
        return cleaned
    changed = structs.replace(known, name=cleaned, colour=colour or known.colour)
    if refusal := await table.change(changed, same_name_key(cleaned)):
        return refusal
    services.notices.publish(OperatorEvent(0, event))
    return changed


async def remove(services: EngineServices, person: Person, label_id: int, event: str) -> Refusal | None:
    """Remove a label from all conversations, and publish `event` to the operators."""
    if refusal := may_operate(person):
        return refusal
    if not await services.feature_ports[LABELS].remove(label_id):
        return NO_LABEL
    services.notices.publish(OperatorEvent(0, event))
    return None


async def switch(
    services: EngineServices,
    person: Person,
    room_id: int,
    label_id: int,
    event_of: Callable[[list[int]], str],
    *,
    on: bool,
) -> list[int] | Refusal:
    """Give a conversation a label, or take it. Return the ids of its labels, and publish their event to operators."""
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    if refusal := may_lead(access, person):
        return refusal
    assert isinstance(access.people, SupportOf)  # may_lead() has checked it
    about = access.people.person.id
    if about == person.id:
        return OWN_LABELS
    now = await services.feature_ports[LABELS].switch(room_id, label_id, on=on)
    if not isinstance(now, Refusal):
        services.notices.publish(OperatorEvent(about, event_of(now)))
    return now
