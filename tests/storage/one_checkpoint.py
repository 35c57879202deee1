"""Sees that each call of the memory storage gives way once, and does its work in one go after that."""

from collections.abc import Awaitable, Callable
from functools import partial
from inspect import iscoroutinefunction
from typing import Any

import trio

from chat.domain.features import Ports
from tests.reference.storage import MemoryStorage


def watch(storage: MemoryStorage) -> MemoryStorage:
    """Return the storage with tables whose calls are seen."""
    storage.feature_ports = Ports({port: _Watched(table) for port, table in storage.feature_ports.items()})
    for name, table in list(vars(storage).items()):
        if table is storage.feature_ports:
            continue
        setattr(storage, name, _Watched(table))
    return storage


class _Watched:
    """A table of a storage; each of its async methods is watched, all else is as it is."""

    def __init__(self, table: object) -> None:
        self._table = table

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._table, name)
        return partial(_call, found) if iscoroutinefunction(found) else found


async def _call(method: Callable[..., Awaitable[object]], *arguments: object, **named: object) -> object:
    steps = _Steps()
    trio.lowlevel.add_instrument(steps)
    try:
        answer = await method(*arguments, **named)
    finally:
        trio.lowlevel.remove_instrument(steps)
    assert steps.count == 1, f"{method} gives way {steps.count} times"
    return answer


class _Steps(trio.abc.Instrument):
    """Counts how often the task that makes it goes on."""

    def __init__(self) -> None:
        self.count = 0
        self._task = trio.lowlevel.current_task()

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.count += task is self._task
