"""Other people: finding and blocking them."""

from collections.abc import Sequence

from chat.domain import entities
from chat.domain.refusals import NO_PERSON, Refusal
from chat.operations.conversions import as_person
from chat.operations.operation import Caller
from chat.operations.values import Person
from chat.protocols.native import people_types as types
from chat.protocols.native.room_requests import WhichPerson
from chat.protocols.services import Services


async def people(services: Services, _caller: Caller, request: types.WhichPeople) -> types.People:
    """Find people by a part of their names."""
    found = await services.contacts.find(request.q, request.after, request.limit + 1)
    return _page(found, request.limit)


async def one_person(services: Services, caller: Caller, request: WhichPerson) -> Person | Refusal:
    """Get a person's public profile; only operators and admins can get visitors."""
    person = await services.accounts.person(request.person)
    if person is None or (person.is_visitor and not (caller.known.is_operator or caller.known.is_admin)):
        return NO_PERSON
    return as_person(person)


async def blocks(services: Services, caller: Caller, request: types.WhichBlocks) -> types.People:
    """List the people whom one blocks."""
    found = await services.blocks.of(caller.known, request.after, request.limit + 1)
    return _page(found, request.limit)


async def block(services: Services, caller: Caller, request: WhichPerson) -> Refusal | None:
    """Block direct messages from a person."""
    return await services.blocks.block(caller.known, request.person)


async def unblock(services: Services, caller: Caller, request: WhichPerson) -> None:
    """Unblock direct messages from a person."""
    await services.blocks.unblock(caller.known, request.person)


def _page(found: Sequence[entities.Person], limit: int) -> types.People:
    page = found[:limit]
    return types.People(
        people=[as_person(each) for each in page], next=page[-1].name if len(found) > len(page) else None
    )
