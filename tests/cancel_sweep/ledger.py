"""What all sweeps of a session have reached together."""

import os
import pickle
from collections.abc import Iterable
from pathlib import Path

from .await_lines import Line, SweptCode
from .sweeping import CANCELLING, Report, Scenario, sweep


class Ledger:
    """The reports of all sweeps of some code so far.

    Several processes of one session have a directory in common: each reads there what the others have reported.
    """

    def __init__(self, swept: SweptCode, common: Path | None = None) -> None:
        self.swept = swept
        self._reports: list[Report] = []
        self._common = common
        self._read: set[str] = set()  # files of others, and our own

    @property
    def reports(self) -> list[Report]:
        """All of them, with those of other processes that have come since the last look."""
        for file in self._common.glob("*.report") if self._common else ():
            if file.name not in self._read:
                self._read.add(file.name)
                self._reports.append(pickle.loads(file.read_bytes()))
        return self._reports

    @property
    def failed(self) -> int:
        """How many sweeps found something."""
        return sum(bool(report.failures) for report in self.reports)

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
        self._add(report)
        report.assert_clean()
        assert report.fired or "SWEEP_POINT" in os.environ, "nothing was ever cancelled"
        return report

    def _add(self, report: Report) -> None:
        self._reports.append(report)
        if self._common is not None:
            name = f"{os.getpid()}-{len(self._reports)}"
            self._read.add(f"{name}.report")
            unfinished = self._common / f"{name}.unfinished"
            unfinished.write_bytes(pickle.dumps(report))
            unfinished.rename(self._common / f"{name}.report")
