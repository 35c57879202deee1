"""Token buckets: the burst of a key, and its rate in the long run."""

import pytest

from chat.domain.limits.buckets import Buckets


class Clock:
    """Seconds that pass when told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now

    def jump(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def buckets(clock: Clock) -> Buckets:
    return Buckets(rate=2, burst=4, most_keys=3, clock=clock)


def test_a_burst_is_taken_at_once_and_the_rest_waits(buckets: Buckets, clock: Clock) -> None:
    assert [buckets.take(["ada"]) for _ in range(4)] == [0, 0, 0, 0]
    assert buckets.take(["ada"]) == pytest.approx(0.5)
    clock.jump(0.5)
    assert buckets.take(["ada"]) == 0
    assert buckets.take(["ada"]) == pytest.approx(0.5)


def test_a_refused_take_uses_nothing(buckets: Buckets) -> None:
    buckets.add("ada", 4)
    assert buckets.take(["ben", "ada"]) == pytest.approx(0.5)
    assert [buckets.take(["ben"]) for _ in range(5)] == [0, 0, 0, 0, pytest.approx(0.5)]


def test_a_queue_gets_longer_up_to_a_bound_and_moves_on(buckets: Buckets, clock: Clock) -> None:
    assert [buckets.queue("ada", 1.2) for _ in range(4)] == [0, 0, 0, 0]
    assert [buckets.queue("ada", 1.2) for _ in range(4)] == [0.5, 1.0, 1.2, 1.2]
    clock.jump(1.0)
    assert [buckets.queue("ada", 1.2) for _ in range(3)] == [0.5, 1.0, 1.2]


def test_a_cost_above_the_burst_waits_for_an_empty_bucket(buckets: Buckets, clock: Clock) -> None:
    buckets.add("ada", 1)
    assert buckets.take(["ada"], 10) == pytest.approx(0.5)
    clock.jump(0.5)
    assert buckets.take(["ada"], 10) == 0
    assert buckets.take(["ada"]) == pytest.approx((10 + 1 - 4) / 2)


def test_only_refunded_tokens_can_be_used_again(buckets: Buckets) -> None:
    buckets.add("ada", 1)
    buckets.add("ada", -3)
    assert [buckets.take(["ada"]) for _ in range(5)] == [0, 0, 0, 0, pytest.approx(0.5)]


def test_the_key_longest_unused_goes_first(buckets: Buckets) -> None:
    for name in ("ada", "ben", "cem", "ada", "dan"):
        buckets.add(name, 4)
    assert len(buckets) == 3
    assert buckets.take(["ben"]) == 0
    assert buckets.take(["ada"]) > 0


@pytest.mark.parametrize("cost", [1e300, float("inf"), float("nan"), 4])
def test_usage_counted_for_another_server_is_bounded(buckets: Buckets, cost: float) -> None:
    for _ in range(100):
        buckets.count_elsewhere("ada", cost)
    assert buckets.wait("ada") <= 3 * 2 + 0.5, "four bursts at most"
    for _ in range(100):
        buckets.count_elsewhere("ada", -cost)
    assert [buckets.wait("ada", each) for each in (4, 4.1)] in ([0, 0], [pytest.approx(0)] * 2)
