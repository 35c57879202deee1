"""The native protocol over HTTP: a route below /api/v1 for each operation of the table that has a method."""

from collections.abc import Sequence
from typing import Any

import msgspec
from quart import Blueprint, Response, request

from chat.domain.accounts.sessions import LONGEST_AGENT, Device
from chat.domain.ports import KeptFile
from chat.domain.refusals import NOT_ADMIN, Code, Refusal
from chat.operations.operation import Access, AlreadyDone, Caller, Lasting, Operation, WithCookie
from chat.operations.sessions import Session
from chat.protocols.native.accounts.refresh_cookie import forget_refresh, keep_refresh, kept_refresh
from chat.protocols.native.accounts.types import Refresh
from chat.protocols.native.calling import run
from chat.protocols.native.documents import documents
from chat.protocols.native.file_answer import send_archive, send_file
from chat.protocols.native.mcp.http import mcp_blueprint
from chat.protocols.native.operations import OPERATIONS
from chat.protocols.native.shapes import Shapes
from chat.protocols.services import Services
from chat.storage.archives import ArchiveFile
from chat.web_api.answers import STATUS, WITH_CODES, Error, answer
from chat.web_api.bodies import read_body_or_nothing, uploaded
from chat.web_api.endpoint import Call, Routes

_ALWAYS = (Code.TOO_MANY, Code.UNAVAILABLE, Code.INTERNAL)
"""Codes with which every operation may be refused."""

_OF_BODIES = 400, 413, 415
"""Statuses for unreadable bodies."""

_ROUTES = [
    (operation, operation.method, Shapes(operation))
    for operation in OPERATIONS
    if operation.method is not None
]
"""The operations with a route; the types of bodies and queries are made once for all apps of a process."""


def native_blueprints(services: Services) -> Sequence[Blueprint]:
    """Return the routes of the operations, of their documents, and of programs that use some of them as tools."""
    routes = Routes(
        "native",
        services.accounts,
        services.budgets,
        read=read_body_or_nothing,
        error=Error,
        empty_bodies=True,
    )
    for operation, method, shapes in _ROUTES:
        _add(routes, operation, method, shapes, services)
    return routes.blueprint, documents(routes), mcp_blueprint(services)


def _add(routes: Routes, operation: Operation, method: str, shapes: Shapes, services: Services) -> None:
    async def handle(call: Call) -> object:
        person = call.person
        if operation.access is Access.PERHAPS_PERSON:
            person = await routes.caller_or_nobody(
                visitors=operation.visitors, before_set_up=operation.before_set_up
            )
        device = Device(call.address, request.headers.get("User-Agent", "")[:LONGEST_AGENT])
        caller = Caller(person, device, cookies=request.cookies)
        if operation.access is Access.ADMIN and not caller.known.is_admin:
            return NOT_ADMIN
        asked = shapes.asked(call.path, _with_cookie(call.body))
        body = (uploaded(),) if operation.takes_bytes else ()
        reply = await run(services, operation, caller, asked, *body)
        if isinstance(reply, KeptFile):
            return send_file(services, reply)
        if isinstance(reply, Lasting):
            return send_file(services, reply.file, is_lasting=True)
        if isinstance(reply, ArchiveFile):
            return await send_archive(reply)
        has_own_refresh = isinstance(call.body, Refresh) and call.body.refresh is not None
        return _answer(operation, reply, has_own_refresh=has_own_refresh)

    handle.__name__, handle.__doc__ = operation.name, operation.handler.__doc__
    routes.route(
        method,
        WITH_CODES + shapes.path,
        body=shapes.body,
        query=shapes.query,
        answers=_answers(operation, has_body=shapes.body is not None, has_query=shapes.query is not None),
        token=operation.access in (Access.PERSON, Access.ADMIN),
        costs_message=False,  # over_budget() charges it
        visitors=operation.visitors,
        bots=bool(operation.bots),
        before_set_up=operation.before_set_up,
    )(handle)


def _answers(operation: Operation, *, has_body: bool, has_query: bool) -> dict[int, Any]:
    statuses = {STATUS[code] for code in (*operation.refuses, *_ALWAYS)}
    statuses |= {*_OF_BODIES} if has_body else {STATUS[Code.INVALID]} if has_query else set()
    replies: dict[int, Any] = {operation.status: bytes if operation.gives_bytes else operation.reply}
    if operation.repeated is not None:
        replies[operation.repeated] = operation.reply
    return {**dict.fromkeys(sorted(statuses), Error), **replies}


def _with_cookie(body: msgspec.Struct | None) -> msgspec.Struct | None:
    """Take the refresh token from the cookie if the body has none."""
    if isinstance(body, Refresh) and body.refresh is None:
        return Refresh(refresh=kept_refresh())
    return body


def _answer(operation: Operation, reply: object, *, has_own_refresh: bool) -> object:
    """Return the answer. Logging out with a refresh token in the body keeps the cookie, which is another session's."""
    if isinstance(reply, WithCookie):
        response = _answer(operation, reply.reply, has_own_refresh=has_own_refresh)
        if not isinstance(response, Response):
            response = answer(response, operation.status)
        response.headers.add("Set-Cookie", reply.cookie)
        response.headers["Cache-Control"] = "no-store"
        return response
    if isinstance(reply, Session):
        session, cookie = keep_refresh(reply)
        response = answer(session, operation.status)
        if cookie is not None:
            response.headers["Set-Cookie"] = cookie
        response.headers["Cache-Control"] = "no-store"
        return response
    if isinstance(reply, AlreadyDone):
        assert operation.repeated is not None
        return answer(reply.reply, operation.repeated)
    if operation.repeated is not None and not isinstance(reply, Refusal):
        return answer(reply, operation.status)
    if operation.request is Refresh and not isinstance(reply, Refusal):
        response = Response(b"", operation.status)
        if not has_own_refresh:
            response.headers["Set-Cookie"] = forget_refresh()
        return response
    return reply
