"""The client's real address behind proxies, and who is believed about it."""

import pytest

from chat.gateway.addresses import Proxies
from chat.model.startup import CannotStart

PROXIES = Proxies(("10.0.0.0/8", "127.0.0.1", "2001:db8::/32"))


def _forwarded_for(*values: str) -> list[tuple[str, str]]:
    return [("x-forwarded-for", value) for value in values]


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        ("192.0.2.9", [], "192.0.2.9"),
        ("192.0.2.9", _forwarded_for("198.51.100.1"), "192.0.2.9"),  # not trusted: not believed
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", _forwarded_for("198.51.100.1"), "198.51.100.1"),
        ("10.0.0.1", _forwarded_for("1.1.1.1, 198.51.100.1"), "198.51.100.1"),  # the left is the client's own
        ("10.0.0.1", _forwarded_for("1.1.1.1", "198.51.100.1, 10.9.9.9"), "198.51.100.1"),
        ("10.0.0.1", _forwarded_for("10.0.0.3, 10.0.0.2"), "10.0.0.3"),  # all trusted: the farthest
        ("10.0.0.1", _forwarded_for("198.51.100.1, nonsense"), "10.0.0.1"),
        ("10.0.0.1", _forwarded_for("unknown, 10.0.0.2"), "10.0.0.2"),
        ("10.0.0.1", _forwarded_for(""), "10.0.0.1"),
        ("10.0.0.1", _forwarded_for(","), "10.0.0.1"),
        ("10.0.0.1", _forwarded_for("198.51.100.1:4711"), "198.51.100.1"),
        ("10.0.0.1", _forwarded_for("[2001:dead::1]:4711"), "2001:dead::1"),
        ("10.0.0.1", _forwarded_for("2001:dead::1"), "2001:dead::1"),
        ("10.0.0.1", _forwarded_for("::ffff:198.51.100.1"), "198.51.100.1"),
        ("::ffff:10.0.0.1", _forwarded_for("198.51.100.1"), "198.51.100.1"),
        ("2001:db8::7", _forwarded_for("198.51.100.1"), "198.51.100.1"),
        ("10.0.0.1", [("forwarded", "for=198.51.100.1;proto=https")], "198.51.100.1"),
        ("10.0.0.1", [("forwarded", 'for="[2001:dead::1]:4711"')], "2001:dead::1"),
        ("10.0.0.1", [("forwarded", 'for="1.1.1.1'), ("forwarded", "For=198.51.100.1")], "198.51.100.1"),
        ("10.0.0.1", [("forwarded", "for=_hidden")], "10.0.0.1"),
        (
            "10.0.0.1",
            [("forwarded", "for=1.1.1.1"), *_forwarded_for("198.51.100.1")],
            "198.51.100.1",  # what the proxy does not set, it lets through
        ),
    ],
)
def test_the_client_is_the_nearest_hop_that_is_no_trusted_proxy(
    peer: str, headers: list[tuple[str, str]], client: str
) -> None:
    assert PROXIES.client_address(peer, headers) == client


@pytest.mark.parametrize(
    ("peer", "headers", "tls", "scheme"),
    [
        ("192.0.2.9", [], False, "http"),
        ("192.0.2.9", [], True, "https"),
        ("192.0.2.9", [("x-forwarded-proto", "https")], False, "http"),
        ("10.0.0.1", [("x-forwarded-proto", "https")], False, "https"),
        ("10.0.0.1", [("x-forwarded-proto", "WSS")], False, "https"),
        ("10.0.0.1", [("x-forwarded-proto", "http")], True, "http"),
        ("10.0.0.1", [("x-forwarded-proto", "https, http")], False, "http"),  # the nearest proxy's word
        ("10.0.0.1", [("x-forwarded-proto", "gopher")], False, "http"),
        ("10.0.0.1", [("forwarded", "for=198.51.100.1;proto=https")], False, "https"),
    ],
)
def test_the_scheme_is_what_a_trusted_proxy_says(
    peer: str, headers: list[tuple[str, str]], tls: bool, scheme: str
) -> None:
    assert PROXIES.client_scheme(peer, headers, tls=tls) == scheme


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert Proxies(()).client_address("127.0.0.1", _forwarded_for("198.51.100.1")) == "127.0.0.1"


def test_a_malformed_proxy_is_named() -> None:
    with pytest.raises(CannotStart, match=r"10\.0\.0\.0/99"):
        Proxies(("10.0.0.0/99",))
