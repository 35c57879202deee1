"""Searching messages by their words, in the native protocol."""

from functools import partial
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chat.domain.accounts.bots import Scope
from chat.domain.messages.files import FILE_KINDS
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.room_history import ANSWER_BYTES, LONGEST_JSON
from chat.domain.text.wrong_values import pattern
from chat.engine.services import EngineServices
from chat.features.search.index import Search as Wanted
from chat.features.search.query import parse_query
from chat.features.search.runner import SEARCHES
from chat.operations.conversions import as_message
from chat.operations.operation import Caller, Cost, Operation
from chat.operations.read_cost import charge_read
from chat.operations.room_values import Hit, Hits
from chat.operations.values import Id, Limit, Time, Value

_EVER = 2**63 - 1

_MARK = f"({'|'.join(('link', 'file', *FILE_KINDS))})"
_Has = Annotated[str, pattern(f"^{_MARK}(,{_MARK}){{0,6}}$", f"a list of {_MARK[1:-1]}, with commas")]


class Search(Value, kw_only=True, frozen=True):
    """A search for messages in one's own rooms.

    `q` has words, which also match as prefixes, and phrases in quotes; a minus before one excludes it. `has` names what
    a message must have: a `link`, a `file`, or a file of a kind; without words all such messages are found. With
    `where` = names the words are looked for in the names of files alone. `from` is the sender; `since` and `before`
    bound the time. With `order` = best, the best matches among the newest come first, and there is no next page.
    """

    q: Annotated[str, Meta(max_length=4000)]
    has: _Has | None = None
    where: Literal["anywhere", "names"] = "anywhere"
    room: Id | None = None
    from_: Id | None = msgspec.field(name="from", default=None)
    since: Time | None = None
    before: Time | None = None
    order: Literal["new", "best"] = "new"
    after: Id | None = None
    limit: Limit = 50


async def search(services: EngineServices, caller: Caller, request: Search) -> Hits | Refusal:
    """Search messages in one's own rooms."""
    person, address = caller.known, caller.device.address
    has = () if request.has is None else tuple(dict.fromkeys(request.has.split(",")))
    query = parse_query(request.q, may_be_empty=bool(has))
    if isinstance(query, Refusal):
        return query
    if request.room is not None:
        access = await services.conversations.enter(person, request.room)
        if isinstance(access, Refusal):
            return access
    is_best = request.order == "best"
    asked = Wanted(
        person_id=person.id,
        query=query,
        has=has,
        in_names=request.where == "names",
        room_id=request.room,
        sender_id=request.from_,
        since=None if request.since is None else request.since / 1000,
        before=None if request.before is None else request.before / 1000,
        before_id=_EVER if request.after is None or is_best else request.after,
        is_best=is_best,
        limit=request.limit + (not is_best),
        most_bytes=ANSWER_BYTES,
    )
    found = await services.feature_ports[SEARCHES].find(
        asked, partial(services.budgets.searched, person.id, address)
    )
    if isinstance(found, Refusal):
        return found
    page = found[: request.limit]
    size = charge_read(services.budgets, caller, [each.message for each in page], request.limit)
    hits = [Hit(message=as_message(each.message), pieces=tuple(each.pieces)) for each in page]
    may_have_more = len(found) > request.limit or (page != [] and size + LONGEST_JSON > ANSWER_BYTES)
    return Hits(hits=hits, next=page[-1].message.id if may_have_more and not is_best else None)


OPERATIONS = (
    Operation(
        name="search",
        method="GET",
        path="/search",
        request=Search,
        reply=Hits,
        cost=Cost.SEARCH,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.NOT_FOUND),
        bots=(Scope.READ,),
        handler=search,
    ),
)
