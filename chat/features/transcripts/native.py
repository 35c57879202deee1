"""Transcripts in the native protocol, over HTTP."""

from chat.domain.limits.bounds import TimeZone
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.transcripts import use_cases
from chat.features.transcripts.use_cases import Wanted
from chat.mail.languages import Language
from chat.operations.operation import NO_ACCESS, Caller, Cost, Operation
from chat.operations.values import Email, Id, Value


class MailOwnConversation(Value, kw_only=True, frozen=True):
    """The address to which one's own conversation is mailed, and the language and the time zone of the mail."""

    email: Email
    language: Language = "en"
    zone: TimeZone = "UTC"


class MailConversation(MailOwnConversation, kw_only=True, frozen=True):
    """A support conversation, and the address to which it is mailed."""

    room: Id


async def mail_own_conversation(
    services: EngineServices, caller: Caller, request: MailOwnConversation
) -> Refusal | None:
    """Have one's own support conversation mailed to an address, once an operator has answered; once an hour."""
    return await use_cases.send_own(services, caller.known, _wanted(request))


async def mail_conversation(
    services: EngineServices, caller: Caller, request: MailConversation
) -> Refusal | None:
    """Mail a support conversation to an address, as an operator; once an hour."""
    return await use_cases.send(services, caller.known, request.room, _wanted(request))


def _wanted(request: MailOwnConversation) -> Wanted:
    return Wanted(request.email, request.language, request.zone)


_REFUSED = (Code.INVALID, Code.CONFLICT, Code.OUTCOME_UNKNOWN)

OPERATIONS = (
    Operation(
        name="mail_own_conversation",
        method="POST",
        path="/support/transcript",
        request=MailOwnConversation,
        status=204,
        visitors=True,
        cost=Cost.MESSAGE,
        refuses=(*_REFUSED, Code.NOT_FOUND),
        handler=mail_own_conversation,
    ),
    Operation(
        name="mail_conversation",
        method="POST",
        path="/support/{room}/transcript",
        request=MailConversation,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(*_REFUSED, *NO_ACCESS),
        handler=mail_conversation,
    ),
)
