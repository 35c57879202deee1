"""What describes the native protocol: OpenAPI 3.1 and AsyncAPI 3 for programs, and for people one page.

The page loads nothing else.
"""

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
"""Of the protocol: what is in it stays; what is added raises the middle number."""

_SOURCE = "/api/v1/openapi.json"
_SOCKET = "/api/v1/asyncapi.json"

CODES = {
    Code.MALFORMED: "The request can't be read. Do not repeat it as it is.",
    Code.INVALID: "A field is not what it may be; `field` says which. Do not repeat it as it is.",
    Code.UNKNOWN_TYPE: "There is no such request here. Do not repeat it.",
    Code.UNAUTHENTICATED: "Log in: there is no good token, password or refresh token.",
    Code.EXPIRED: "The access token is too old: refresh, then repeat.",
    Code.FORBIDDEN: "You may not.",
    Code.NOT_FOUND: "There is no such thing, or not for you.",
    Code.TAKEN: "Somebody else has it already; `field` says what. Ask the person for another.",
    Code.CONFLICT: "It does not go with what is there; look at that. Of a key that was used for something else, `room`"
    " and `seq` say which message it is; of a conversation that is another's by now, `holder` says whose.",
    Code.GONE: "The code or the invite is used up, withdrawn or too old.",
    Code.TOO_BIG: "Send less.",
    Code.TOO_MANY: "Wait `retry_ms` milliseconds, then repeat.",
    Code.UNAVAILABLE: "The database does not answer. Nothing was saved: repeat later.",
    Code.OUTCOME_UNKNOWN: "The database went silent: it may or may not have been done. Look before you repeat.",
    Code.INTERNAL: "A bug, which the server's log has. Repeat once.",
}
"""What a client does that meets a code."""


def describe_native(routes: Routes) -> dict[str, Any]:
    """Return the OpenAPI document."""
    return describe(
        [routes],
        "trio-chat, the native protocol",
        VERSION,
        "Sessions, accounts, rooms, messages and administration. Fields and codes may be added: pass over what you do"
        " not know.",
    )


def documents(routes: Routes) -> Blueprint:
    """Return the routes of both documents and of the page, each made when somebody asks for it first."""
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
