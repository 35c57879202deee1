"""Connections of the real gateway and the whole server, cancelled at every point, and with every storage error."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from trio_cancel_sweep import CANCELLING, Run, Sweeper

from tests.cancellation import (
    export_scenarios,
    gateway_scenarios,
    irc_scenarios,
    native_http_scenarios,
    push_scenarios,
    removal_scenarios,
    second_factor_scenarios,
    watch_scenarios,
)


@pytest.mark.parametrize(
    "scenario",
    [
        *gateway_scenarios.ALL,
        *irc_scenarios.GATEWAY,
        *native_http_scenarios.ALL,
        *removal_scenarios.GATEWAY,
        *export_scenarios.GATEWAY,
        *push_scenarios.GATEWAY,
        *second_factor_scenarios.GATEWAY,
    ],
    ids=lambda scenario: scenario.__name__,
)
def test_at_many_points(cancel_sweep: Sweeper, scenario: Callable[[Run], Awaitable[Any]]) -> None:
    every = 60 if scenario.__name__.startswith("http") else 8
    every = every if cancel_sweep.is_whole else 5 * every
    cancel_sweep.scenario(
        scenario,
        f"{scenario.__name__}, cancelled",
        flavours=CANCELLING,
        virtual=False,
        limit=20,
        every=every,
        seeds=1,
        collect_every=5,
    )


def test_a_download(cancel_sweep: Sweeper) -> None:
    cancel_sweep.scenario(
        export_scenarios.downloading, "download, cancelled", virtual=False, limit=20, seeds=1
    )


def test_the_whole_server(cancel_sweep: Sweeper) -> None:
    every = 15 if cancel_sweep.is_whole else 100
    cancel_sweep.scenario(
        gateway_scenarios.server, "server, cancelled", virtual=False, limit=20, every=every, seeds=1
    )


def test_a_server_that_is_watched(cancel_sweep: Sweeper) -> None:
    every = 90 if cancel_sweep.is_whole else 400
    cancel_sweep.scenario(
        watch_scenarios.watched, "watched, cancelled", virtual=False, limit=20, every=every, seeds=1
    )
