"""A pytest plugin: an async test that hangs fails, wherever it waits.

A deadline around the `yield` of a fixture does nothing: a fixture is a task of its own.
"""

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import pytest
import trio
from trio.testing import MockClock

LONGEST = 300.0
"""Seconds for one test; on a busy machine it takes ten times as long as elsewhere."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each async test a deadline."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = in_time(item.obj)


def in_time(test: Callable[..., Awaitable[Any]], seconds: float = LONGEST) -> Callable[..., Awaitable[Any]]:
    """Return the test with a deadline in real time; virtual time passes as fast as the test lets it."""

    @wraps(test)
    async def run(*args: Any, **kwargs: Any) -> None:
        if isinstance(trio.lowlevel.current_clock(), MockClock):
            await test(*args, **kwargs)
        else:
            with trio.fail_after(seconds):
                await test(*args, **kwargs)

    return run
