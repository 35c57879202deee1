"""Instant Messenger over HTTP (seed 002): registration and login, both answered with a token."""

import msgspec
from quart import Blueprint, Response, request

from chat.gateway.http.answers import TokenBody, answer, refuse
from chat.gateway.http.bodies import read_body
from chat.model.refusals import Refusal
from chat.services.accounts import Accounts, Granted


class MessengerLogin(msgspec.Struct):
    """Who registers or logs in."""

    username: str
    password: str


def create_messenger(accounts: Accounts) -> Blueprint:
    """Return the routes."""
    routes = Blueprint("messenger", __name__, url_prefix="/api")

    @routes.post("/reg")
    async def register() -> Response:
        login = await read_body(MessengerLogin)
        return _answer(await accounts.register(login.username, login.password), 201)

    @routes.post("/login")
    async def log_in() -> Response:
        login = await read_body(MessengerLogin)
        return _answer(await accounts.log_in(login.username, login.password, request.remote_addr or ""), 200)

    return routes


def _answer(result: Granted | Refusal, status: int) -> Response:
    return refuse(result) if isinstance(result, Refusal) else answer(TokenBody(result.token), status)
