"""Accounts over HTTP: what administrators do to people. Errors have a sentence and a code.

An admin's role is looked up at each call. What is changed is felt by open sockets within a second.
"""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from chat.domain.accounts import Accounts
from chat.domain.administration import Administration
from chat.domain.budgets import Budgets
from chat.domain.entities import Person
from chat.domain.refusals import Refusal
from chat.web_api.admin import NOT_ADMIN
from chat.web_api.answers import Error
from chat.web_api.endpoint import Call, Routes

_PEOPLE = "/api/v1/admin/people"
_ONE = _PEOPLE + "/<int:person>"

Role = Literal["operator", "admin"]


class PersonChange(msgspec.Struct):
    """What to change of a person; what is left out stays. `roles` are all that they have then."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    roles: list[Role] | msgspec.UnsetType = msgspec.UNSET
    password: str | msgspec.UnsetType = msgspec.UNSET
    disabled: bool | msgspec.UnsetType = msgspec.UNSET


class Account(msgspec.Struct):
    """A person as administrators see them; `created` is RFC 3339."""

    id: int
    name: str
    email: str | None
    roles: list[Role]
    disabled: bool
    created: str


def people_routes(accounts: Accounts, administration: Administration, budgets: Budgets) -> Routes:
    """Return the routes."""
    routes = Routes("accounts", accounts, budgets, error=Error)
    refusals = {403: Error, 404: Error}

    @routes.route("GET", _PEOPLE, answers={200: list[Account], 403: Error}, token=True)
    async def everyone(call: Call) -> object:
        """List everybody, the oldest account first."""
        return _refused(call) or [_account(person) for person in await administration.people()]

    @routes.route("GET", _ONE, answers={200: Account, **refusals}, token=True)
    async def one(call: Call) -> object:
        """See a person."""
        return _refused(call) or _answer(await administration.person(call.path["person"]))

    @routes.route(
        "PATCH",
        _ONE,
        body=PersonChange,
        answers={200: Account, 400: Error, 409: Error, **refusals},
        token=True,
    )
    async def change(call: Call) -> object:
        """Change a person: name, roles, password, disabled, in this order; what is refused ends it."""
        return _refused(call) or _answer(await _change(administration, call))

    @routes.route("DELETE", _ONE + "/sessions", answers={200: Account, **refusals}, token=True)
    async def log_out(call: Call) -> object:
        """Make all tokens of a person invalid that were issued so far."""
        return _refused(call) or _answer(await administration.log_out(call.path["person"], _caller(call)))

    @routes.route("DELETE", _ONE, answers={200: Account, **refusals}, token=True)
    async def delete(call: Call) -> object:
        """Delete a person, and see who they were; what they said stays under their name, which nobody can take."""
        return _refused(call) or _answer(await administration.delete(call.path["person"], _caller(call)))

    return routes


async def _change(administration: Administration, call: Call) -> Person | Refusal:
    wanted: PersonChange = call.body
    who, by = call.path["person"], _caller(call)
    person = await administration.person(who)
    if isinstance(person, Person) and wanted.name is not msgspec.UNSET:
        person = await administration.rename(who, wanted.name, by)
    if isinstance(person, Person) and wanted.roles is not msgspec.UNSET:
        operator, admin = "operator" in wanted.roles, "admin" in wanted.roles
        person = await administration.set_roles(who, operator=operator, admin=admin, by=by)
    if isinstance(person, Person) and wanted.password is not msgspec.UNSET:
        person = await administration.set_password(who, wanted.password, by)
    if isinstance(person, Person) and wanted.disabled is not msgspec.UNSET:
        person = await administration.set_disabled(who, disabled=wanted.disabled, by=by)
    return person


def _caller(call: Call) -> Person:
    assert call.person is not None  # the route asks for a token
    return call.person


def _refused(call: Call) -> Refusal | None:
    return None if _caller(call).is_admin else NOT_ADMIN


def _answer(person: Person | Refusal) -> Account | Refusal:
    return person if isinstance(person, Refusal) else _account(person)


def _account(person: Person) -> Account:
    roles: list[Role] = []
    if person.is_operator:
        roles.append("operator")
    if person.is_admin:
        roles.append("admin")
    created = datetime.fromtimestamp(person.created_at, UTC).replace(microsecond=0).isoformat()
    return Account(person.id, person.name, person.email, roles, person.is_disabled, created)
