"""The port that finds messages by their times."""

from typing import Protocol

from chat.domain.features import Port


class Dates(Protocol):
    """Finds messages by their times. May raise StorageDown. Cancelling changes nothing."""

    async def first_since(self, room_id: int, time: float) -> int | None:
        """Return the seq of a room's first message at this time (Unix seconds) or later; None: there is none."""
        ...


DATES = Port[Dates]("dates")
