"""Statuses in the native protocol, over HTTP. Others get them with the person, as `status`."""

from typing import Annotated

from msgspec import Meta

from chat.domain.messages.emoji import EMOJI_LENGTH
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.statuses import use_cases
from chat.features.statuses.use_cases import TEXT_LENGTH
from chat.operations.operation import Caller, Cost, Operation
from chat.operations.values import PersonStatus, Time, Value


class SetPersonStatus(Value, kw_only=True, frozen=True):
    """A status: an emoji, a text, or both. Without `until` it stays until it is cleared."""

    emoji: Annotated[str, Meta(max_length=EMOJI_LENGTH)] | None = None
    text: Annotated[str, Meta(max_length=10 * TEXT_LENGTH, description="At most 100 characters")] = ""
    until: Time | None = None


async def set_status(
    services: EngineServices, caller: Caller, request: SetPersonStatus
) -> PersonStatus | Refusal:
    """Set one's own status."""
    until = None if request.until is None else request.until / 1000
    kept = await use_cases.set_status(services, caller.known, request.emoji, request.text, until)
    if isinstance(kept, Refusal):
        return kept
    return PersonStatus(
        emoji=kept.emoji, text=kept.text, until=None if kept.until is None else milliseconds(kept.until)
    )


async def clear_status(services: EngineServices, caller: Caller, _request: None) -> None:
    """Clear one's own status."""
    await use_cases.clear_status(services, caller.known)


OPERATIONS = (
    Operation(
        name="set_my_status",
        method="PUT",
        path="/me/status",
        request=SetPersonStatus,
        reply=PersonStatus,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.NOT_FOUND, Code.OUTCOME_UNKNOWN),
        handler=set_status,
    ),
    Operation(
        name="clear_my_status",
        method="DELETE",
        path="/me/status",
        status=204,
        cost=Cost.MESSAGE,
        refuses=(Code.OUTCOME_UNKNOWN,),
        handler=clear_status,
    ),
)
