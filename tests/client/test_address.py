"""Addresses of servers as people write them, and the reported reasons why one can't be reached."""

import ssl
from functools import partial

import pytest
import trio
import trio.testing
import trustme
from trio.testing import MockClock

from chat.client import ConnectionFailed, log_in, parse_url
from chat.client.address import Address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://chat.example", ("chat.example", 80, "chat.example", "")),
        ("wss://Chat.Example:8443/a/", ("chat.example", 8443, "chat.example:8443", "/a")),
        ("http://[::1]:9000", ("::1", 9000, "[::1]:9000", "")),
        ("http://bücher.example:9000", ("xn--bcher-kva.example", 9000, "xn--bcher-kva.example:9000", "")),
        ("http://127.0.0.1/чат/a%20b", ("127.0.0.1", 80, "127.0.0.1", "/%D1%87%D0%B0%D1%82/a%20b")),
    ],
)
def test_a_url_is_an_address_that_http_can_name(url: str, address: tuple[str, int, str, str]) -> None:
    assert parse_url(url)[:4] == address


@pytest.mark.parametrize(
    "url", ["chat.example", "ftp://chat.example", "http://", "http://a..b", "http://[::1"]
)
def test_a_malformed_url_is_reported(url: str) -> None:
    with pytest.raises(ValueError, match=r"expected http://HOST|Invalid IPv6 URL"):
        parse_url(url)


async def test_an_untrusted_certificate_is_named_as_the_reason() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    async def serve(stream: trio.SSLStream[trio.SocketStream]) -> None:
        with pytest.raises(trio.BrokenResourceError):
            await stream.do_handshake()

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            listening = partial(trio.serve_ssl_over_tcp, serve, 0, context, host="127.0.0.1")
            (listener,) = await nursery.start(listening)
            port = listener.transport_listener.socket.getsockname()[1]
            with pytest.raises(ConnectionFailed, match="its certificate is not trusted: "):
                await log_in(parse_url(f"https://127.0.0.1:{port}"), "ada", "secret")
            nursery.cancel_scope.cancel()


class Silent(Address):
    """Where somebody listens, and says nothing."""

    __slots__ = ()

    async def open_stream(self) -> trio.abc.Stream:
        await trio.lowlevel.checkpoint()
        return trio.testing.memory_stream_pair()[0]


async def test_a_silent_server_is_named_as_the_reason(autojump_clock: MockClock) -> None:
    with pytest.raises(ConnectionFailed, match="login: it takes too long"):
        await log_in(Silent(*parse_url("http://chat.example")), "ada", "secret")
