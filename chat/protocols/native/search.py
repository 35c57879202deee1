"""Searching messages by their words."""

from functools import partial

from chat.domain.ports.search_index import Search
from chat.domain.refusals import Refusal
from chat.domain.room_history import ANSWER_BYTES, LONGEST_JSON
from chat.domain.search_query import parse_query
from chat.domain.sync_types import json_bytes
from chat.operations.conversions import as_message
from chat.operations.operation import Caller
from chat.protocols.native import message_types as types
from chat.protocols.native.messages import AROUND
from chat.protocols.services import Services

_EVER = 2**63 - 1


async def search(services: Services, caller: Caller, request: types.Search) -> types.Hits | Refusal:
    """Search messages in one's own rooms."""
    person, address = caller.known, caller.device.address
    query = parse_query(request.q)
    if isinstance(query, Refusal):
        return query
    if request.room is not None:
        access = await services.conversations.enter(person, request.room)
        if isinstance(access, Refusal):
            return access
    is_best = request.order == "best"
    asked = Search(
        person_id=person.id,
        query=query,
        room_id=request.room,
        sender_id=request.from_,
        since=None if request.since is None else request.since / 1000,
        before=None if request.before is None else request.before / 1000,
        before_id=_EVER if request.after is None or is_best else request.after,
        is_best=is_best,
        limit=request.limit + (not is_best),
        most_bytes=ANSWER_BYTES,
    )
    found = await services.searches.find(asked, partial(services.budgets.searched, person.id, address))
    if isinstance(found, Refusal):
        return found
    page = found[: request.limit]
    size = 0
    hits: list[types.Hit] = []
    for each in page:
        size += json_bytes(each.message) + AROUND
        hits.append(types.Hit(message=as_message(each.message), pieces=tuple(each.pieces)))
    services.budgets.was_read(person.id, address, size, request.limit)
    may_have_more = len(found) > request.limit or (page != [] and size + LONGEST_JSON > ANSWER_BYTES)
    return types.Hits(hits=hits, next=page[-1].message.id if may_have_more and not is_best else None)
