"""What newcomers may not send: links and files, for some hours after they registered."""

import math
from typing import Protocol, TypeGuard

import msgspec

from chat.domain.entities import Draft, MessageKind, SupportOf
from chat.domain.features import Port
from chat.domain.messages.changes import Edit, Write
from chat.domain.refusals import Code, Refusal

HOUR = 3600.0


class Newcomer(msgspec.Struct, frozen=True):
    """Somebody who may not send links and files yet: the hours of the rule, and the seconds that are left of them."""

    hours: int
    left: float

    @property
    def refusal(self) -> Refusal:
        """Why a message of theirs is refused."""
        left = max(1, math.ceil(self.left / HOUR))
        text = f"people can't send links and files in their first {self.hours} h here, wait {left} h"
        return Refusal(Code.FORBIDDEN, text, retry_after=self.left, reason="newcomer")


def is_not_for_newcomers(write: Write) -> TypeGuard[Draft | Edit]:
    """Whether a newcomer may not send this: a message with a link or a file, or an edit with a link.

    In support conversations they may: people who ask for help show a picture of the problem. Sync and pure.
    """
    if not isinstance(write, Draft | Edit) or type(write.people) is SupportOf:
        return False
    if isinstance(write, Draft) and (write.kind is not MessageKind.TEXT or write.file_ids):
        return write.kind is MessageKind.TEXT
    return "://" in write.text or "www." in write.text.lower()


class Newcomers(Protocol):
    """Who is a newcomer. May raise StorageDown. Cancelling changes nothing."""

    async def find(self, person_id: int) -> Newcomer | None:
        """Return somebody as a newcomer, by the rule of now; None: they may send links and files."""
        ...


NEWCOMERS = Port[Newcomers]("newcomers")
