"""Memberships, accounts, send queues and the whole chat, cancelled at every point, and with every storage error."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from trio_cancel_sweep import CANCELLING, Run, Sweeper

from tests.cancellation import (
    cluster_scenarios,
    core_scenarios,
    export_scenarios,
    log_in_scenarios,
    push_scenarios,
    removal_scenarios,
)
from tests.cancellation.swept_world import FAILING

each_kind = pytest.mark.parametrize("flavours", [CANCELLING, FAILING], ids=["cancelled", "failing"])
Scenario = Callable[[Run], Awaitable[Any]]


@each_kind
@pytest.mark.parametrize("scenario", core_scenarios.VIRTUAL, ids=lambda scenario: scenario.__name__)
def test_at_every_point(cancel_sweep: Sweeper, scenario: Scenario, flavours: tuple[str, ...]) -> None:
    what = "failing" if flavours is FAILING else "cancelled"
    name = f"{scenario.__name__}, {what}"
    cancel_sweep.scenario(scenario, name, flavours=flavours, distinct=True, collect_every=5)


@each_kind
def test_one_of_several_servers(cancel_sweep: Sweeper, flavours: tuple[str, ...]) -> None:
    what = "failing" if flavours is FAILING else "cancelled"
    cancel_sweep.scenario(
        cluster_scenarios.several, f"one of several servers, {what}", flavours=flavours, every=40, seeds=1
    )


@each_kind
@pytest.mark.parametrize(
    "scenario",
    [*core_scenarios.REAL, *removal_scenarios.CORE, *export_scenarios.CORE],
    ids=lambda scenario: scenario.__name__,
)
def test_at_every_point_with_real_threads(
    cancel_sweep: Sweeper, scenario: Scenario, flavours: tuple[str, ...]
) -> None:
    what = "failing" if flavours is FAILING else "cancelled"
    cancel_sweep.scenario(
        scenario,
        f"{scenario.__name__}, {what}",
        flavours=flavours,
        virtual=False,
        limit=20,
        seeds=1,
        distinct=True,
        collect_every=5,
    )


def test_pushes_are_decided_and_sent(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(push_scenarios.pushing, "pushing, cancelled", distinct=True)


def test_watchers_are_notified(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(core_scenarios.watching, "watching, cancelled", distinct=True)


def test_everything_at_once(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(core_scenarios.whole_chat, "whole_chat, cancelled", distinct=True, collect_every=5)


@pytest.mark.parametrize("scenario", log_in_scenarios.SERVED, ids=lambda scenario: scenario.__name__)
def test_logging_in(cancel_sweep: Sweeper, scenario: Scenario) -> None:
    name = f"{scenario.__name__}, cancelled"
    cancel_sweep.scenario(scenario, name, virtual=False, limit=20, every=1000, seeds=1)
