"""How often people may register from one address."""

import pytest

from chat.domain.limits.registrations import Registrations
from chat.domain.refusals import Code


class Clock:
    """Seconds that pass when the test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_ten_register_from_one_address_in_an_hour_and_the_next_must_wait() -> None:
    clock = Clock()
    registrations = Registrations(10, clock)
    assert [registrations.take("10.0.0.1") for _ in range(10)] == [None] * 10
    refusal = registrations.take("10.0.0.1")
    assert refusal is not None
    assert refusal.code is Code.TOO_MANY
    assert refusal.retry_after == pytest.approx(360)
    assert registrations.take("10.0.0.2") is None
    clock.now += 361
    assert registrations.take("10.0.0.1") is None
    assert registrations.take("10.0.0.1") is not None


def test_an_ipv6_network_is_one_address_and_a_hidden_one_counts() -> None:
    registrations = Registrations(10, Clock())
    assert sum(registrations.take(f"2001:db8::{n:x}") is None for n in range(100)) == 10
    assert sum(registrations.take("unknown") is None for n in range(100)) == 10


def test_loopback_is_spared_and_so_is_everybody_without_a_limit() -> None:
    limited, unlimited = Registrations(1, Clock()), Registrations(0, Clock())
    assert all(limited.take("127.0.0.1") is None for _ in range(100))
    assert all(unlimited.take("10.0.0.1") is None for _ in range(100))
    limited.give_back("127.0.0.1")
    unlimited.give_back("10.0.0.1")


def test_a_refunded_registration_can_be_used_again() -> None:
    registrations = Registrations(1, Clock())
    assert registrations.take("10.0.0.1") is None
    registrations.give_back("10.0.0.1")
    assert registrations.take("10.0.0.1") is None
    assert registrations.take("10.0.0.1") is not None
