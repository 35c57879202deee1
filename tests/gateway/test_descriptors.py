"""The limit on open files."""

import sys

import pytest

from chat.gateway.descriptors import raise_descriptor_limit

if sys.platform == "win32":
    pytest.skip("has no such limit", allow_module_level=True)

import resource


def test_the_soft_limit_becomes_the_hard_one() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(before[0], 512), before[1]))
        limit = raise_descriptor_limit()
        now = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert limit in (now[0], None)
        assert now[0] >= min(before[0], 10_240)
        assert raise_descriptor_limit() == limit  # once more changes nothing
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
