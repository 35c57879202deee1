"""Addresses of invitations in the reference model's memory."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.text.rules import same_name_key
from chat.features.invites.mailed import INVITED, Known
from chat.mail.queue import MAILS

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage

_DAY = 86_400.0


class InvitedModel:
    """The port `Invited`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._storage = storage
        self._now = storage.now
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {INVITED: self}

    async def open_count(self, maker_id: int) -> int:
        await trio.lowlevel.checkpoint()
        return self._storage.users.invite_table.open_count(maker_id)

    async def known(self, keys: Sequence[str]) -> Known:
        await trio.lowlevel.checkpoint()
        here = {key for key in keys if self._storage.users._taken.id_by_email(key) is not None}
        mails = self._storage.feature_ports[MAILS]
        since = self._now() - _DAY
        invited = {
            same_name_key(entry.to)
            for number, (_, entry, _) in mails._mails.items()
            if entry.created_at > since and mails.people[number] is None
        }
        return Known(frozenset(here), frozenset(invited))
