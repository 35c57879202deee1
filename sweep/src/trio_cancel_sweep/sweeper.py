"""What all sweeps of a session have reached together."""

import os
import pickle
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Unpack

from .await_lines import Line, SweptCode
from .reporting import Report
from .sweeping import Options, Scenario, scenario_of, sweep_scenario


class Sweeper:
    """Sweeps some code, and keeps the reports of all its sweeps.

    Several processes of one session have a directory in common: each reads there what the others have reported.

    Args:
        swept: the code whose await lines are noted.
        common: that directory, if there are several processes.
        schedules: how many schedules are looked at, whatever a sweep says (None: what it says).
        only: the one run that is made, written as a failure names it (None: all of them).
    """

    def __init__(
        self,
        swept: SweptCode,
        common: Path | None = None,
        *,
        schedules: int | None = None,
        only: str | None = None,
    ) -> None:
        self.swept = swept
        self._schedules = schedules
        self._only = only
        self._reports: list[Report] = []
        self._common = common
        self._read: set[str] = set()  # files of others, and our own

    @property
    def is_whole(self) -> bool:
        """Whether more schedules are wanted than each sweep says, so a sweep need leave nothing out."""
        return self._schedules is not None

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
        """The await lines that tasks have waited at."""
        return {line for report in self.reports for line in report.reached}

    @property
    def cancelled_at(self) -> set[Line]:
        """The await lines that tasks have been cancelled at."""
        return {line for report in self.reports for line in report.cancelled_at}

    def __call__(
        self,
        *codes: Callable[..., Awaitable[object]],
        setup: Callable[[], AbstractAsyncContextManager[Any]] | None = None,
        check: Callable[..., object] | None = None,
        name: str = "",
        **options: Unpack[Options],
    ) -> Report:
        """Cancel code at every point, as `sweep` does, and fail if anything did not hold."""
        scenario = scenario_of(*codes, setup=setup, check=check)
        return self.scenario(scenario, name or codes[0].__name__, **options)

    def scenario(self, scenario: Scenario, name: str, **options: Unpack[Options]) -> Report:
        """Cancel a scenario at every point, as `sweep_scenario` does, and fail if anything did not hold.

        Where there are to be more schedules, `every` becomes smaller too, moments need not be distinct, and garbage is
        looked for after each run; where time is real, two are enough.
        """
        if self._schedules is not None:
            options["distinct"], options["collect_every"] = False, 1
            options["seeds"] = self._schedules if options.get("virtual", True) else min(2, self._schedules)
            options["every"] = max(1, options.get("every", 1) // self._schedules)
        options.setdefault("known", self.cancelled_at)
        if self._only is not None:
            options["only"] = self._only
        report = sweep_scenario(scenario, swept=self.swept, name=name, **options)
        self._add(report)
        report.assert_clean()
        assert report.fired or self._only is not None, "nothing was ever cancelled"
        return report

    def _add(self, report: Report) -> None:
        self._reports.append(report)
        if self._common is not None:
            name = f"{os.getpid()}-{len(self._reports)}"
            self._read.add(f"{name}.report")
            unfinished = self._common / f"{name}.unfinished"
            unfinished.write_bytes(pickle.dumps(report))
            unfinished.rename(self._common / f"{name}.report")
