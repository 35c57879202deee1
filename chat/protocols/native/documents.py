"""Serves the documents of the native protocol: OpenAPI 3.1, AsyncAPI 3, and a page that loads nothing else."""

from functools import cache, partial
from typing import Any

from quart import Blueprint, Response

from chat.domain.refusals import Code
from chat.protocols.native.asyncapi import describe_socket, render_socket
from chat.web_api.answers import answer
from chat.web_api.endpoint import Routes
from chat.web_api.openapi import describe, here, render
from chat.web_api.pages import PAGE_HEADERS
from chat.web_api.web_client import HTML

VERSION = "1.0.0"
"""The version of the documents: additions raise the middle number, and nothing is removed."""

_SOURCE = "/api/v1/openapi.json"
_SOCKET = "/api/v1/asyncapi.json"

CODES = {
    Code.MALFORMED: "The request can't be parsed. Do not repeat it unchanged.",
    Code.INVALID: "A field has an invalid value; `field` names it. Do not repeat it unchanged.",
    Code.UNKNOWN_TYPE: "This server does not know the request. Do not repeat it.",
    Code.UNAUTHENTICATED: "The token, password or refresh token is missing or invalid. Log in.",
    Code.EXPIRED: "The access token has expired. Refresh it, then repeat.",
    Code.FORBIDDEN: "The person has no right to do this. Do not repeat it.",
    Code.NOT_FOUND: "It does not exist, or the person may not see it.",
    Code.TAKEN: "Another person has it already; `field` names it. Ask the person for another value.",
    Code.CONFLICT: "It conflicts with the current state: read that first. If the key was used for another message,"
    " `room` and `seq` name that message. If another operator has the conversation, `holder` names them.",
    Code.GONE: "The code or the invite is used up, withdrawn or expired.",
    Code.TOO_BIG: "The body is too large. Send less.",
    Code.TOO_MANY: "A limit is exceeded. Wait `retry_ms` milliseconds, then repeat.",
    Code.UNAVAILABLE: "The database does not answer. Nothing was saved: repeat later.",
    Code.OUTCOME_UNKNOWN: "The database stopped responding: it may or may not have been done. Check before you repeat.",
    Code.INTERNAL: "A bug in the server, whose log has the details. Repeat once.",
}
"""What each code means, and what a client does then."""


def describe_native(routes: Routes) -> dict[str, Any]:
    """Return the OpenAPI document."""
    return describe(
        [routes],
        "trio-chat, the native protocol",
        VERSION,
        "Sessions, accounts, rooms, messages and administration. Fields and codes may be added: ignore unknown ones.",
    )


def documents(routes: Routes) -> Blueprint:
    """Return the routes of both documents and of the page; each is generated at its first request."""
    blueprint = Blueprint("native documents", __name__)
    document = cache(partial(describe_native, routes))
    socket = cache(partial(describe_socket, VERSION))
    page = cache(lambda: _render(document(), socket()))

    @blueprint.get(_SOURCE)
    async def openapi() -> Response:
        return answer({**document(), "servers": here()})

    @blueprint.get(_SOCKET)
    async def asyncapi() -> Response:
        return answer(socket())

    @blueprint.get("/api/v1/docs")
    async def docs() -> Response:
        return Response(page(), 200, headers=PAGE_HEADERS, content_type=HTML)

    return blueprint


def _render(document: dict[str, Any], socket: dict[str, Any]) -> str:
    return render(document, _SOURCE, {code.value: what for code, what in CODES.items()}) + render_socket(
        socket
    )
