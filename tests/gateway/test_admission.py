"""Places for connections: in all, and for each address."""

from http import HTTPStatus

from chat.gateway.admission import Admission, Slot


def test_the_total_is_refused_with_503() -> None:
    admission = Admission(2, 10)
    with _slot(admission, "192.0.2.1"), _slot(admission, "192.0.2.2"):
        assert admission.claim("192.0.2.3") is HTTPStatus.SERVICE_UNAVAILABLE
    with _slot(admission, "192.0.2.3"):
        assert admission.count == 1


def test_one_address_is_refused_with_429_and_the_others_are_not() -> None:
    admission = Admission(10, 1)
    with _slot(admission, "192.0.2.1"), _slot(admission, "192.0.2.2"):
        assert admission.claim("192.0.2.1") is HTTPStatus.TOO_MANY_REQUESTS
        assert admission.count == 2
    with _slot(admission, "192.0.2.1"):
        pass
    assert admission.count == 0


def test_loopback_is_spared_the_limit_for_an_address_but_counts() -> None:
    admission = Admission(3, 1)
    with _slot(admission, "127.0.0.1"), _slot(admission, "127.0.0.1"), _slot(admission, "::1"):
        assert admission.claim("127.0.0.1") is HTTPStatus.SERVICE_UNAVAILABLE


def test_the_addresses_of_one_ipv6_network_are_one() -> None:
    admission = Admission(10, 1)
    with _slot(admission, "2001:db8::1"), _slot(admission, "2001:db8:0:1::1"):
        assert admission.claim("2001:db8::ffff") is HTTPStatus.TOO_MANY_REQUESTS


def test_a_mapped_address_is_the_ipv4_one() -> None:
    admission = Admission(10, 1)
    with _slot(admission, "192.0.2.1"):
        assert admission.claim("::ffff:192.0.2.1") is HTTPStatus.TOO_MANY_REQUESTS


def test_a_slot_moves_to_the_real_address() -> None:
    admission = Admission(10, 1)
    with _slot(admission, None) as first, _slot(admission, None) as second:
        assert first.move("192.0.2.1")
        assert first.move("192.0.2.1")
        assert not second.move("192.0.2.1")
        assert second.move("192.0.2.2")
        assert second.move("127.0.0.1")
        with _slot(admission, "192.0.2.2"):
            assert admission.count == 3


def test_nothing_is_left_when_all_have_gone() -> None:
    admission = Admission(1000, 1)
    for n in range(256):
        with _slot(admission, f"192.0.2.{n}") as slot:
            slot.move(f"198.51.100.{n}")
    assert admission.count == 0
    assert not admission._by_bucket


def _slot(admission: Admission, address: str | None) -> Slot:
    slot = admission.claim(address)
    assert isinstance(slot, Slot)
    return slot
