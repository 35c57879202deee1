"""Several workers and their parent, cancelled at many points; the workers are small programs in their places."""

import sys

import pytest
from trio_cancel_sweep import Mutant, Scenario, Sweeper, SweptCode, sweep_scenario

from tests.cancellation import worker_scenarios
from tests.cancellation.mutants import MUTANTS

if sys.platform == "win32":
    pytest.skip("has no workers", allow_module_level=True)


@pytest.mark.parametrize("scenario", worker_scenarios.ALL, ids=lambda scenario: scenario.__name__)
def test_shared_resources_of_workers(cancel_sweep: Sweeper, scenario: Scenario) -> None:
    cancel_sweep.scenario(
        scenario, f"{scenario.__name__}, cancelled", virtual=False, limit=20, every=20, seeds=1
    )


@pytest.mark.parametrize("scenario", worker_scenarios.PROCESSES, ids=lambda scenario: scenario.__name__)
def test_processes(cancel_sweep: Sweeper, scenario: Scenario) -> None:
    every = 20 if scenario is worker_scenarios.supervised else 1
    cancel_sweep.scenario(
        scenario,
        f"{scenario.__name__}, cancelled",
        virtual=False,
        limit=20,
        every=every,
        seeds=1,
        distinct=True,
    )


@pytest.mark.parametrize("mutant", MUTANTS["hanging_worker"], ids=lambda mutant: mutant.name)
def test_this_defect_is_found(mutant: Mutant, swept_code: SweptCode) -> None:
    with mutant.plant():
        report = sweep_scenario(
            worker_scenarios.hanging, swept=swept_code, virtual=False, limit=3, stop_at_first=True
        )
    mutant.assert_found(report)
