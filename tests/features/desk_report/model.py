"""The report of the desk in the reference model's memory: from the whole log, at each call."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import msgspec
import trio

from chat.domain.entities import Message, Peer
from chat.domain.features import Port
from chat.domain.messages.changes import SupportChanged
from chat.domain.messages.outcomes import Saved
from chat.features.desk_report.port import DESK_REPORT, MOST_OPERATORS, Counted, Figures
from chat.features.ratings.port import RATINGS

if TYPE_CHECKING:
    from tests.features.ratings.model import RatingsModel
    from tests.reference.storage import MemoryStorage


class _Case(msgspec.Struct):
    room_id: int
    opened_at: float
    answered_at: float | None = None
    operator: Peer | None = None
    closed_at: float | None = None
    last_seq: int = 0


class DeskReportModel:
    """The port `DeskReport`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._storage = storage
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {DESK_REPORT: self}

    async def count(
        self, since: float, zone: str, open_times: Sequence[tuple[float, float]] | None
    ) -> Counted:
        await trio.lowlevel.checkpoint()
        rooms = self._storage.rooms.support_of_all()
        cases = [each for person_id, room_id in rooms.items() for each in self._cases(person_id, room_id)]
        cases = [each for each in cases if each.opened_at >= since]
        ratings = cast("RatingsModel", self._storage.feature_ports[RATINGS]).look_up()

        def figures(some: Iterable[_Case], **about: Any) -> Figures:
            return _figures([*some], open_times, ratings, **about)

        def week(case: _Case) -> date:
            day = datetime.fromtimestamp(case.opened_at, ZoneInfo(zone)).date()
            return day - timedelta(days=day.weekday())

        operators = {each.operator.id: each.operator for each in cases if each.operator is not None}
        by_operator = [
            figures((each for each in cases if each.operator == operator), operator=operator)
            for operator in operators.values()
        ]
        if any(each.operator is None for each in cases):
            unanswered = (each for each in cases if each.operator is None)
            by_operator.append(figures(unanswered, is_unanswered=True))
        by_operator.sort(key=lambda each: -each.cases)
        return Counted(
            figures(cases),
            [
                figures((each for each in cases if week(each) == monday), week=monday)
                for monday in sorted({*map(week, cases)})
            ],
            by_operator[:MOST_OPERATORS],
        )

    def _cases(self, person_id: int, room_id: int) -> list[_Case]:
        found: list[_Case] = []
        case: _Case | None = None
        last_seq = 0
        for each in self._storage.messages.log_of(room_id):
            match each:
                case Message():
                    last_seq = each.seq
                    if each.sender_id == person_id:
                        case = case or _Case(room_id, each.created_at)
                    elif case is not None and case.answered_at is None:
                        case.answered_at = each.created_at
                        case.operator = Peer(each.sender_id, each.sender_name)
                case SupportChanged(is_closed=True) if case is not None:
                    case.closed_at, case.last_seq = each.created_at, last_seq
                    found.append(case)
                    case = None
        return found if case is None else [*found, case]


def _figures(
    cases: Sequence[_Case],
    open_times: Sequence[tuple[float, float]] | None,
    ratings: Mapping[tuple[int, int], bool],
    **about: Any,
) -> Figures:
    def seconds(start: float, end: float | None) -> float | None:
        if end is None:
            return None
        if open_times is None:
            return end - start
        return sum(max(0.0, min(end, closes) - max(start, opens)) for opens, closes in open_times)

    def part(values: Iterable[float | None], share: float) -> float | None:
        known = sorted(each for each in values if each is not None)
        if not known:
            return None
        place = share * (len(known) - 1)
        low = int(place)
        high = min(low + 1, len(known) - 1)
        return known[low] + (known[high] - known[low]) * (place - low)

    answers = [seconds(each.opened_at, each.answered_at) for each in cases]
    closings = [seconds(each.opened_at, each.closed_at) for each in cases]
    verdicts = [ratings.get((each.room_id, each.last_seq)) for each in cases if each.closed_at is not None]
    return Figures(
        **about,
        cases=len(cases),
        answered=sum(each is not None for each in answers),
        closed=sum(each is not None for each in closings),
        answer_median=part(answers, 0.5),
        answer_90=part(answers, 0.9),
        close_median=part(closings, 0.5),
        close_90=part(closings, 0.9),
        good=verdicts.count(True),
        bad=verdicts.count(False),
    )
