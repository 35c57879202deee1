"""The operations on other people."""

from chat.domain.refusals import Code
from chat.operations.operation import Cost, Operation
from chat.operations.values import Person
from chat.protocols.native import people
from chat.protocols.native.people_types import People, WhichBlocks, WhichPeople
from chat.protocols.native.room_requests import WhichPerson

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
        handler=people.one_person,
    ),
    Operation(
        name="blocks",
        method="GET",
        path="/me/blocks",
        request=WhichBlocks,
        reply=People,
        cost=Cost.PAGE,
        handler=people.blocks,
    ),
    Operation(
        name="block",
        method="PUT",
        path="/me/blocks/{person}",
        request=WhichPerson,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=people.block,
    ),
    Operation(
        name="unblock",
        method="DELETE",
        path="/me/blocks/{person}",
        request=WhichPerson,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(Code.OUTCOME_UNKNOWN,),
        handler=people.unblock,
    ),
)
