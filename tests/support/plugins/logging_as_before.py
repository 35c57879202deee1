"""After each test structlog logs as before it: a command that a test runs in this process sets the level for good."""

from collections.abc import Generator

import pytest
import structlog


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    before = structlog.get_config()
    result = yield
    if structlog.get_config()["wrapper_class"] is not before["wrapper_class"]:
        structlog.configure(**before)
    return result
