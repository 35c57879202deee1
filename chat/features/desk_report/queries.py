"""The figures of the desk in PostgreSQL."""

from collections.abc import Sequence
from itertools import accumulate

import asyncpg

from chat.domain.entities import Peer
from chat.features.desk_report.port import MOST_OPERATORS, Counted, Figures
from chat.storage.postgres.database import Database

# Closed cases are rows, which a trigger adds; open ones are looked at now.
_COUNT = """
WITH cases AS (
    SELECT room_id, last_seq, opened_at, answered_at, operator_id, closed_at FROM support_cases
    WHERE opened_at >= to_timestamp($1)
    UNION ALL
    SELECT r.id, r.last_seq, opened_at, answered_at, operator_id, NULL
    FROM rooms r CROSS JOIN LATERAL support_case(r.id, r.settled_seq, r.last_seq, r.creator_id)
    WHERE r.kind = 'support' AND NOT r.is_closed AND r.deleted_at IS NULL AND opened_at >= to_timestamp($1)
), timed AS (
    SELECT date_trunc('week', opened_at AT TIME ZONE $2)::date AS week, cases.operator_id, answered_at, closed_at,
        {answer} AS answer, {close} AS close, is_good
    FROM cases LEFT JOIN ratings ON ratings.room_id = cases.room_id AND seq = last_seq AND closed_at IS NOT NULL
    {buckets}
), counted AS (
    SELECT week, operator_id, grouping(week) = 0 AS is_week, grouping(operator_id) = 0 AS is_operator,
        count(*) AS cases, count(answered_at) AS answered, count(closed_at) AS closed,
        percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY answer) AS answer,
        percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY close) AS close,
        count(*) FILTER (WHERE is_good) AS good, count(*) FILTER (WHERE NOT is_good) AS bad
    FROM timed GROUP BY GROUPING SETS ((), (week), (operator_id))
)
SELECT counted.*, users.name FROM counted LEFT JOIN users ON users.id = counted.operator_id
ORDER BY is_week DESC, week, cases DESC, counted.operator_id"""

_ALWAYS = _COUNT.format(
    answer="extract(epoch FROM answered_at - opened_at)::float8",
    close="extract(epoch FROM closed_at - opened_at)::float8",
    buckets="",
)


def _open_until(time: str) -> str:
    """Return the seconds for which the desk was open until a time.

    $3 has when it opened, $4 for how long it had been open before, and $5 for how long it was.
    """
    starts, before, lengths = (f"(${n}::float8[])[{time}_nth]" for n in (3, 4, 5))
    return f"({before} + least({time}_epoch - {starts}, {lengths}))"


_IN_HOURS = _COUNT.format(
    answer=f"{_open_until('answered')} - {_open_until('opened')}",
    close=f"{_open_until('closed')} - {_open_until('opened')}",
    buckets="".join(
        f"""
    CROSS JOIN LATERAL (SELECT extract(epoch FROM {time}_at)::float8 AS {time}_epoch) AS {time}
    CROSS JOIN LATERAL (SELECT width_bucket({time}_epoch, $3::float8[]) AS {time}_nth) AS nth_{time}"""
        for time in ("opened", "answered", "closed")
    ),
)


class PostgresDeskReport:
    """The port `DeskReport`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(
        self, since: float, zone: str, open_times: Sequence[tuple[float, float]] | None
    ) -> Counted:
        statement = _ALWAYS if open_times is None else _IN_HOURS
        sums = () if open_times is None else _sums(open_times)
        rows = await self._database.read(lambda c: c.fetch(statement, since, zone, *sums))
        weeks = [_figures(row) for row in rows if row["is_week"]]
        operators = [_figures(row) for row in rows if row["is_operator"]]
        (whole,) = [_figures(row) for row in rows if not row["is_week"] and not row["is_operator"]]
        return Counted(whole, weeks, operators[:MOST_OPERATORS])


def _sums(open_times: Sequence[tuple[float, float]]) -> tuple[list[float], list[float], list[float]]:
    """Return the starts, the seconds before each, and the lengths; at least one, so that no list is empty."""
    starts = [0.0, *(start for start, _ in open_times)]
    lengths = [0.0, *(end - start for start, end in open_times)]
    return starts, [0.0, *accumulate(lengths[:-1])], lengths


def _figures(row: asyncpg.Record) -> Figures:
    operator = None if row["name"] is None else Peer(row["operator_id"], row["name"])
    answer_median, answer_90 = row["answer"] or (None, None)
    close_median, close_90 = row["close"] or (None, None)
    return Figures(
        week=row["week"],
        operator=operator,
        is_unanswered=row["is_operator"] and operator is None,
        cases=row["cases"],
        answered=row["answered"],
        closed=row["closed"],
        answer_median=answer_median,
        answer_90=answer_90,
        close_median=close_median,
        close_90=close_90,
        good=row["good"],
        bad=row["bad"],
    )
