"""Where conversations are mailed from, in the reference model's memory."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.features.support_mail.port import MAIL_ORIGINS, MailOrigin

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class MailOriginsModel:
    """The port `MailOrigins`. Mails arrive on PostgreSQL only: tests put them into `origins`."""

    def __init__(self, _storage: "MemoryStorage") -> None:
        self.origins: dict[int, MailOrigin] = {}
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {MAIL_ORIGINS: self}

    async def origin(self, room_id: int) -> MailOrigin | None:
        await trio.lowlevel.checkpoint()
        return self.origins.get(room_id)
