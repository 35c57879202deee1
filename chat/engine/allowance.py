"""What one client may still say and read: what is beyond its budgets is refused, and the client held back a while."""

from typing import Protocol

import trio

from chat.domain.budgets import HOLD_BACK, Budgets
from chat.domain.entities import Person
from chat.domain.refusals import Refusal
from chat.engine.events import Event, Refused, RequestId
from chat.engine.pinger import Pinger


class Owner(Protocol):
    """The session whose allowance this is."""

    def send(self, event: Event) -> None:
        """Send the client an event. Sync."""
        ...


class Allowance:
    """The budgets, as one client at one address uses them up."""

    __slots__ = ("_address", "_budgets", "_owner", "_pinger")

    def __init__(self, budgets: Budgets, address: str, owner: Owner, pinger: Pinger) -> None:
        self._budgets = budgets
        self._address = address
        self._owner = owner
        self._pinger = pinger

    async def may_send(self, sender_id: int, text: str, ref: RequestId = None) -> bool:
        """Use up what a message costs, or refuse it; `sender_id` is the person's, or a guest's. Cancelling: refused."""
        refusal = self._budgets.message(sender_id, self._address, text)
        return refusal is None or await self.may(refusal, ref)

    async def refuse_send(self, sender_id: int, text: str, ref: RequestId = None) -> Refusal | None:
        """Use up what a message costs, or refuse it, and return why. Cancelling: it is refused."""
        refusal = self._budgets.message(sender_id, self._address, text)
        if refusal is not None:
            await self.may(refusal, ref)
        return refusal

    async def may_read(self, person: Person, messages: int, ref: RequestId = None) -> bool:
        """Use up what reading so many messages costs, or refuse it. Cancelling: it is refused."""
        return await self.may(self._budgets.read(person.id, self._address, messages), ref)

    def has_read(self, person: Person, size: int, messages: int) -> None:
        """Use up what the answer's bytes cost beyond what may_read() took: the next one waits for it. Sync."""
        self._budgets.was_read(person.id, self._address, size, messages)

    async def hold_back(self, seconds: float) -> None:
        """Wait for so long in the task that reads, so that TCP holds a flood back. Cancelling: it reads on."""
        self._pinger.not_read_until(trio.current_time() + seconds)
        await trio.sleep(seconds)

    async def may(self, refusal: Refusal | None, ref: RequestId = None) -> bool:
        """Refuse what is over a budget, where it is. Cancelling: it is refused."""
        if refusal is not None:
            self._owner.send(Refused(refusal, ref))
            await self.hold_back(HOLD_BACK)
        return refusal is None
