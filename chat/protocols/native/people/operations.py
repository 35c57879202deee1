"""The operations on other people."""

from chat.domain.accounts.bots import Scope
from chat.domain.refusals import Code
from chat.operations.operation import Cost, Operation
from chat.operations.values import People, Person, WhichPerson
from chat.protocols.native.people import handlers as people
from chat.protocols.native.people.types import WhichPeople

PEOPLE = (
    Operation(
        name="people",
        method="GET",
        path="/people",
        request=WhichPeople,
        reply=People,
        cost=Cost.PAGE,
        handler=people.people,
    ),
    Operation(
        name="person",
        method="GET",
        path="/people/{person}",
        request=WhichPerson,
        reply=Person,
        refuses=(Code.NOT_FOUND,),
        bots=(Scope.READ,),
        handler=people.one_person,
    ),
)
