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


class InvitedModel:
    """The port `Invited`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._storage = storage
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {INVITED: self}

    async def known(self, keys: Sequence[str]) -> Known:
        await trio.lowlevel.checkpoint()
        here = {key for key in keys if self._storage.users._taken.id_by_email(key) is not None}
        mails = self._storage.feature_ports[MAILS]._mails.values()
        return Known(frozenset(here), frozenset(same_name_key(mail.to) for mail, *_ in mails))
