"""The operations on blocks."""

from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.operations.conversions import page_of_people
from chat.operations.operation import Caller, Cost, Operation
from chat.operations.values import AfterName, Limit, People, Value, WhichPerson


class WhichBlocks(Value, kw_only=True, frozen=True):
    """A page of the people whom the caller blocks."""

    after: AfterName = ""
    limit: Limit = 50


async def blocks(services: EngineServices, caller: Caller, request: WhichBlocks) -> People:
    """List the people whom one blocks."""
    found = await services.blocks.of(caller.known, request.after, request.limit + 1)
    return page_of_people(found, request.limit)


async def block(services: EngineServices, caller: Caller, request: WhichPerson) -> Refusal | None:
    """Block direct messages from a person."""
    return await services.blocks.block(caller.known, request.person)


async def unblock(services: EngineServices, caller: Caller, request: WhichPerson) -> None:
    """Unblock direct messages from a person."""
    await services.blocks.unblock(caller.known, request.person)


OPERATIONS = (
    Operation(
        name="blocks",
        method="GET",
        path="/me/blocks",
        request=WhichBlocks,
        reply=People,
        cost=Cost.PAGE,
        handler=blocks,
    ),
    Operation(
        name="block",
        method="PUT",
        path="/me/blocks/{person}",
        request=WhichPerson,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=block,
    ),
    Operation(
        name="unblock",
        method="DELETE",
        path="/me/blocks/{person}",
        request=WhichPerson,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(Code.OUTCOME_UNKNOWN,),
        handler=unblock,
    ),
)
