"""The report of the desk in the native protocol, over HTTP."""

from datetime import datetime, timedelta
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo

from msgspec import Meta

from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.conversations import NOT_OPERATOR
from chat.domain.rooms.opening_hours import opening_hours
from chat.domain.time_zones import moment_of, zone_of
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices
from chat.features.desk_report import port
from chat.features.desk_report.port import DESK_REPORT
from chat.operations.operation import Caller, Cost, Operation
from chat.operations.room_values import Sender
from chat.operations.values import Value

_Count = Annotated[int, Meta(ge=0)]
_Seconds = Annotated[int, Meta(ge=0, description="In seconds")]
_Day = Annotated[str, Meta(description="As 2026-11-23")]


class WhichReport(Value, kw_only=True, frozen=True):
    """For how many weeks, with this one."""

    limit: ClassVar[int] = 100
    """The cost, in entries of a page."""

    weeks: Annotated[int, Meta(ge=1, le=53)] = 12


class DeskFigures(Value, kw_only=True, frozen=True):
    """Figures of conversations: of a week (its Monday), of the operator who answered first, or of all.

    A conversation that begins again after a closing counts again. `answer_…` and `close_…`: seconds until the first
    answer and until the closing, in half of them and in nine of ten. Without `operator`, in a list by operator: of
    those that nobody has answered.
    """

    week: _Day | None = None
    operator: Sender | None = None
    cases: _Count
    answered: _Count = 0
    closed: _Count = 0
    answer_median: _Seconds | None = None
    answer_90: _Seconds | None = None
    close_median: _Seconds | None = None
    close_90: _Seconds | None = None
    good: _Count = 0
    bad: _Count = 0


class DeskReport(Value, kw_only=True, frozen=True):
    """The figures since the Monday `since`, by the clocks of `zone`; `in_hours`: only opening hours count as time."""

    since: _Day
    zone: str
    in_hours: bool = False
    all: DeskFigures
    weeks: list[DeskFigures]
    operators: list[DeskFigures]


async def desk_report(services: EngineServices, caller: Caller, request: WhichReport) -> DeskReport | Refusal:
    """Get how fast support conversations were answered and closed, and how they were rated, as an operator or admin."""
    if not (caller.known.is_operator or caller.known.is_admin):
        return NOT_OPERATOR
    settings, now = services.settings.values, current_time()
    zone = zone_of(settings.support_time_zone) or ZoneInfo("UTC")
    today = datetime.fromtimestamp(now, zone).date()
    monday = today - timedelta(days=today.weekday(), weeks=request.weeks - 1)
    since = moment_of(monday, 0, zone, fold=0)
    hours = opening_hours(settings.support_hours, settings.support_time_zone, settings.support_holidays)
    open_times = None if hours is None else hours.open_between(since, now)
    counted = await services.feature_ports[DESK_REPORT].count(since, zone.key, open_times)
    return DeskReport(
        since=f"{monday:%Y-%m-%d}",
        zone=zone.key,
        in_hours=hours is not None,
        all=_figures(counted.all),
        weeks=[_figures(each) for each in counted.weeks],
        operators=[_figures(each) for each in counted.operators],
    )


def _figures(figures: port.Figures) -> DeskFigures:
    operator = figures.operator
    return DeskFigures(
        week=None if figures.week is None else f"{figures.week:%Y-%m-%d}",
        operator=operator and Sender(id=operator.id, name=operator.name),
        cases=figures.cases,
        answered=figures.answered,
        closed=figures.closed,
        answer_median=_seconds(figures.answer_median),
        answer_90=_seconds(figures.answer_90),
        close_median=_seconds(figures.close_median),
        close_90=_seconds(figures.close_90),
        good=figures.good,
        bad=figures.bad,
    )


def _seconds(value: float | None) -> int | None:
    return None if value is None else max(0, round(value))


OPERATIONS = (
    Operation(
        name="desk_report",
        method="GET",
        path="/support/report",
        request=WhichReport,
        reply=DeskReport,
        cost=Cost.PAGE,
        refuses=(Code.FORBIDDEN,),
        handler=desk_report,
    ),
)
