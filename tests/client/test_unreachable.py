"""The reason for no connection is reported briefly, and at once if a retry is of no use."""

import datetime
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from functools import partial

import pytest
import trio
import trustme

from chat.client import CannotConnect, ConnectionFailed, log_in, open_chat
from chat.client.address import parse_url

PATIENCE = 30
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def hang_up(stream: trio.abc.Stream) -> None:
    """As a server does that expects something else."""
    try:
        await stream.receive_some()
    except trio.BrokenResourceError:
        return
    await trio.aclose_forcefully(stream)


async def answer_in_clear_text(stream: trio.SocketStream) -> None:
    await stream.receive_some()
    await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await stream.aclose()


@asynccontextmanager
async def a_server(
    handler: object = hang_up, certificate: trustme.LeafCert | None = None
) -> AsyncGenerator[str]:
    """Where somebody listens, without a scheme."""
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, handler, 0, host="127.0.0.1")
        if certificate is not None:
            tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            certificate.configure_cert(tls)
            serve = partial(trio.serve_ssl_over_tcp, handler, 0, tls, host="127.0.0.1")
        (listener,) = await nursery.start(serve)
        port = getattr(listener, "transport_listener", listener).socket.getsockname()[1]
        with trio.fail_after(PATIENCE):
            yield f"127.0.0.1:{port}"
        nursery.cancel_scope.cancel(reason="the test is over")


async def why_it_ends(url: str, tls: ssl.SSLContext | None = None) -> str:
    with pytest.raises(CannotConnect) as ended:
        async with open_chat(url, token="of a program", ssl_context=tls):
            pytest.fail("there is no server")
    return str(ended.value)


async def why_it_waits(url: str) -> str:
    """The error that a program gets of the first connection."""
    got: list[str] = []
    failed = trio.Event()

    def tell(why: str) -> None:
        got.append(why)
        failed.set()

    async def connect() -> None:
        async with open_chat(url, token="of a program", on_connect_failure=tell):
            pytest.fail("there is no server")

    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(connect)
            await failed.wait()
            nursery.cancel_scope.cancel(reason="it is told")
    return got[0]


async def test_an_untrusted_certificate_is_reported(authority: trustme.CA) -> None:
    async with a_server(certificate=authority.issue_cert("127.0.0.1")) as where:
        got = await why_it_ends(f"https://{where}", ssl.create_default_context())
    assert got == "its certificate is not trusted: unable to get local issuer certificate"


async def test_an_expired_certificate_is_reported(authority: trustme.CA, trusting: ssl.SSLContext) -> None:
    old = authority.issue_cert(
        "127.0.0.1", not_before=LONG_AGO - datetime.timedelta(days=1), not_after=LONG_AGO
    )
    async with a_server(certificate=old) as where:
        got = await why_it_ends(f"https://{where}", trusting)
    assert got == "its certificate is not trusted: certificate has expired"


async def test_a_certificate_of_another_server_is_reported(
    authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    async with a_server(certificate=authority.issue_cert("chat.example")) as where:
        got = await why_it_ends(f"https://{where}", trusting)
    assert got.startswith("its certificate is not trusted: ")
    assert got.endswith("certificate is not valid for '127.0.0.1'")


async def test_a_server_without_tls_is_reported() -> None:
    async with a_server(answer_in_clear_text) as where:
        assert await why_it_ends(f"https://{where}") == "it speaks no TLS (is http:// meant?)"


async def test_a_server_that_hangs_up_may_want_tls(authority: trustme.CA) -> None:
    async with a_server() as where:
        got = await why_it_waits(f"http://{where}")
        with pytest.raises(ConnectionFailed) as lost:
            await log_in(parse_url(f"http://{where}"), "ada", "secret")
    assert got == "the connection was closed during the handshake (is https:// meant?)"
    assert str(lost.value) == (
        "no answer to /api/v1/auth/login: the connection ended before an answer (is https:// meant?)"
    )


async def test_a_refused_connection_is_reported() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens, nor can anybody else
        got = await why_it_waits(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert got == "Connection refused"


async def test_an_unknown_host_name_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(trio.socket, "getaddrinfo", nobody)
    assert await why_it_waits("http://nobody.example") == "Name or service not known"
