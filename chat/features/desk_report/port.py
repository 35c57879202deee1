"""The figures of the desk, and the port that counts them.

A case is a conversation from its person's first message, or the first after a closing, to the next closing.
"""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

import msgspec

from chat.domain.entities import Peer
from chat.domain.features import Port

MOST_OPERATORS = 500
"""Operators that a report lists, those with the most cases."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of cases: of all, of those that began in a week, or of those that an operator answered first.

    Attributes:
        week: the Monday; None: not of one week.
        operator: who answered first; None: not of one operator, or of nobody.
        is_unanswered: of those that nobody has answered.
        cases, answered, closed: numbers.
        answer_median, answer_90: seconds until the first answer in half, and in nine of ten.
        close_median, close_90: seconds until the closing.
        good, bad: numbers of ratings.
    """

    week: date | None = None
    operator: Peer | None = None
    is_unanswered: bool = False
    cases: int = 0
    answered: int = 0
    closed: int = 0
    answer_median: float | None = None
    answer_90: float | None = None
    close_median: float | None = None
    close_90: float | None = None
    good: int = 0
    bad: int = 0


class Counted(msgspec.Struct, frozen=True):
    """The figures of all cases, by week, and by operator."""

    all: Figures
    weeks: list[Figures]
    operators: list[Figures]


class DeskReport(Protocol):
    """Counts cases. May raise StorageDown. Cancelling changes nothing."""

    async def count(
        self, since: float, zone: str, open_times: Sequence[tuple[float, float]] | None
    ) -> Counted:
        """Return the figures of the cases that began since then.

        Args:
            since: Unix seconds.
            zone: whose weeks.
            open_times: when the desk was open, in Unix seconds and in order: only these times count. None: all do.
        """
        ...


DESK_REPORT: Port[DeskReport] = Port("desk report")
