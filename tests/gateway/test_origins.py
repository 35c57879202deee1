"""Which pages may open a socket."""

import pytest

from chat.gateway.http1.head import Head
from chat.gateway.origins import origin_allowed


def _allowed(origin: str | None, host: str = "chat.example", scheme: str = "https", *allowed: str) -> bool:
    headers = [("host", host)] + ([] if origin is None else [("origin", origin)])
    return origin_allowed(Head("GET", "/ws", "1.1", tuple(headers)), scheme, allowed)


def test_no_origin_is_no_browser() -> None:
    assert _allowed(None)


@pytest.mark.parametrize(
    ("origin", "host", "scheme"),
    [
        ("https://chat.example", "chat.example", "https"),
        ("https://chat.example:443", "chat.example", "https"),
        ("https://chat.example", "chat.example:443", "https"),
        ("HTTPS://Chat.Example", "CHAT.example", "https"),
        ("http://127.0.0.1:9000", "127.0.0.1:9000", "http"),
        ("http://[::1]:9000", "[::1]:9000", "http"),
        ("http://localhost", "localhost:80", "http"),
    ],
)
def test_the_same_origin_is_allowed(origin: str, host: str, scheme: str) -> None:
    assert _allowed(origin, host, scheme)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://chat.example",
        "https://chat.example:8443",
        "https://chat.example.evil.example",
        "https://evil.example/https://chat.example",
        "https://chat.example@evil.example",
        "https://chat.example evil",
        "https://chat.example\\evil",
        "https://chat.example:99999999",
        "chat.example",
        "//chat.example",
        "null",
        "",
        "*",
        "https://",
        "https://chat.example?",
        "https://chät.example",
    ],
)
def test_another_origin_null_and_nonsense_are_refused(origin: str) -> None:
    assert not _allowed(origin)
    assert not _allowed(origin, "chat.example", "https", "https://friend.example")


@pytest.mark.parametrize("host", ["chat.example", "chat.example:8443"])
@pytest.mark.parametrize("forwarded", [None, "chat.example", "chat.example:8443"])
def test_a_trusted_proxy_may_leave_the_port_out(host: str, forwarded: str | None) -> None:
    head = Head("GET", "/ws", "1.1", (("host", host), ("origin", "https://chat.example:8443")))
    assert origin_allowed(head, "https", (), forwarded, proxied=True)
    got = "chat.example:8443" in (host, forwarded)
    assert origin_allowed(head, "https", (), forwarded) == got


@pytest.mark.parametrize(
    "origin",
    ["http://chat.example:8443", "https://evil.example:8443", "https://chat.example.evil.example", "null"],
)
def test_scheme_and_name_are_checked_behind_a_trusted_proxy(origin: str) -> None:
    head = Head("GET", "/ws", "1.1", (("host", "chat.example"), ("origin", origin)))
    assert not origin_allowed(head, "https", (), proxied=True)


def test_a_port_forwarded_by_a_proxy_is_checked() -> None:
    head = Head("GET", "/ws", "1.1", (("host", "chat.example:9443"), ("origin", "https://chat.example:8443")))
    assert not origin_allowed(head, "https", (), proxied=True)


def test_a_configured_origin_is_allowed() -> None:
    assert _allowed("https://friend.example", "chat.example", "https", "https://friend.example/")
    assert _allowed("app://chat", "chat.example", "https", "app://chat")
    assert not _allowed("http://friend.example", "chat.example", "https", "https://friend.example")


def test_a_star_allows_everybody() -> None:
    assert _allowed("https://evil.example", "chat.example", "https", "*")
    assert _allowed("null", "chat.example", "https", "*")


def test_a_nonsense_entry_of_the_list_lets_no_nonsense_in() -> None:
    assert not _allowed("null", "chat.example", "https", "null")
    assert not _allowed("nonsense", "", "https", "nonsense")


def test_two_origins_are_refused() -> None:
    headers = (("host", "a"), ("origin", "https://a"), ("origin", "https://a"))
    assert not origin_allowed(Head("GET", "/", "1.1", headers), "https", ())
