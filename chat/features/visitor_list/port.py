"""The port that lists visitors."""

from typing import Protocol

import msgspec

from chat.domain.entities import Person, Visit
from chat.domain.features import Port


class ListedVisitor(msgspec.Struct, frozen=True):
    """A visitor with what they entered; `room_id` is their conversation, once something was said there."""

    person: Person
    visit: Visit
    room_id: int | None


class VisitorList(Protocol):
    """The visitors who were not deleted. May raise StorageDown. Cancelling changes nothing."""

    async def page(self, part: str, before_id: int, limit: int) -> list[ListedVisitor]:
        """Return visitors with ids below `before_id`, the newest first.

        `part`, in lower case, is in their names or address.
        """
        ...


VISITOR_LIST: Port[VisitorList] = Port("visitor list")
