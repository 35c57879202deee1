"""Removing accounts in the native protocol, over HTTP."""

from typing import Annotated, Literal

from msgspec import Meta

from chat.domain.accounts.account_removal import How
from chat.domain.refusals import NO_PERSON, Code, Refusal
from chat.engine.services import EngineServices
from chat.operations.operation import Access, Caller, Cost, Operation
from chat.operations.values import Id, Password, Value

HowRemoved = Annotated[
    Literal["leave", "anonymise", "erase"],
    Meta(
        description="leave: messages stay under the name; anonymise: messages stay, the name goes;"
        " erase: messages, files and reactions go too"
    ),
]


class RemoveMe(Value, kw_only=True, frozen=True):
    """How one's own account is removed for good; `password` is one's own, if there is one."""

    how: HowRemoved
    password: Password | None = None


class RemoveAccount(Value, kw_only=True, frozen=True):
    """An account that is removed for good, and how. It may be that of somebody who left, if this removes more."""

    person: Id
    how: HowRemoved


async def remove_me(services: EngineServices, caller: Caller, request: RemoveMe) -> Refusal | None:
    """Remove one's own account for good; messages are erased in the background."""
    me = caller.known
    if refusal := await services.accounts.prove(me, request.password, caller.device.address):
        return refusal
    return await services.administration.leave(me, How(request.how))


async def remove_account(services: EngineServices, caller: Caller, request: RemoveAccount) -> Refusal | None:
    """Remove an account for good; messages are erased in the background."""
    how = How(request.how)
    removed = await services.administration.delete(request.person, caller.known, how)
    if removed is NO_PERSON:
        return await services.administration.delete_again(request.person, how, caller.known)
    return removed if isinstance(removed, Refusal) else None


OPERATIONS = (
    Operation(
        name="remove_me",
        method="POST",
        path="/me/removal",
        request=RemoveMe,
        status=204,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.CONFLICT),
        handler=remove_me,
    ),
    Operation(
        name="remove_account",
        method="POST",
        path="/admin/people/{person}/removal",
        request=RemoveAccount,
        status=204,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT),
        handler=remove_account,
    ),
)
