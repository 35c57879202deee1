"""Runs an operation for a caller who may call it: the checks that all ways to it have in common."""

from typing import Any

from chat.domain.accounts.bots import USES
from chat.domain.accounts.sessions import NOT_FOR_TOKENS
from chat.operations.operation import Caller, Operation, Uploaded
from chat.protocols.services import Services


async def run(
    services: Services,
    operation: Operation,
    caller: Caller,
    asked: Any,  # noqa: ANN401 - of the operation's type
    *body: Uploaded,
) -> Any:  # noqa: ANN401 - as the operation's handler returns it
    """Return the reply, or a Refusal: to a program's token, beyond a bot's scopes, or over a budget.

    May raise StorageDown and OutcomeUnknown. Cancelling: a write that was begun is done whole, or not at all.
    """
    if caller.person is not None and caller.person.scopes is not None:
        if refusal := operation.refusal_of(caller.person):
            return refusal
        await services.feature_ports[USES].note(caller.person)
    if not operation.tokens and await services.sessions.is_of_program(caller.known):
        return NOT_FOR_TOKENS
    if refusal := operation.over_budget(services.budgets, caller, asked):
        return refusal
    return await services.handler_of(operation)(services, caller, asked, *body)
