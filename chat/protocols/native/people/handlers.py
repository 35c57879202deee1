"""Other people: finding them."""

from chat.domain.accounts.program_names import is_program
from chat.domain.refusals import NO_PERSON, Refusal
from chat.operations.conversions import as_person, page_of_people
from chat.operations.operation import Caller
from chat.operations.values import People, Person, WhichPerson
from chat.protocols.native.people import types
from chat.protocols.services import Services


async def people(services: Services, _caller: Caller, request: types.WhichPeople) -> People:
    """Find people by a part of their names."""
    found = await services.contacts.find(request.q, request.after, request.limit + 1)
    return page_of_people(found, request.limit)


async def one_person(services: Services, caller: Caller, request: WhichPerson) -> Person | Refusal:
    """Get a person's public profile; only operators and admins can get visitors."""
    person = await services.accounts.person(request.person)
    sees_visitors = caller.known.is_operator or caller.known.is_admin
    if person is None or (person.is_visitor and not (sees_visitors or is_program(person))):
        return NO_PERSON
    return as_person(person, caller.known)
