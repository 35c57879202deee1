"""Every deliberate defect is found by the sweep of its scenario."""

import pytest
from trio_cancel_sweep import CANCELLING, Mutant, SweptCode, sweep_scenario

from tests.cancellation import core_scenarios, gateway_scenarios, scenarios
from tests.cancellation.mutants import MUTANTS
from tests.cancellation.swept_world import FAILING
from tests.support.campaign import in_campaign

CORE = (*core_scenarios.VIRTUAL, *core_scenarios.REAL, core_scenarios.whole_chat)
SCENARIOS = {each.__name__: each for each in (*scenarios.ALL, *CORE, *gateway_scenarios.ALL)}
REAL = (*core_scenarios.REAL, *gateway_scenarios.ALL)

SLOW = ("goodbye_not_heard", "library_not_woken", "reader_not_woken")
"""Each is found by a task that ends at a limit of real time."""


@pytest.mark.parametrize(
    ("scenario", "mutant"),
    [
        pytest.param(scenario, mutant, id=mutant.name, marks=in_campaign if mutant.name in SLOW else ())
        for scenario, mutants in MUTANTS.items()
        for mutant in mutants
        if scenario in SCENARIOS  # the others are in test_postgres.py and test_workers.py
    ],
)
def test_this_defect_is_found(scenario: str, mutant: Mutant, swept_code: SweptCode) -> None:
    virtual = SCENARIOS[scenario] not in REAL
    with mutant.plant():
        report = sweep_scenario(
            SCENARIOS[scenario],
            swept=swept_code,
            flavours=CANCELLING + FAILING,
            virtual=virtual,
            limit=600 if virtual else 20,
            stop_at_first=True,
            distinct=True,
        )
    mutant.assert_found(report)
