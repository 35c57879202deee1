"""Clean-ups in the native protocol, over HTTP."""

from typing import Annotated

from msgspec import Meta

from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.clean_up import use_cases
from chat.operations.operation import Caller, Cost, Operation
from chat.operations.values import PLACE, Id, Value

_HOUR = 3_600.0


class CleanUp(Value, kw_only=True, frozen=True):
    """Whose messages to delete, and of how many hours before now."""

    person: Id
    hours: Annotated[int, Meta(ge=1, le=24)]
    after: Annotated[Id, Meta(description=PLACE.replace("page", "reply"))] | None = None


class CleanedUp(Value, kw_only=True, frozen=True):
    """How many messages were deleted now. If there may be more, `next` is the `after` of the next request."""

    deleted: Annotated[int, Meta(ge=0, le=use_cases.MOST)]
    next: Id | None = None


async def clean_up(services: EngineServices, caller: Caller, request: CleanUp) -> CleanedUp | Refusal:
    """Delete what a person said in the last hours, in all rooms that one moderates: up to 200 messages at once."""
    cleaned = await use_cases.clean_up(
        services, caller.known, request.person, request.hours * _HOUR, request.after
    )
    return (
        cleaned if isinstance(cleaned, Refusal) else CleanedUp(deleted=cleaned.deleted, next=cleaned.next_id)
    )


OPERATIONS = (
    Operation(
        name="clean_up",
        method="POST",
        path="/people/{person}/clean-up",
        request=CleanUp,
        reply=CleanedUp,
        cost=Cost.TEXTS,
        refuses=(Code.OUTCOME_UNKNOWN,),
        handler=clean_up,
    ),
)
