"""A pytest plugin: the garbage collector looks less often, and never at what was imported and collected.

Pytest and the libraries are half a million objects. A sweep builds a whole chat anew thousands of times, and at
CPython's own pace the collector took a fifth of its time.
"""

import gc

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """As chat/cli/serve.py does it, once all tests are imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
