"""Reading the first head, and giving it back."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus

import h11
import pytest
import trio
from hypothesis import example, given
from hypothesis import strategies as st

from chat.gateway.http1 import head as heads
from chat.gateway.http1.head import Head, ReplayStream, parse_head, read_head
from chat.gateway.http1.parser import StrictParser
from chat.gateway.http1.plain_parser import PlainParser
from tests.support.gateway import OPENING


@asynccontextmanager
async def pair() -> AsyncGenerator[tuple[ReplayStream, trio.SocketStream]]:
    ours, theirs = trio.socket.socketpair()
    with trio.fail_after(30):
        async with trio.SocketStream(ours) as server, trio.SocketStream(theirs) as client:
            yield ReplayStream(server), client


def _head(raw: bytes) -> Head:
    head = parse_head(raw)
    assert isinstance(head, Head)
    return head


async def test_a_head_in_single_bytes_is_read_whole_and_put_back() -> None:
    async with pair() as (stream, client), trio.open_nursery() as nursery:

        @nursery.start_soon
        async def dribble() -> None:
            for byte in OPENING:
                await client.send_all(bytes([byte]))

        head = await read_head(stream, 4096)
        assert isinstance(head, Head)
        assert (head.method, head.path, head.query) == ("GET", "/ws", "token=x")
        assert head.asks_for_websocket
        assert await stream.receive_some(4) == OPENING[:4]
        assert await stream.receive_some() == OPENING[4:]


async def test_bytes_after_the_head_are_pushed_back_too() -> None:
    async with pair() as (stream, client):
        await client.send_all(OPENING + b"\x81\x80")
        assert isinstance(await read_head(stream, 4096), Head)
        assert await stream.receive_some() == OPENING + b"\x81\x80"
        await client.send_all(b"later")
        assert await stream.receive_some() == b"later"


async def test_cancelling_a_read_loses_nothing_that_was_put_back() -> None:
    async with pair() as (stream, _):
        stream.push_back(b"kept")
        with trio.CancelScope() as scope:
            scope.cancel()
            await stream.receive_some()
        assert await stream.receive_some() == b"kept"


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\n", OPENING[:-1]])
async def test_half_a_head_and_then_the_end_is_nothing(sent: bytes) -> None:
    async with pair() as (stream, client):
        if sent:
            await client.send_all(sent)
        await client.send_eof()
        assert await read_head(stream, 4096) is None


async def test_a_head_may_be_as_long_as_the_limit_and_no_longer() -> None:
    longest = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ".ljust(4096 - 4, b"x") + b"\r\n\r\n"
    async with pair() as (stream, client):
        await client.send_all(longest)
        assert isinstance(await read_head(stream, 4096), Head)
    async with pair() as (stream, client):
        await client.send_all(longest)
        assert await read_head(stream, 4095) is HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    async with pair() as (stream, client):
        await client.send_all(b"x" * 4097)
        assert await read_head(stream, 4096) is HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


async def test_the_limit_applies_to_the_head_alone() -> None:
    async with pair() as (stream, client):
        await client.send_all(OPENING + bytes(8192))
        assert isinstance(await read_head(stream, len(OPENING)), Head)
        assert await stream.receive_some() == OPENING + bytes(8192)


async def test_tls_on_a_plain_port_is_seen_at_its_first_byte() -> None:
    async with pair() as (stream, client):
        await client.send_all(b"\x16\x03\x01")
        assert await read_head(stream, 4096) is HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no host
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX : a\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"G\xc3\xa4T / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /\xc3\xa4 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET ?a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: " + b"a" * 301 + b"\r\n\r\n", 400),
        (b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (OPENING.replace(b"GET /", b"GET /" + b"a" * 8000), 414),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\n", 505),
        (b"GET / HTTP/3.0\r\nHost: localhost\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a:\r\n" * 200 + b"\r\n", 431),
        (OPENING.replace(b"Host: localhost", b"Host: xn--99999999"), 400),
        (OPENING.replace(b"Host: localhost", b"Host: t\xc3\xa4st"), 400),
        (OPENING.replace(b"\r\n\r\n", b"\r\nContent-Length: x\r\n\r\n"), 400),
        (OPENING.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n"), 400),
        (OPENING.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n"), 400),
        (OPENING.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: gzip\r\n\r\n"), 501),
        (OPENING.replace(b"Connection: Upgrade", b"Connection: Upgrade, \xe4"), 400),
        (OPENING.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Protocol: \xe4\r\n\r\n"), 400),
        (OPENING.replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: \xe4\r\n\r\n"), 400),
    ],
)
def test_a_malformed_head_is_refused_with_its_status(raw: bytes, status: int) -> None:
    assert parse_head(raw) == HTTPStatus(status)


def test_repeated_headers_are_kept_in_their_order() -> None:
    head = _head(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: 1\r\nx-a: \xe4\r\n\r\n")
    assert head.values("x-a") == ["1", "ä"]
    assert (head.get("x-a"), head.get("x-b")) == ("1", None)


def test_a_target_of_8000_bytes_is_read() -> None:
    for raw in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", OPENING):
        target = raw.split(b" ")[1]
        long = target.ljust(8000, b"a")
        assert _head(raw.replace(target, long, 1)).target == long.decode()


def test_a_target_is_in_origin_form() -> None:
    head = _head(b"GET HTTP://a.example/b%20c?d=%20 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (head.target, head.path, head.query) == ("/b%20c?d=%20", "/b c", "d=%20")


@pytest.mark.parametrize(
    ("old", "new", "asks"),
    [
        (b"", b"", True),
        (b"websocket", b"WebSocket", True),
        (b"Connection: Upgrade", b"connection: keep-alive\r\nconnection: x, UPGRADE", True),
        (b"Connection: Upgrade", b"Connection: keep-alive", False),
        (b"Connection: Upgrade", b"Connection: x-upgrade", False),
        (b"Upgrade: websocket", b"Upgrade: h2c", False),
        (b"Upgrade: websocket", b"Upgrade: websocket\r\nUpgrade: websocket", False),
        (b"GET ", b"POST ", False),
        (b"HTTP/1.1", b"HTTP/1.0", False),
        (b"\r\n\r\n", b"\r\nContent-Length: 0\r\n\r\n", True),
    ],
)
def test_requests_for_a_websocket(old: bytes, new: bytes, asks: bool) -> None:
    assert _head(OPENING.replace(old, new, 1)).asks_for_websocket is asks


_LINES = st.sampled_from(
    [
        "Host: chat.example:9000",
        "Host: xn--99999999",
        "Upgrade: websocket",
        "Upgrade: h2c",
        "Connection: keep-alive, Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Content-Length: 0",
        "Content-Length: +1",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: gzip",
        "Origin: https://chat.example ",
        "Cookie: a b  c",
        "Bad name: x",
        " folded",
    ]
) | st.builds("{}: {}".format, st.text("aZ-9_", min_size=1), st.text("\t !:~\x7fä", min_size=1))


@given(
    st.lists(_LINES, max_size=8),
    st.sampled_from(["/", "/a?b=%20", "/a://b", "/#", "http://a/b", "//", "*", "/ "]),
)
@example(["Upgrade: websocket", "Connection: Upgrade"], "/")  # no host
@example(["Host: localhost", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade"], "/")
@example(["Host: localhost", "Upgrade: websocket", "Connection: Upgrade", "Content-Length: 1"], "/")
def test_a_handshake_in_its_usual_form_is_read_as_h11_reads_it(lines: list[str], target: str) -> None:
    plain = "\r\n".join(
        [f"GET {target} HTTP/1.1", *lines, "Upgrade: websocket", "Connection: Upgrade", "X: y"]
    )
    raw = f"{plain}\r\n\r\n".encode()
    by_h11 = parse_head(raw.replace(b"\r\nX: y", b"\r\nX:  y"))  # two blanks are not the usual form
    read = parse_head(raw)
    if isinstance(read, Head):
        read = replace(read, size=read.size + 1)
    assert read == by_h11


def test_a_usual_handshake_does_not_wait_for_h11(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(heads, "StrictParser")
    assert _head(OPENING).asks_for_websocket


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX:" + b" " * 60_000 + b"\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX:" + (b"\t" * 99 + b"a") * 600 + b"\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n" + b" \r\n" * 20_000 + b"\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a:b\r\n" * 12_000 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: " + b"xn--a" * 12_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a " * 30_000 + b"\x00\r\n\r\n",
    ],
)
def test_no_head_takes_long_to_parse(head: bytes) -> None:
    begin = time.thread_time()
    assert isinstance(parse_head(head), HTTPStatus)
    assert time.thread_time() - begin < 2  # seconds of a processor; h11 alone takes up to 25


def test_the_framing_of_a_body_has_a_limit() -> None:
    parser = StrictParser(h11.SERVER)
    parser.receive_data(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert isinstance(parser.next_event(), h11.Request)
    parser.receive_data(b"1;" + b"x" * 1024)
    with pytest.raises(h11.RemoteProtocolError, match="framing"):
        parser.next_event()


def test_a_plain_parser_sees_no_upgrade_but_a_websockets() -> None:
    parser = PlainParser(h11.SERVER)
    parser.receive_data(OPENING + b"frames")
    assert parser.next_event() is h11.NEED_DATA
    assert parser.upgrade == OPENING + b"frames"
    parser = PlainParser(h11.SERVER)
    parser.receive_data(OPENING.replace(b"Upgrade: websocket", b"Upgrade: h2c"))
    assert not parser.upgrade
    request = parser.next_event()
    assert isinstance(request, h11.Request)
    assert b"upgrade" not in dict(request.headers)
    assert dict(request.headers)[b"connection"] == b"Upgrade"
    assert isinstance(parser.next_event(), h11.EndOfMessage)
