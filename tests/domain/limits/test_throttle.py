"""Guessing is slow, for a name and from an address; being right costs nothing."""

import pytest

from chat.domain.limits.buckets import Buckets
from chat.domain.limits.throttle import Throttle


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


LOOPBACK = "127.0.0.1"


def kept(throttle: Throttle) -> list[Buckets]:
    """What it remembers of names at an address, of addresses, and of names."""
    return [throttle._at_address, throttle._of_address, throttle._of_name]


def use_up(throttle: Throttle, name: str | None, address: str) -> int:
    """Try until it is refused, and return how often it was let through."""
    tries = 0
    while throttle.take(name, address) == 0:
        tries += 1
        assert tries <= 5
    return tries


def guess_everywhere(throttle: Throttle, name: str) -> None:
    """Use up what is left to a name, from addresses that nobody logged in from."""
    for n in range(1000):
        throttle.take(name, f"10.9.{n // 250}.{n % 250}")


def come_home(throttle: Throttle, name: str, address: str) -> None:
    """Log in from an address."""
    assert throttle.take(name, address) == 0
    throttle.was_right(name, address)


def test_a_thousand_guesses_at_one_name_from_one_address_get_five_tries(throttle: Throttle) -> None:
    assert sum(throttle.take("ada", "10.0.0.1") == 0 for _ in range(1000)) == 5


def test_a_thousand_guesses_at_one_name_from_as_many_addresses_get_fifty_tries(throttle: Throttle) -> None:
    assert sum(throttle.take("ada", f"10.0.{n // 250}.{n % 250}") == 0 for n in range(1000)) == 50


def test_a_thousand_guesses_from_one_address_get_twenty_tries(throttle: Throttle) -> None:
    assert sum(throttle.take(f"name{n}", "10.0.0.1") == 0 for n in range(1000)) == 20


def test_a_thousand_guesses_from_one_ipv6_network_get_twenty_tries(throttle: Throttle) -> None:
    """A client with one address has all 2**64 of its network."""
    assert sum(throttle.take(f"name{n}", f"2001:db8:0:1::{n:x}") == 0 for n in range(1000)) == 20
    assert throttle.take("ada", "2001:db8:0:2::1") == 0


def test_a_strangers_guesses_lock_nobody_out_elsewhere(throttle: Throttle) -> None:
    assert use_up(throttle, "ada", "10.0.0.1") == 5
    assert throttle.take("ada", "10.0.0.2") == 0
    assert throttle.take("ada", LOOPBACK) == 0


def test_logins_that_nobody_can_have_count_for_their_address_and_are_not_kept(throttle: Throttle) -> None:
    assert sum(throttle.take(None, "10.0.0.1") == 0 for _ in range(1000)) == 20
    assert throttle.take("ada", "10.0.0.1") > 0
    assert all(throttle.take(None, LOOPBACK) == 0 for _ in range(1000))
    assert [len(each) for each in kept(throttle)] == [0, 1, 0]


def test_a_client_without_an_address_is_throttled(throttle: Throttle) -> None:
    assert sum(throttle.take(f"name{n}", "unknown") == 0 for n in range(1000)) == 20


def test_loopback_addresses_are_spared_but_names_are_not(throttle: Throttle) -> None:
    assert all(throttle.take(f"name{n}", LOOPBACK) == 0 for n in range(100))
    assert sum(throttle.take("ada", "::1") == 0 for _ in range(100)) == 5


def test_a_long_name_is_kept_as_a_short_digest(throttle: Throttle) -> None:
    name = "\u1f82" * 254
    come_home(throttle, name, LOOPBACK)
    throttle.take(name, "10.0.0.1")
    keys = [key for buckets in kept(throttle) for key in buckets._levels]
    for key in (*keys, *throttle._at_home._values):
        assert len(str(key)) < 200


def test_names_with_a_long_common_prefix_are_distinct(throttle: Throttle) -> None:
    assert use_up(throttle, "x" * 254 + "a", LOOPBACK) == 5
    assert use_up(throttle, "x" * 254 + "b", LOOPBACK) == 5


def test_a_try_is_possible_again_after_the_named_time(throttle: Throttle, clock: Clock) -> None:
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
        come_home(throttle, "ada", "10.0.0.1")


def test_a_try_that_is_given_back_does_not_count_and_makes_no_home(throttle: Throttle) -> None:
    for _ in range(100):
        assert throttle.take("ada", "10.0.0.1") == 0
        throttle.give_back("ada", "10.0.0.1")
    guess_everywhere(throttle, "ada")
    assert throttle.take("ada", "10.0.0.1") > 0


def test_guessing_elsewhere_does_not_lock_the_owner_out(throttle: Throttle) -> None:
    come_home(throttle, "ada", "10.0.0.1")
    guess_everywhere(throttle, "ada")
    assert throttle.take("ada", "10.0.0.2") > 0
    assert throttle.take("ada", "10.0.0.1") == 0


@pytest.mark.parametrize("home", [LOOPBACK, "10.0.0.1"])
def test_guessing_at_home_is_throttled_too(throttle: Throttle, home: str) -> None:
    come_home(throttle, "ada", home)
    assert use_up(throttle, "ada", home) == 5
    assert throttle.take("ada", "10.9.0.1") == 0, "her bucket at home is her own"


def test_a_home_in_an_ipv6_network_includes_all_its_addresses(throttle: Throttle) -> None:
    come_home(throttle, "ada", "2001:db8:0:1::1")
    guess_everywhere(throttle, "ada")
    assert throttle.take("ada", "2001:db8:0:1::2") == 0


def test_the_most_recently_tried_names_are_kept(clock: Clock) -> None:
    throttle = Throttle(clock, most_keys=10)
    for name in ("ada", "ben"):
        assert [throttle.take(name, LOOPBACK) for _ in range(4)] == [0] * 4
    for n in range(9):
        assert throttle.take(f"name{n}", LOOPBACK) == 0
        assert max(map(len, kept(throttle))) <= 10
        if n == 4:
            assert use_up(throttle, "ben", LOOPBACK) == 1
    assert use_up(throttle, "name8", LOOPBACK) == 4, "the newest is still known"
    assert use_up(throttle, "ben", LOOPBACK) == 0, "and so is who was tried again"
    assert use_up(throttle, "ada", LOOPBACK) == 5, "who was not tried for longest is forgotten"


def test_the_most_recently_used_home_addresses_are_kept(clock: Clock) -> None:
    throttle = Throttle(clock, most_keys=10)
    for n in range(50):
        come_home(throttle, f"name{n}", "10.0.0.1")
        come_home(throttle, "ada", "10.0.0.1")  # she logs in again and again
        assert len(throttle._at_home) <= 10
    come_home(throttle, "ben", "10.0.0.1")
    for name, at_home in (("ada", True), ("ben", True), ("name49", True), ("name0", False)):
        for n in range(60):
            throttle.take(name, f"10.9.0.{n}")
        assert (throttle.take(name, "10.0.0.1") == 0) is at_home, name
        throttle.give_back(name, "10.0.0.1")
