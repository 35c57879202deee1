"""The client library, cancelled at many points of its life and at each of its await lines."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from trio_cancel_sweep import Run, Sweeper

from tests.cancellation import client_scenarios


@pytest.mark.parametrize("scenario", client_scenarios.IN_MEMORY, ids=lambda scenario: scenario.__name__)
def test_a_client_at_many_points(cancel_sweep: Sweeper, scenario: Callable[[Run], Awaitable[Any]]) -> None:
    cancel_sweep.scenario(scenario, f"{scenario.__name__}, cancelled", seeds=1, every=30, limit=7200)


@pytest.mark.parametrize("scenario", client_scenarios.ON_LOOPBACK, ids=lambda scenario: scenario.__name__)
def test_a_client_on_loopback(cancel_sweep: Sweeper, scenario: Callable[[Run], Awaitable[Any]]) -> None:
    name = f"{scenario.__name__}, cancelled"
    cancel_sweep.scenario(scenario, name, virtual=False, limit=20, every=10, seeds=1)
