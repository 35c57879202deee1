"""Which tests only `make campaign` runs, because `make test` has one of their kind."""

import os

import pytest

IS_FULL = "FULL_TESTS" in os.environ

in_campaign = pytest.mark.skipif(
    not IS_FULL, reason="one more of its kind: make campaign runs it, as FULL_TESTS=1 does"
)
