"""Mails for missed messages in the native protocol: one's choice, and the link that ends them."""

from typing import Annotated

from msgspec import Meta

from chat.domain.refusals import Code
from chat.domain.text.wrong_values import pattern
from chat.due.schedule import SCHEDULE
from chat.engine.services import EngineServices
from chat.features.push.missed.port import LONGEST, MISSED
from chat.operations.operation import Access, Caller, Cost, Operation
from chat.operations.values import Value

_Seconds = Annotated[
    int,
    Meta(
        ge=0, le=LONGEST, description="Seconds for which a message stays unread until it is mailed; 0: never"
    ),
]


class ChooseMail(Value, kw_only=True, frozen=True):
    """When unread messages are mailed to one."""

    after: _Seconds


class MailChoice(Value, kw_only=True, frozen=True, omit_defaults=False):
    """When unread messages are mailed to one, and whether one's address is confirmed: to others nothing is mailed."""

    after: _Seconds
    confirmed: bool


class WhichMails(Value, kw_only=True, frozen=True):
    """The code of a link in a mail."""

    code: Annotated[
        str, pattern(r"^[0-9a-f-]{36}$(?!\n)", "the code of a link in a mail", description="A UUID")
    ]


async def mail_choice(services: EngineServices, caller: Caller, _request: None) -> MailChoice:
    """Get when unread messages are mailed to one."""
    found = await services.feature_ports[MISSED].choice(caller.known.id)
    return MailChoice(after=found.seconds, confirmed=found.is_confirmed)


async def choose_mail(services: EngineServices, caller: Caller, request: ChooseMail) -> MailChoice:
    """Choose when unread messages are mailed to one."""
    ports = services.feature_ports
    await ports[MISSED].choose(caller.known.id, request.after)
    ports[SCHEDULE].wake()  # what waits may be due now
    return await mail_choice(services, caller, None)


async def unsubscribe(services: EngineServices, _caller: Caller, request: WhichMails) -> None:
    """End the mails of a link's person (RFC 8058); the answer does not say whether the code is known."""
    await services.feature_ports[MISSED].unsubscribe(request.code)


OPERATIONS = (
    Operation(
        name="mail_choice",
        method="GET",
        path="/mail",
        reply=MailChoice,
        handler=mail_choice,
    ),
    Operation(
        name="choose_mail",
        method="PATCH",
        path="/mail",
        request=ChooseMail,
        reply=MailChoice,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.OUTCOME_UNKNOWN),
        handler=choose_mail,
    ),
    Operation(
        name="unsubscribe",
        method="POST",
        path="/mail/unsubscribe/{code}",
        request=WhichMails,
        status=204,
        access=Access.ANYBODY,
        refuses=(Code.INVALID, Code.OUTCOME_UNKNOWN),
        handler=unsubscribe,
    ),
)
