"""Bans of network addresses in the reference model's memory."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio
from msgspec import structs

from chat.domain.features import Port
from chat.domain.limits.address_bans import ADDRESS_BANS, MOST_BANS, TOO_MANY_BANS, AddressBan, ban_act
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import Refusal

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class AddressBansModel:
    """The port `AddressBanTable`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._audit, self._settings = storage.audit, storage.settings
        self._bans: dict[int, AddressBan] = {}
        self._newest_id = 0
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {ADDRESS_BANS: self}

    async def list(self) -> "list[AddressBan]":
        await trio.lowlevel.checkpoint()
        return [self._bans[each] for each in sorted(self._holding(), reverse=True)]

    async def add(self, ban: AddressBan, by_id: int | None) -> AddressBan | Refusal:
        await trio.lowlevel.checkpoint()
        self._bans = {each: self._bans[each] for each in self._holding()}
        if len(self._bans) >= MOST_BANS:
            return TOO_MANY_BANS
        self._bans = {key: each for key, each in self._bans.items() if each.network != ban.network}
        self._newest_id += 1
        made = structs.replace(ban, id=self._newest_id, at=round(time.time(), 6), by=self._audit.named(by_id))
        self._bans[made.id] = made
        self._audit.note([ban_act(ban, by_id)])
        self._settings.watchers.notify(None)
        return structs.replace(made, by=None)

    async def lift(self, ban_id: int, by_id: int | None) -> bool:
        await trio.lowlevel.checkpoint()
        lifted = self._bans.pop(ban_id, None)
        if lifted is None:
            return False
        self._audit.note([ban_act(lifted, by_id, is_lifted=True)])
        self._settings.watchers.notify(None)
        return True

    def _holding(self) -> set[int]:
        now = time.time()
        return {key for key, each in self._bans.items() if each.until is None or each.until > now}
