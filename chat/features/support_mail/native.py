"""Mailed conversations in the native protocol: for operators, whence one is mailed."""

from typing import Annotated, Literal

from msgspec import Meta

from chat.domain.refusals import Refusal
from chat.domain.rooms.conversations import may_lead
from chat.engine.services import EngineServices
from chat.features.support_mail.port import MAIL_ORIGINS
from chat.operations.operation import NO_ACCESS, Caller, Cost, Operation
from chat.operations.values import Id, Value


class WhichMailed(Value, kw_only=True, frozen=True):
    """A support conversation."""

    room: Id


class MailedFrom(Value, kw_only=True, frozen=True, omit_defaults=False):
    """The address from which a conversation began by mail, null if it did not; and a check of the last sender.

    `check` is what one's own mail server found out by SPF, DKIM and DMARC.
    """

    address: str | None
    check: Annotated[Literal["pass", "fail", "none"], Meta(description="none: nothing was found out")]


async def mailed_from(services: EngineServices, caller: Caller, request: WhichMailed) -> MailedFrom | Refusal:
    """Get the address from which a support conversation began by mail, as an operator."""
    access = await services.conversations.enter(caller.known, request.room)
    if isinstance(access, Refusal):
        return access
    if refusal := may_lead(access, caller.known):
        return refusal
    found = await services.feature_ports[MAIL_ORIGINS].origin(request.room)
    if found is None:
        return MailedFrom(address=None, check="none")
    match found.verdict:
        case "pass" | "fail" as check:
            return MailedFrom(address=found.address, check=check)
        case _:
            return MailedFrom(address=found.address, check="none")


OPERATIONS = (
    Operation(
        name="mailed_from",
        method="GET",
        path="/support/{room}/mail",
        request=WhichMailed,
        reply=MailedFrom,
        cost=Cost.TEXTS,
        refuses=NO_ACCESS,
        handler=mailed_from,
    ),
)
