"""Pushes in the native protocol, over HTTP."""

from base64 import urlsafe_b64decode
from typing import Annotated, Literal

from msgspec import Meta

from chat.domain.entities import Person
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.domain.text.wrong_values import pattern
from chat.engine.services import EngineServices
from chat.features.push.delivery import DeliveryState
from chat.features.push.ledger import LEDGER
from chat.features.push.missed.port import MISSED
from chat.features.push.rules import Decision, Rule
from chat.features.push.subscriptions import MOST_ENDPOINT
from chat.features.push.use_cases import BAD_KEYS, PUSH
from chat.operations.operation import Access, Caller, Cost, Operation
from chat.operations.room_values import WhichMessage
from chat.operations.values import Time, Value

_Base64 = Annotated[str, pattern(r"^[A-Za-z0-9_=-]+$", "base64url", max_length=100, description="base64url")]


class PushKeys(Value, kw_only=True, frozen=True):
    """The keys of a browser, as `PushSubscription.toJSON()` gives them."""

    p256dh: _Base64
    auth: _Base64


class Subscribe(Value, kw_only=True, frozen=True):
    """A browser's subscription, as `PushSubscription.toJSON()` gives it."""

    endpoint: Annotated[
        str,
        Meta(min_length=1, max_length=MOST_ENDPOINT, description="https: only"),
    ]
    keys: PushKeys


class ChoosePush(Value, kw_only=True, frozen=True):
    """Whether one's pushes have the texts of messages."""

    text: bool


class PushInfo(Value, kw_only=True, frozen=True, omit_defaults=False):
    """The server's public key in base64url, whether this log-in receives pushes, and whether they have texts."""

    key: str
    subscribed: bool
    text: Annotated[
        bool, Meta(description="One's own choice, unless an admin leaves texts out for everybody")
    ]


class ReportPush(Value, kw_only=True, frozen=True):
    """What a browser reports of a push; `code` is in the push, behind `#push=` of the address that it leads to."""

    code: Annotated[str, Meta(max_length=100)]
    event: Literal["shown", "clicked"]


class PushTest(Value, kw_only=True, frozen=True, omit_defaults=False):
    """What came of a push: whether the push service has taken it, its status, or why there was no answer."""

    sent: bool
    status: int | None
    error: Annotated[str | None, Meta(description="timeout, unreachable or bad_answer")]
    seconds: float


class Delivery(Value, kw_only=True, frozen=True):
    """The last try to send a push to a browser; `device` is the name of its log-in.

    `state`: sent, gone (the browser has no subscription any more), retry, failed, or unknown (sent twice without an
    answer). `error` where there was no answer.
    """

    device: str
    state: str
    status: int | None = None
    error: str | None = None
    at: Time
    shown_at: Annotated[Time | None, Meta(description="When the browser showed it, as it reports")] = None
    clicked_at: Annotated[Time | None, Meta(description="When it was clicked there")] = None


class Mailed(Value, kw_only=True, frozen=True):
    """The decision about mailing a message to one, and the mail server's answer."""

    decision: Annotated[str, Meta(description=", ".join(Decision))]
    at: Time
    answer: str | None = None


class Why(Value, kw_only=True, frozen=True):
    """Why one was notified of a message or not: the `decision`, when it was made, and each push and mail.

    `mail` has the same of mail, if the message could be mailed to one.
    """

    decision: Annotated[str, Meta(description=", ".join(Decision))]
    rule: Annotated[str, Meta(description="Why it is for one: " + ", ".join(Rule))] | None = None
    at: Time
    held_until: Annotated[
        Time | None, Meta(description="The end of the quiet hours that hold it back, or held it back")
    ] = None
    deliveries: tuple[Delivery, ...] = ()
    mail: Mailed | None = None


NOT_DECIDED = Refusal(
    Code.NOT_FOUND,
    "the message is not for you by any rule, or it is more than 14 days old",
    reason="no_decision",
)


async def push_info(services: EngineServices, caller: Caller, _request: None) -> PushInfo:
    """Return the server's key for pushes, and whether this log-in receives them."""
    return await _info(services, caller.known)


async def subscribe_push(services: EngineServices, caller: Caller, request: Subscribe) -> PushInfo | Refusal:
    """Have pushes sent to this browser until its log-in ends."""
    keys = _octets(request.keys.p256dh), _octets(request.keys.auth)
    if keys[0] is None or keys[1] is None:
        return BAD_KEYS
    me = caller.known
    if refusal := await services.feature_ports[PUSH].subscribe(me, request.endpoint, keys[0], keys[1]):
        return refusal
    return await _info(services, me)


async def unsubscribe_push(services: EngineServices, caller: Caller, _request: None) -> PushInfo:
    """Have no more pushes sent to this browser."""
    await services.feature_ports[PUSH].unsubscribe(caller.known)
    return await _info(services, caller.known)


async def choose_push(services: EngineServices, caller: Caller, request: ChoosePush) -> PushInfo:
    """Choose whether one's pushes have the texts of messages."""
    await services.feature_ports[PUSH].choose_text(caller.known, request.text)
    return await _info(services, caller.known)


async def try_push(services: EngineServices, caller: Caller, _request: None) -> PushTest | Refusal:
    """Send a push to this browser now, and return what its push service answers."""
    answer = await services.feature_ports[PUSH].try_out(services, caller.known)
    if isinstance(answer, Refusal):
        return answer
    return PushTest(
        sent=answer.state is DeliveryState.SENT,
        status=answer.status,
        error=answer.error,
        seconds=round(answer.seconds, 3),
    )


async def report_push(services: EngineServices, _caller: Caller, request: ReportPush) -> None:
    """Report that this browser has shown a push, or that it was clicked; the code in the push is enough."""
    await services.feature_ports[PUSH].report(request.code, request.event)


async def why_notified(services: EngineServices, caller: Caller, request: WhichMessage) -> Why | Refusal:
    """Return why one was notified of a message, or not, and each push and mail."""
    found = await services.feature_ports[LEDGER].explain(caller.known.id, request.room, request.seq)
    if found is None:
        return NOT_DECIDED
    mail = await services.feature_ports[MISSED].explain(caller.known.id, request.room, request.seq)
    return Why(
        decision=found.decision,
        rule=found.rule,
        at=milliseconds(found.at),
        held_until=_time(found.held_until),
        deliveries=tuple(
            Delivery(
                device=each.device,
                state=each.state,
                status=each.status,
                error=each.error,
                at=milliseconds(each.at),
                shown_at=_time(each.shown_at),
                clicked_at=_time(each.clicked_at),
            )
            for each in found.deliveries
        ),
        mail=None
        if mail is None
        else Mailed(decision=mail.decision, at=milliseconds(mail.at), answer=mail.answer),
    )


async def _info(services: EngineServices, person: Person) -> PushInfo:
    push = services.feature_ports[PUSH]
    state = await push.state(person)
    return PushInfo(
        key=(await push.keys()).public,
        subscribed=state.is_subscribed,
        text=state.has_text and services.settings.push_texts,
    )


def _time(seconds: float | None) -> int | None:
    return None if seconds is None else milliseconds(seconds)


def _octets(text: str) -> bytes | None:
    """Decode base64url, with padding or without. Sync and pure."""
    text = text.rstrip("=")
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None


OPERATIONS = (
    Operation(
        name="push_info",
        method="GET",
        path="/push",
        reply=PushInfo,
        tokens=False,
        refuses=(Code.FORBIDDEN, Code.OUTCOME_UNKNOWN),
        handler=push_info,
    ),
    Operation(
        name="subscribe_push",
        method="PUT",
        path="/push/subscription",
        request=Subscribe,
        reply=PushInfo,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.OUTCOME_UNKNOWN),
        handler=subscribe_push,
    ),
    Operation(
        name="unsubscribe_push",
        method="DELETE",
        path="/push/subscription",
        reply=PushInfo,
        tokens=False,
        refuses=(Code.FORBIDDEN, Code.OUTCOME_UNKNOWN),
        handler=unsubscribe_push,
    ),
    Operation(
        name="choose_push",
        method="PATCH",
        path="/push",
        request=ChoosePush,
        reply=PushInfo,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.OUTCOME_UNKNOWN),
        handler=choose_push,
    ),
    Operation(
        name="try_push",
        method="POST",
        path="/push/test",
        reply=PushTest,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=try_push,
    ),
    Operation(
        name="report_push",
        method="POST",
        path="/push/report",
        request=ReportPush,
        status=204,
        access=Access.ANYBODY,
        refuses=(Code.INVALID, Code.OUTCOME_UNKNOWN),
        handler=report_push,
    ),
    Operation(
        name="why_notified",
        method="GET",
        path="/rooms/{room}/messages/{seq}/why",
        request=WhichMessage,
        reply=Why,
        refuses=(Code.NOT_FOUND,),
        handler=why_notified,
    ),
)
