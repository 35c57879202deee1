"""`/doctor`: tells `chat doctor` on the server's machine how its request arrived, through whatever is in between."""

from pathlib import Path
from typing import Any

import msgspec
from quart import Blueprint, Response, request

from chat.domain.proxies import Proxies
from chat.gateway.http1.connection import PEER
from chat.inspection.doctor_mark import HEADER, PATH, is_marked
from chat.web_api.answers import answer, error

_SHOWN = ("host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded")


class Arrived(msgspec.Struct, frozen=True):
    """A request as it arrived: headers that name the client, what the server believes, and the bytes of the body."""

    headers: dict[str, str]
    is_trusted: bool
    """Whether the peer is one of trusted_proxies."""
    peer: str
    address: str
    scheme: str
    host: str
    body: int


def create_doctor(data: Path, proxies: Proxies) -> Blueprint:
    """Return the route. Without the mark that is in the data directory it is an unknown path."""
    routes = Blueprint("doctor", __name__)

    @routes.route(PATH, methods=["GET", "POST"])
    async def doctor() -> Response:
        if not is_marked(data, request.headers.get(HEADER, "")):
            return error(404, "there is no such path here")
        length = 0
        async for piece in request.body:
            length += len(piece)
        extensions: dict[str, Any] = request.scope.get("extensions", {})
        peer: str = extensions.get(PEER, "")
        headers = [(name.lower(), value) for name, value in request.headers.items()]
        return answer(
            Arrived(
                {name: value for name, value in headers if name in _SHOWN},
                proxies.trusts(peer),
                peer,
                request.remote_addr or "",
                request.scheme,
                proxies.client_host(peer, headers) or request.headers.get("Host", "").lower(),
                length,
            )
        )

    return routes
