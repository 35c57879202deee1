"""The port of people's quiet hours."""

from collections.abc import Collection
from typing import Protocol

import msgspec

from chat.domain.features import Port
from chat.features.push.quiet_hours import QuietHours

MOST_PASSING = 50
"""People whom somebody lets through in quiet hours."""


class QuietChoice(msgspec.Struct, frozen=True, kw_only=True):
    """What a person has chosen; `passing` has the ids of the people whose messages notify them at any time."""

    is_on: bool
    hours: QuietHours
    passing: Collection[int]


class QuietTimes(Protocol):
    """Who has quiet hours. Each method may raise StorageDown, `choose` OutcomeUnknown too.

    Cancelling one: it was done completely, or not at all.
    """

    async def choice(self, person_id: int) -> QuietChoice | None:
        """Return a person's choice; None: they have not chosen."""
        ...

    async def choose(self, person_id: int, choice: QuietChoice) -> None:
        """Set a person's choice; ids of nobody are left out. What quiet hours hold back is looked at again at once."""
        ...


QUIET: Port[QuietTimes] = Port("quiet hours")
