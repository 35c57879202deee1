"""Network addresses as text, and the keys that clients are counted by."""

from ipaddress import IPv4Address, IPv6Address

import pytest

from chat.domain.addresses import address_key, parse_address

V4 = IPv4Address("192.0.2.9")
V6 = IPv6Address("2001:db8::7")
LONGEST = "fe80::1%" + "z" * 92


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.9", V4),
        ("::ffff:192.0.2.9", V4),
        ("2001:db8::7", V6),
        ("fe80::1%eth0", IPv6Address("fe80::1%eth0")),
        (LONGEST, IPv6Address(LONGEST)),
        (LONGEST + "z", None),
        ("", None),
        ("unknown", None),
        ("192.0.2.9:80", None),
    ],
)
def test_an_address_is_read_up_to_100_characters(
    text: str, address: IPv4Address | IPv6Address | None
) -> None:
    assert parse_address(text) == address
    assert parse_address(text) == address, "the second time it is remembered"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("192.0.2.9", V4.packed),
        ("::ffff:192.0.2.9", V4.packed),
        ("2001:db8::7", V6.packed[:8]),
        ("2001:db8::ffff:0:0:1", V6.packed[:8]),  # the same network
        ("2001:db8:0:1::7", V6.packed[:7] + b"\1"),  # the next one
        ("fe80::1%eth0", b"\xfe\x80" + bytes(6)),
        ("127.0.0.1", None),
        ("127.9.9.9", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        ("unknown", b"unknown"),
        ("\ud800", b"?"),
        ("x" * 101, b"x" * 100),
    ],
)
def test_clients_are_counted_by_address_or_network_but_loopback_is_spared(
    text: str, key: bytes | None
) -> None:
    assert address_key(text) == key
