"""The limits of one client: a request over budget is refused, and the client is not read for a while."""

from typing import Protocol

import trio

from chat.domain.entities import Person
from chat.domain.limits.budgets import HOLD_BACK, Budgets
from chat.domain.refusals import Refusal
from chat.engine.events import Event, Refused, RequestId
from chat.engine.pinger import Pinger


class Owner(Protocol):
    """The session that is limited."""

    def send(self, event: Event) -> None:
        """Send the client an event. Sync."""
        ...


class ClientLimits:
    """Charges the budgets for one client at one address."""

    __slots__ = ("_address", "_budgets", "_owner", "_pinger")

    def __init__(self, budgets: Budgets, address: str, owner: Owner, pinger: Pinger) -> None:
        self._budgets = budgets
        self._address = address
        self._owner = owner
        self._pinger = pinger

    async def may_send(self, sender_id: int, text: str, ref: RequestId = None) -> bool:
        """Charge a message, or refuse it; `sender_id` is the person's, or a guest's. Cancelling: it is refused."""
        refusal = self._budgets.message(sender_id, self._address, text)
        return refusal is None or await self.may(refusal, ref)

    async def refuse_send(self, sender_id: int, text: str, ref: RequestId = None) -> Refusal | None:
        """Charge a message, or refuse it and return why. Cancelling: it is refused."""
        refusal = self._budgets.message(sender_id, self._address, text)
        if refusal is not None:
            await self.may(refusal, ref)
        return refusal

    async def may_read(self, person: Person, messages: int, ref: RequestId = None) -> bool:
        """Charge the reading of so many messages, or refuse it. Cancelling: it is refused."""
        return await self.may(self._budgets.read(person.id, self._address, messages), ref)

    def has_read(self, person: Person, size: int, messages: int) -> None:
        """Charge the answer's bytes beyond what may_read() charged: the next read pays for it. Sync."""
        self._budgets.was_read(person.id, self._address, size, messages)

    async def malformed(self) -> None:
        """Count a malformed frame, and pause the reader if its address sends many. Cancelling: it reads on."""
        if wait := self._budgets.malformed(self._address):
            await self.hold_back(wait)

    async def hold_back(self, seconds: float) -> None:
        """Pause the task that reads, so that TCP holds a flood back. Cancelling: it reads on."""
        self._pinger.not_read_until(trio.current_time() + seconds)
        await trio.sleep(seconds)

    async def may(self, refusal: Refusal | None, ref: RequestId = None) -> bool:
        """Send the refusal, if any, and pause the reader; return whether there was none. Cancelling: it is refused."""
        if refusal is not None:
            self._owner.send(Refused(refusal, ref))
            await self.hold_back(HOLD_BACK)
        return refusal is None
