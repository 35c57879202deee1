"""Token Talker over HTTP (seed 000): a token for a name and a password."""

import msgspec
from quart import Blueprint, Response, request

from chat.gateway.http.answers import TokenBody, answer, error, refuse
from chat.gateway.http.bodies import read_body
from chat.model.refusals import Refusal
from chat.services.accounts import Accounts


class TalkerLogin(msgspec.Struct):
    """Who wants a token. The original program read `hash` where its text says `password`."""

    name: str
    password: str | None = None
    hash: str | None = None


def create_talker(accounts: Accounts) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("talker", __name__)

    @routes.post("/")
    async def log_in() -> Response:
        login = await read_body(TalkerLogin)
        password = login.hash if login.password is None else login.password
        if password is None:
            return error(400, "Object missing required field `password`")
        match await accounts.log_in(login.name, password, request.remote_addr or ""):
            case Refusal() as refusal:
                return refuse(refusal)
            case granted:
                return answer(TokenBody(granted.token))

    return routes
