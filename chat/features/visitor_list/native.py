"""The list of visitors in the native protocol, for admins, over HTTP."""

from typing import Annotated

from msgspec import Meta

from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code
from chat.domain.text.wrong_values import pattern
from chat.engine.services import EngineServices
from chat.features.visitor_list import port
from chat.features.visitor_list.port import VISITOR_LIST
from chat.operations.conversions import as_person
from chat.operations.operation import Access, Caller, Operation
from chat.operations.values import SOUGHT, Email, Id, Limit, Person, Time, Value, WebPage

_Before = Annotated[int, Meta(ge=0, le=2**53 - 1, description="The `next` of the page before; 0: the first")]


class WhichVisitors(Value, kw_only=True, frozen=True):
    """A page of the visitors with `q` in their names or email addresses."""

    q: Annotated[str, pattern(*SOUGHT, max_length=254)] = ""
    after: _Before = 0
    limit: Limit = 50


class ListedVisitor(Value, kw_only=True, frozen=True):
    """A visitor as admins see them. `room` is their conversation, once something was said there."""

    person: Person
    email: Email | None = None
    page: WebPage | None = None
    verified: bool = False
    blocked: bool = False
    came: Time
    room: Id | None = None


class ListedVisitors(Value, kw_only=True, frozen=True):
    """Visitors, the newest first. If there are more, `next` is the `after` of the next page."""

    visitors: list[ListedVisitor]
    next: Id | None = None


async def listed_visitors(
    services: EngineServices, _caller: Caller, request: WhichVisitors
) -> ListedVisitors:
    """List the visitors of the support widget, the newest first."""
    before = request.after or 2**53
    found = await services.feature_ports[VISITOR_LIST].page(request.q.lower(), before, request.limit + 1)
    page = [_listed(each) for each in found[: request.limit]]
    return ListedVisitors(visitors=page, next=page[-1].person.id if len(found) > len(page) else None)


def _listed(found: port.ListedVisitor) -> ListedVisitor:
    person, visit = found.person, found.visit
    return ListedVisitor(
        person=as_person(person),
        email=visit.email,
        page=visit.page,
        verified=visit.is_verified,
        blocked=person.is_disabled,
        came=milliseconds(person.created_at),
        room=found.room_id,
    )


OPERATIONS = (
    Operation(
        name="listed_visitors",
        method="GET",
        path="/admin/visitors",
        request=WhichVisitors,
        reply=ListedVisitors,
        access=Access.ADMIN,
        refuses=(Code.INVALID, Code.FORBIDDEN),
        handler=listed_visitors,
    ),
)
