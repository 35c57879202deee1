"""Verified visitors in the native protocol: for the widget, and for admins, over HTTP."""

from typing import Annotated

from msgspec import Meta

from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.verified_visitors import use_cases
from chat.features.verified_visitors.port import VERIFIED_VISITORS
from chat.features.verified_visitors.tokens import LONGEST
from chat.operations.operation import Access, Caller, Cost, Operation
from chat.operations.sessions import Session, as_session
from chat.operations.values import Time, Value, WebPage

_MOST_HOURS = 720


class IdentifyVisitor(Value, kw_only=True, frozen=True):
    """A JWT by which the site says who its visitor is, and the page that they write from."""

    token: Annotated[str, Meta(max_length=LONGEST, description="HS256, with `id`, `name`, `email` and `exp`")]
    page: WebPage | None = None


class VisitorSecretState(Value, kw_only=True, frozen=True):
    """When the desk's secret was made, if there is one, and until when the one before is valid."""

    made: Time | None = None
    previous_until: Time | None = None


class MakeVisitorSecret(Value, kw_only=True, frozen=True):
    """For how many hours the secret before stays valid."""

    overlap_hours: Annotated[int, Meta(ge=0, le=_MOST_HOURS)] = 24


class VisitorSecret(VisitorSecretState, kw_only=True, frozen=True):
    """A new secret, which is shown this once."""

    secret: str


async def identify_visitor(
    services: EngineServices, caller: Caller, request: IdentifyVisitor
) -> Session | Refusal:
    """Begin a session of the visitor of a site, who is the same on each of their devices."""
    opened = await use_cases.identify(services, caller.person, request.token, request.page, caller.device)
    return as_session(opened)


async def visitor_secret(services: EngineServices, _caller: Caller, _request: None) -> VisitorSecretState:
    """Get whether sites can sign who their visitors are."""
    found = await services.feature_ports[VERIFIED_VISITORS].secrets()
    made = [milliseconds(each.made_at) for each in found if each.ends_at is None]
    ends = [milliseconds(each.ends_at) for each in found if each.ends_at is not None]
    return VisitorSecretState(made=made[0] if made else None, previous_until=ends[0] if ends else None)


async def make_visitor_secret(
    services: EngineServices, caller: Caller, request: MakeVisitorSecret
) -> VisitorSecret:
    """Make the secret with which sites sign who their visitors are; the one before stays valid for a while."""
    secret = await use_cases.make_secret(services, caller.known, request.overlap_hours * 3600.0)
    now = await visitor_secret(services, caller, None)
    return VisitorSecret(secret=secret, made=now.made, previous_until=now.previous_until)


async def remove_visitor_secret(services: EngineServices, caller: Caller, _request: None) -> None:
    """Remove the secret, if there is one: what a site signs with it counts no more."""
    await services.feature_ports[VERIFIED_VISITORS].remove_secrets(caller.known.id)


_SECRET = "/admin/visitor-secret"

OPERATIONS = (
    Operation(
        name="identify_visitor",
        method="POST",
        path="/auth/visitor",
        request=IdentifyVisitor,
        reply=Session,
        status=201,
        access=Access.PERHAPS_PERSON,
        visitors=True,
        refuses=(
            Code.INVALID,
            Code.UNAUTHENTICATED,
            Code.FORBIDDEN,
            Code.NOT_FOUND,
            Code.OUTCOME_UNKNOWN,
        ),
        handler=identify_visitor,
    ),
    Operation(
        name="visitor_secret",
        method="GET",
        path=_SECRET,
        reply=VisitorSecretState,
        access=Access.ADMIN,
        tokens=False,
        refuses=(Code.FORBIDDEN,),
        handler=visitor_secret,
    ),
    Operation(
        name="make_visitor_secret",
        method="POST",
        path=_SECRET,
        request=MakeVisitorSecret,
        reply=VisitorSecret,
        status=201,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.OUTCOME_UNKNOWN),
        handler=make_visitor_secret,
    ),
    Operation(
        name="remove_visitor_secret",
        method="DELETE",
        path=_SECRET,
        status=204,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.OUTCOME_UNKNOWN),
        handler=remove_visitor_secret,
    ),
)
