"""A client of each dialect, cancelled at every point; and every error of its socket or the storage."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from trio_cancel_sweep import CANCELLING, Run, Sweeper

from tests.cancellation import native_scenarios, scenarios
from tests.cancellation.swept_world import FAILING


@pytest.mark.parametrize("flavours", [CANCELLING, FAILING], ids=["cancelled", "failing"])
@pytest.mark.parametrize(
    "scenario", [*scenarios.ALL, *native_scenarios.ALL], ids=lambda scenario: scenario.__name__
)
def test_at_every_point(
    cancel_sweep: Sweeper, scenario: Callable[[Run], Awaitable[Any]], flavours: tuple[str, ...]
) -> None:
    what = "failing" if flavours is FAILING else "cancelled"
    name = f"{scenario.__name__}, {what}"
    cancel_sweep.scenario(scenario, name, flavours=flavours, distinct=True, collect_every=5)
