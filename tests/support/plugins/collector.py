"""A pytest plugin: the garbage collector rests while tests are collected, and looks less often when they run.

Pytest and the libraries are half a million objects. A sweep builds a whole chat anew thousands of times, and at
CPython's own pace the collector took a fifth of its time. All that was imported and collected stays until the end.
"""

import gc
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Freeze all collected objects: searching them for garbage took a fifth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep all that was imported and collected out of what is looked through; to look for garbage takes a second."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
