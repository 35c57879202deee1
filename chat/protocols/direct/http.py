"""Direct over HTTP: sign up and log in by email address; names may be shared."""

import msgspec

from chat.domain.accounts.authentication import Granted
from chat.domain.refusals import Refusal
from chat.protocols.services import Services
from chat.web_api.answers import ErrorBody
from chat.web_api.endpoint import Call, Routes


class DirectSignUp(msgspec.Struct):
    """Who signs up; with an invite, where it takes one."""

    email: str
    name: str
    password: str
    invite: str | None = None


class DirectLogin(msgspec.Struct):
    """Who logs in."""

    email: str
    password: str


class DirectPerson(msgspec.Struct):
    """Who one is, and the token that proves it."""

    id: int
    email: str | None
    name: str
    token: str


def direct_routes(services: Services) -> Routes:
    """Return the routes."""
    accounts = services.accounts
    routes = Routes("direct")

    @routes.route(
        "POST",
        "/signup",
        body=DirectSignUp,
        answers={201: DirectPerson, 400: ErrorBody, 403: ErrorBody, 409: ErrorBody, 429: ErrorBody},
    )
    async def sign_up(call: Call) -> object:
        """Sign up with an email address, a name and a password."""
        new: DirectSignUp = call.body
        granted = await accounts.sign_up(new.email, new.name, new.password, call.address, invite=new.invite)
        return _answer(granted)

    @routes.route(
        "POST",
        "/login",
        body=DirectLogin,
        answers={200: DirectPerson, 400: ErrorBody, 401: ErrorBody, 429: ErrorBody},
    )
    async def log_in(call: Call) -> object:
        """Get one's id and a token for an email address and a password."""
        return _answer(await accounts.log_in_by_email(call.body.email, call.body.password, call.address))

    return routes


def _answer(result: Granted | Refusal) -> object:
    if isinstance(result, Refusal):
        return result
    person = result.person
    return DirectPerson(person.id, person.email, person.display_name or person.name, result.token)
