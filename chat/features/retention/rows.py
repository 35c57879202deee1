"""Rows that expire beside messages: earlier texts, changes, keys and read marks, on any storage.

Every method may raise StorageDown; writes OutcomeUnknown too.
"""

from typing import Any, NamedTuple, Protocol

from chat.domain.features import Port
from chat.features.retention.rules import Expired, Kind, Rules

ROW_KINDS = (Kind.EARLIER_TEXTS, Kind.CHANGES, Kind.KEYS, Kind.DIGESTS)
"""What goes by its age, each time that expired messages do."""


class RowStep(NamedTuple):
    """What one step removed, and where the next one goes on; None: nothing is left."""

    removed: int
    place: tuple[Any, ...] | None


class OldRows(Protocol):
    """Removes rows in steps that another server may continue; nothing that is on hold.

    Cancelling a write: it is done whole, or not at all.
    """

    async def remove_rows(
        self, by: int, kind: Kind, rules: Rules, place: tuple[Any, ...], limit: int
    ) -> RowStep:
        """Remove some rows of a kind, of at most `limit` that are read, from a place on: () is the beginning.

        Nothing, if another server than `by` has claimed the removal. The newest expired change of a room stays: clients
        can go on from there.
        """
        ...

    async def expired_rows(self, rules: Rules) -> list[Expired]:
        """Return how many earlier texts have expired; others are not counted."""
        ...


OLD_ROWS = Port[OldRows]("old rows")
