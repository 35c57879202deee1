"""Runs operations of the table for requests on a socket."""

import trio

from chat.domain.accounts.sessions import Device
from chat.domain.entities import Person
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.refusals import UNAVAILABLE, Code, Refusal
from chat.engine.events import Refused
from chat.engine.session import Session
from chat.operations.operation import Caller
from chat.protocols.native.wire.codec import Ask, answer_frame
from chat.protocols.native.wire.frames import IN_FLIGHT
from chat.protocols.services import Services

_TOO_MANY = Refusal(
    Code.TOO_MANY, "too many requests at once, wait for the answers", reason="too_many_in_flight"
)
_UNKNOWN = Refusal(
    Code.OUTCOME_UNKNOWN,
    "the database stopped responding: it may or may not have been done",
    reason="request_unknown",
)


class Operations:
    """Answers the requests of one socket. Cancelling does all of a begun write or nothing."""

    __slots__ = ("_in_flight", "_services", "_session")

    def __init__(self, session: Session, services: Services) -> None:
        self._session = session
        self._services = services
        self._in_flight = 0  # requests that are answered in the nursery

    async def answer_concurrently(self, command: Ask, person: Person, nursery: trio.Nursery) -> None:
        """Answer a read concurrently with other requests."""
        await trio.lowlevel.checkpoint()
        if self._in_flight >= IN_FLIGHT:
            return self._session.send(Refused(_TOO_MANY, command.ref))
        self._in_flight += 1
        nursery.start_soon(self._answer_read, command, person)
        return None

    async def ask(self, command: Ask, person: Person) -> None:
        """Answer a write before returning. May raise StorageDown and OutcomeUnknown."""
        await self._answer(command, person)

    async def _answer_read(self, command: Ask, person: Person) -> None:
        try:
            await self._answer(command, person)
        except StorageDown:
            self._session.send(Refused(UNAVAILABLE, command.ref))
        except OutcomeUnknown:
            self._session.send(Refused(_UNKNOWN, command.ref))
        finally:
            self._in_flight -= 1

    async def _answer(self, command: Ask, person: Person) -> None:
        session = self._session
        caller = Caller(person, Device(session.address, ""), session.subscriptions)
        if not await self._may(command, caller):
            return
        handler = self._services.handler_of(command.operation)
        reply = await handler(self._services, caller, command)
        if isinstance(reply, Refusal):
            session.send(Refused(reply, command.ref))
        else:
            await session.send_queue.send(answer_frame(command, reply))

    async def _may(self, command: Ask, caller: Caller) -> bool:
        """Charge the request's cost, or refuse it."""
        limits = self._session.limits
        refusal = command.operation.refusal_of(caller.known)
        refusal = refusal or command.operation.over_budget(self._services.budgets, caller, command)
        return await limits.may(refusal, command.ref)
