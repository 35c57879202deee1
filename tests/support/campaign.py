"""Which tests only `make campaign` runs, because `make test` has one of their kind."""

import os

import pytest

IS_FULL = "FULL_TESTS" in os.environ

in_campaign = pytest.mark.in_campaign

_skipped = pytest.mark.skip(reason="one more of its kind: make campaign runs it, as FULL_TESTS=1 does")


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark, which `make campaign` selects."""
    config.addinivalue_line("markers", "in_campaign: make campaign runs it, and make test does not")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what has the mark, unless all is wanted."""
    for item in items:
        if not IS_FULL and item.get_closest_marker("in_campaign"):
            item.add_marker(_skipped)
