"""Guessing is slow, for a name and from an address; being right costs nothing."""

import pytest

from chat.services.throttle import Throttle


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(clock)


def test_a_thousand_guesses_at_one_name_get_five_tries(throttle: Throttle) -> None:
    assert sum(throttle.take("ada", f"10.0.{n // 250}.{n % 250}") == 0 for n in range(1000)) == 5


def test_a_thousand_guesses_from_one_address_get_five_tries(throttle: Throttle) -> None:
    assert sum(throttle.take(f"name{n}", "10.0.0.1") == 0 for n in range(1000)) == 5


def test_loopback_addresses_are_spared_but_names_are_not(throttle: Throttle) -> None:
    assert all(throttle.take(f"name{n}", "127.0.0.1") == 0 for n in range(100))
    assert sum(throttle.take("ada", "::1") == 0 for _ in range(100)) == 5


def test_a_try_comes_back_after_the_time_that_was_told(throttle: Throttle, clock: Clock) -> None:
    for _ in range(5):
        throttle.take("ada", "10.0.0.1")
    wait = throttle.take("ada", "10.0.0.1")
    assert 0 < wait <= 12
    clock.now += wait - 0.1
    assert throttle.take("ada", "10.0.0.1") > 0
    clock.now += 0.2
    assert throttle.take("ada", "10.0.0.1") == 0
    assert throttle.take("ada", "10.0.0.1") > 0


def test_being_right_does_not_count(throttle: Throttle) -> None:
    for _ in range(100):
        assert throttle.take("ada", "10.0.0.1") == 0
        throttle.give_back("ada", "10.0.0.1")


def test_guessing_elsewhere_does_not_lock_the_owner_out(throttle: Throttle) -> None:
    throttle.take("ada", "10.0.0.1")
    throttle.give_back("ada", "10.0.0.1")
    for n in range(100):
        throttle.take("ada", f"10.9.0.{n}")
    assert throttle.take("ada", "10.9.1.1") > 0
    assert throttle.take("ada", "10.0.0.1") == 0
