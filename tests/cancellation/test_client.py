"""A client, cancelled at many points of its life, and at each line at which it can wait."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.cancel_sweep.ledger import Ledger
from tests.cancel_sweep.sweeping import Run
from tests.cancellation import client_scenarios


@pytest.mark.parametrize("scenario", client_scenarios.IN_MEMORY, ids=lambda scenario: scenario.__name__)
def test_a_client_at_many_points(sweeps: Ledger, scenario: Callable[[Run], Awaitable[Any]]) -> None:
    sweeps.sweep(scenario, f"{scenario.__name__}, cancelled", seeds=1, every=30, limit=7200)


@pytest.mark.parametrize("scenario", client_scenarios.ON_LOOPBACK, ids=lambda scenario: scenario.__name__)
def test_a_client_on_loopback(sweeps: Ledger, scenario: Callable[[Run], Awaitable[Any]]) -> None:
    name = f"{scenario.__name__}, cancelled"
    sweeps.sweep(scenario, name, virtual=False, limit=20, every=10, seeds=1)
