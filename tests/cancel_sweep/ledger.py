"""What all sweeps of a session have reached together."""

import os
from collections.abc import Iterable

from .await_lines import Line, SweptCode
from .sweeping import CANCELLING, Report, Scenario, sweep


class Ledger:
    """The reports of all sweeps of some code so far."""

    def __init__(self, swept: SweptCode) -> None:
        self.swept = swept
        self.reports: list[Report] = []
        self.failed = 0

    @property
    def reached(self) -> set[Line]:
        return {line for report in self.reports for line in report.reached}

    @property
    def cancelled_at(self) -> set[Line]:
        return {line for report in self.reports for line in report.cancelled_at}

    def sweep(
        self,
        scenario: Scenario,
        name: str,
        *,
        seeds: int | None = None,
        flavours: Iterable[str] = CANCELLING,
        every: int = 1,
        grace: float = 5.0,
        limit: float = 600.0,
        virtual: bool = True,
    ) -> Report:
        """Sweep in several schedules and fail if anything did not hold. With SWEEP_SEEDS many more
        moments are looked at; where time is virtual, all are in any case."""
        told = os.environ.get("SWEEP_SEEDS")
        report = sweep(
            scenario,
            swept=self.swept,
            name=name,
            seeds=range((int(told) if virtual else 2) if told else seeds or 2),
            flavours=flavours,
            every=max(1, every // 10) if told else every,
            grace=grace,
            limit=limit,
            virtual=virtual,
            known=self.cancelled_at,
        )
        self.reports.append(report)
        self.failed += bool(report.failures)
        report.assert_clean()
        assert report.fired or "SWEEP_POINT" in os.environ, "nothing was ever cancelled"
        return report
