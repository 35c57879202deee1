"""`/mcp`: calls with the token of a person, a program or a bot, answered one by one."""

from importlib import import_module
from types import ModuleType

import trio
from quart import Blueprint, Response, request

from chat.domain.accounts.sessions import LONGEST_AGENT, Device
from chat.domain.refusals import BAD_TOKEN, Refusal
from chat.gateway.http1.bearer import bearer_token
from chat.operations.operation import Caller
from chat.protocols.services import Services
from chat.web_api.answers import error, refuse

_SDK = "chat.protocols.native.mcp.sdk"
_NOT_INSTALLED = "this server has no Model Context Protocol: pip install 'trio-chat[mcp]'"


def mcp_blueprint(services: Services) -> Blueprint:
    """Return the route. A cookie counts for nothing here, so no other site's page calls it for somebody."""
    blueprint = Blueprint("mcp", __name__)

    @blueprint.post("/mcp", strict_slashes=False)
    async def serve() -> Response:
        token = bearer_token(request.headers.get("Authorization", ""))
        person = BAD_TOKEN if token is None else await services.accounts.authenticate(token, bots=True)
        if isinstance(person, Refusal):
            refused = refuse(person)
            refused.headers["WWW-Authenticate"] = "Bearer"
            return refused
        sdk = await _sdk()
        if sdk is None:
            return error(501, _NOT_INSTALLED)
        device = Device(request.remote_addr or "", request.headers.get("User-Agent", "")[:LONGEST_AGENT])
        body = await request.get_data(as_text=False)
        status, headers, answered = await sdk.answer(services, Caller(person, device), request.scope, body)
        return Response(answered, status, headers=headers)

    return blueprint


async def _sdk() -> ModuleType | None:
    """The module with the SDK, which takes half a second to import; None: it is not installed."""
    try:
        return await trio.to_thread.run_sync(import_module, _SDK)
    except ImportError:
        return None
