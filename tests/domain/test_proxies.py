"""The client's real address behind proxies, and which proxies are trusted."""

import pytest

from chat.domain.addresses import address_key
from chat.domain.proxies import UNKNOWN, Believed, Proxies
from chat.domain.startup import CannotStart

PROXIES = Proxies(("10.0.0.0/8", "127.0.0.1", "2001:db8::/32"))


def _forwarded_for(*values: str) -> list[tuple[str, str]]:
    return [("x-forwarded-for", value) for value in values]


def _forwarded(*values: str) -> list[tuple[str, str]]:
    return [("forwarded", value) for value in values]


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
        ("10.0.0.1", _forwarded_for("198.51.100.1:4711"), "198.51.100.1"),
        ("10.0.0.1", _forwarded_for("[2001:dead::1]:4711"), "2001:dead::1"),
        ("10.0.0.1", _forwarded_for("2001:dead::1"), "2001:dead::1"),
        ("10.0.0.1", _forwarded_for("::ffff:198.51.100.1"), "198.51.100.1"),
        ("::ffff:10.0.0.1", _forwarded_for("198.51.100.1"), "198.51.100.1"),
        ("2001:db8::7", _forwarded_for("198.51.100.1"), "198.51.100.1"),
        ("10.0.0.1", _forwarded("for=198.51.100.1;proto=https"), "198.51.100.1"),
        ("10.0.0.1", _forwarded('for="[2001:dead::1]:4711"'), "2001:dead::1"),
        ("10.0.0.1", _forwarded('for="1.1.1.1', "For=198.51.100.1"), "198.51.100.1"),
        (
            "10.0.0.1",
            _forwarded("proto=https;host=chat.example"),
            "10.0.0.1",
        ),  # which says nothing of an address
        ("10.0.0.1", [*_forwarded("proto=https"), *_forwarded_for("198.51.100.1")], "198.51.100.1"),
    ],
)
def test_the_client_is_the_nearest_hop_that_is_no_trusted_proxy(
    peer: str, headers: list[tuple[str, str]], client: str
) -> None:
    assert PROXIES.client_address(peer, headers) == client


@pytest.mark.parametrize(
    "headers",
    [
        _forwarded_for("198.51.100.1, nonsense"),
        _forwarded_for("unknown, 10.0.0.2"),
        _forwarded_for(""),
        _forwarded_for(","),
        _forwarded_for("127.0.0.1"),
        _forwarded_for("198.51.100.1, 127.0.0.2"),
        _forwarded_for("::1"),
        _forwarded_for("::ffff:127.0.0.1"),
        _forwarded("for=_hidden"),
        _forwarded("for=unknown"),
        _forwarded("for="),
        _forwarded('for="[::1]:80"'),
        _forwarded(
            "for=198.51.100.1", "proto=https"
        ),  # the nearest says nothing, the rest is the client's own
    ],
)
def test_a_client_that_a_trusted_proxy_does_not_name_is_counted_with_its_like(
    headers: list[tuple[str, str]],
) -> None:
    assert (
        PROXIES.client_address("10.0.0.1", headers) == PROXIES.client_address("127.0.0.1", headers) == UNKNOWN
    )
    assert address_key(UNKNOWN) is not None, "it is spared"


BOTH = [*_forwarded_for("198.51.100.1"), *_forwarded("for=203.0.113.5")]


@pytest.mark.parametrize(
    ("believed", "headers", "client"),
    [
        ("auto", BOTH, UNKNOWN),  # one of them is the client's own, and nobody knows which
        ("auto", [*_forwarded_for("127.0.0.1"), *_forwarded("for=203.0.113.5")], UNKNOWN),
        ("auto", [*_forwarded_for("203.0.113.5"), *_forwarded("for=_hidden")], UNKNOWN),
        (
            "auto",
            [*_forwarded_for("1.1.1.1, 203.0.113.5"), *_forwarded('for="203.0.113.5:1"', "for=10.0.0.2")],
            "203.0.113.5",
        ),
        ("x-forwarded-for", BOTH, "198.51.100.1"),
        ("x-forwarded-for", _forwarded("for=203.0.113.5"), "10.0.0.1"),
        ("forwarded", BOTH, "203.0.113.5"),
        ("forwarded", _forwarded_for("127.0.0.1"), "10.0.0.1"),
    ],
)
def test_of_two_differing_headers_only_the_configured_one_is_trusted(
    believed: Believed, headers: list[tuple[str, str]], client: str
) -> None:
    assert Proxies(("10.0.0.0/8",), believed).client_address("10.0.0.1", headers) == client


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
        ("10.0.0.1", _forwarded("for=198.51.100.1;proto=https"), False, "https"),
        ("10.0.0.1", [("x-forwarded-proto", "HTTPS"), *_forwarded("proto=https")], False, "https"),
        ("10.0.0.1", [("x-forwarded-proto", "https"), *_forwarded("proto=http")], False, "http"),
        ("10.0.0.1", [("x-forwarded-proto", "http"), *_forwarded("proto=https")], True, "https"),
        ("10.0.0.1", [("x-forwarded-proto", "https"), *_forwarded("proto=http", "for=::5")], False, "https"),
    ],
)
def test_the_scheme_comes_from_a_trusted_proxy(
    peer: str, headers: list[tuple[str, str]], tls: bool, scheme: str
) -> None:
    assert PROXIES.client_scheme(peer, headers, tls=tls) == scheme


@pytest.mark.parametrize(
    ("believed", "headers", "host"),
    [
        ("auto", [], None),
        ("auto", [("x-forwarded-host", "evil.example, Chat.Example:8443")], "chat.example:8443"),
        ("auto", _forwarded('for=198.51.100.1;host="chat.example"'), "chat.example"),
        ("auto", [("x-forwarded-host", "evil.example"), *_forwarded("host=chat.example")], None),
        (
            "forwarded",
            [("x-forwarded-host", "evil.example"), *_forwarded("host=chat.example")],
            "chat.example",
        ),
        ("x-forwarded-for", _forwarded("host=evil.example"), None),
    ],
)
def test_the_host_comes_from_a_trusted_proxy(
    believed: Believed, headers: list[tuple[str, str]], host: str | None
) -> None:
    assert Proxies(("10.0.0.0/8",), believed).client_host("10.0.0.1", headers) == host
    assert Proxies(("10.0.0.0/8",), believed).client_host("192.0.2.9", headers) is None


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert Proxies(()).client_address("127.0.0.1", _forwarded_for("198.51.100.1")) == "127.0.0.1"


def test_a_malformed_proxy_is_named() -> None:
    with pytest.raises(CannotStart, match=r"10\.0\.0\.0/99"):
        Proxies(("10.0.0.0/99",))
