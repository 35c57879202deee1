"""Typed routes: the same types validate bodies and describe the API."""

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Any, TypeVar

import msgspec
from quart import Blueprint, Response, request

from chat.domain.accounts.accounts import Accounts
from chat.domain.entities import Person
from chat.domain.limits.budgets import Budgets
from chat.domain.refusals import BAD_TOKEN, EXPIRED_TOKEN, Refusal
from chat.gateway.http1.bearer import bearer_token
from chat.web_api.answers import ErrorBody, answer, has_codes, refuse
from chat.web_api.bodies import BodyReader, read_body

T = TypeVar("T")


class Call(msgspec.Struct, frozen=True):
    """One request: its body (of the route's type), caller, client address, and the parts of the path."""

    body: Any
    person: Person | None
    address: str
    path: dict[str, Any]


CallHandler = Callable[[Call], Awaitable[Any]]
"""Answers a call with a body, a Refusal, or a Response."""


class Endpoint(msgspec.Struct, frozen=True):
    """The description of a route.

    `name` is unique in its dialect. `query` is the type of its query; the body is `bytes` if the handler reads it
    piece by piece. `answers` maps each status to the type of its body; None: an empty body. `reads` is how many
    messages it reads. Without `needs_body` an empty body counts as an empty object. `visitors`: tokens of visitors of
    the support widget are accepted. `bots`: so are those of bots. `before_set_up`: so are those of people who must set
    up a second factor first.
    """

    name: str
    method: str
    path: str
    summary: str
    body: type | None
    query: type | None
    answers: Mapping[int, Any]
    token: bool
    caseless: bool
    reads: int
    costs_message: bool
    needs_body: bool
    visitors: bool = False
    bots: bool = False
    before_set_up: bool = False


class Routes:
    """The routes of one dialect: a Quart blueprint, and the list that describes it.

    Args:
        budgets: the budgets of callers with a token; required by routes that need one.
        read: decodes a body as its type; raises BadBody.
        caseless: whether keys match in any case, for the description.
        error: the type of errors' bodies, for the description.
        empty_bodies: whether `read` accepts an empty body as an empty object, for the description.
    """

    def __init__(
        self,
        name: str,
        accounts: Accounts | None = None,
        budgets: Budgets | None = None,
        *,
        read: BodyReader = read_body,
        caseless: bool = False,
        error: type = ErrorBody,
        empty_bodies: bool = False,
    ) -> None:
        self.name = name
        self.blueprint = Blueprint(name, f"{__name__}.{name}")
        self.endpoints: list[Endpoint] = []
        self._accounts = accounts
        self._budgets = budgets
        self._read = read
        self._caseless = caseless
        self._error = error
        self._empty_bodies = empty_bodies

    def route(
        self,
        method: str,
        path: str,
        *,
        answers: Mapping[int, Any],
        body: type | None = None,
        query: type | None = None,
        token: bool = False,
        reads: int = 0,
        costs_message: bool | None = None,
        visitors: bool = False,
        bots: bool = False,
        before_set_up: bool = False,
    ) -> Callable[[CallHandler], CallHandler]:
        """Register the decorated function as the handler of `method` `path`.

        Args:
            answers: the type of the body for each status; a handler's plain body gets the smallest status.
            body: the type of the body, if any.
            query: the type of the query; the handler reads it by read_query().
            token: whether a valid token is required; others get 401.
            reads: the most messages that it reads, for the budget.
            costs_message: whether a call costs as much as a message; by default all methods but GET do.
            visitors: whether visitors of the support widget may call it; otherwise they get 403.
            bots: whether bots may call it, whose scopes the handler checks; otherwise they get 403.
            before_set_up: whether people may call it who must set up a second factor first; otherwise they get 403.
        """

        def register(handler: CallHandler) -> CallHandler:
            summary = (handler.__doc__ or "").strip().splitlines()[0]
            described = {**answers, 401: self._error, 403: self._error} if token else answers
            has_cost = method != "GET" if costs_message is None else costs_message
            if token and (reads or has_cost):
                described = {**described, 429: self._error}
            endpoint = Endpoint(
                handler.__name__,
                method,
                path,
                summary,
                body,
                query,
                described,
                token,
                self._caseless,
                reads,
                has_cost,
                not (self._empty_bodies and body not in (None, bytes) and _may_be_empty(body)),
                visitors,
                bots,
                before_set_up,
            )
            self.endpoints.append(endpoint)

            async def view(**parts: Any) -> Response:  # noqa: ANN401 - whatever the path's converters make
                return await self._answer(handler, endpoint, parts)

            self.blueprint.add_url_rule(
                path, f"{method} {path}".replace(".", ""), view, methods=[method], strict_slashes=False
            )
            return handler

        return register

    async def _answer(self, handler: CallHandler, endpoint: Endpoint, parts: dict[str, Any]) -> Response:
        person = None
        if endpoint.token:
            caller = await self._caller(
                visitors=endpoint.visitors, bots=endpoint.bots, before_set_up=endpoint.before_set_up
            )
            if isinstance(caller, Refusal):
                return refuse(caller)
            person = caller
            if over_budget := self._use_up(endpoint, person):
                return refuse(over_budget)
        body: Any = None
        if endpoint.body not in (None, bytes):
            body = await self._read(endpoint.body)
        result = await handler(Call(body, person, request.remote_addr or "", parts))
        match result:
            case Response():
                return result
            case Refusal():
                return refuse(result)
        status = min(endpoint.answers)
        return Response(b"", status) if endpoint.answers[status] is None else answer(result, status)

    def _use_up(self, endpoint: Endpoint, person: Person) -> Refusal | None:
        assert self._budgets is not None
        address = request.remote_addr or ""
        if endpoint.reads:
            return self._budgets.read(person.id, address, endpoint.reads)
        return self._budgets.message(person.id, address) if endpoint.costs_message else None

    async def caller_or_nobody(self, *, visitors: bool = False, before_set_up: bool = False) -> Person | None:
        """Return the caller of a route that needs no token; None for a bad token. May raise StorageDown.

        Cancelling changes nothing.
        """
        caller = await self._caller(visitors=visitors, bots=False, before_set_up=before_set_up)
        return None if isinstance(caller, Refusal) else caller

    async def _caller(self, *, visitors: bool, bots: bool, before_set_up: bool) -> Person | Refusal:
        assert self._accounts is not None
        token = bearer_token(request.headers.get("Authorization", ""))
        if token is None:
            return BAD_TOKEN
        caller = await self._accounts.authenticate(
            token, visitors=visitors, bots=bots, before_set_up=before_set_up
        )
        if caller is BAD_TOKEN and has_codes() and self._accounts.tokens.has_expired(token):
            return EXPIRED_TOKEN
        return caller


@cache
def _may_be_empty(body: type) -> bool:
    return not any(field.required for field in msgspec.structs.fields(body))
