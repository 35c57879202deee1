"""Fixtures that the tests of accounts share."""

import pytest

from tests.domain.house import House


@pytest.fixture
def house() -> House:
    return House()
