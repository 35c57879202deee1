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


FOREVER = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("soft", "hard", "most", "got", "asked"),
    [
        (256, 4096, 4096, 4096, [4096]),
        (4096, 4096, 4096, 4096, []),
        (256, FOREVER, 10_240, 10_240, [FOREVER, 10_240]),  # macOS
        (20_000, FOREVER, 20_000, 20_000, [FOREVER]),  # never lowered
        (10_240, FOREVER, 10_240, 10_240, [FOREVER]),
        (256, FOREVER, 256, 256, [FOREVER, 10_240]),
        (256, FOREVER, FOREVER, None, [FOREVER]),
        (FOREVER, FOREVER, FOREVER, None, []),
    ],
)
def test_the_limit_is_the_highest_that_the_system_grants(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, most: int, got: int | None, asked: list[int]
) -> None:
    """`most` is what the system grants, whatever it says."""
    tried: list[int] = []

    def grant(_kind: int, limits: tuple[int, int]) -> None:
        tried.append(limits[0])
        assert limits[1] == hard
        if most != FOREVER and (limits[0] == FOREVER or limits[0] > most):
            raise ValueError("not that many")

    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", grant)
    assert raise_descriptor_limit() == got
    assert tried == asked
