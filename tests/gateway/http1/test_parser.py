"""The strict h11 parser: the cost of a head that arrives in small pieces."""

import re
from typing import Any

import h11
import pytest

from chat.gateway.http1 import parser as parsers
from chat.gateway.http1.parser import MAX_LINES
from chat.gateway.http1.plain_parser import PlainParser

REQUEST = b"GET /first HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Work:
    """Counts the bytes that are searched for the end of a head, and those that are copied for it."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self.pattern = pattern
        self.bytes = 0

    def search(self, data: bytes, *where: int) -> re.Match[bytes] | None:
        self.bytes += len(data)
        return self.pattern.search(data, *where)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work(parsers.END_OF_HEAD)
    monkeypatch.setattr(parsers, "END_OF_HEAD", work)
    trailing_data = h11.Connection.trailing_data.fget  # type: ignore[attr-defined]

    def counted(parser: h11.Connection) -> Any:
        data = trailing_data(parser)
        work.bytes += len(data[0])
        return data

    monkeypatch.setattr(h11.Connection, "trailing_data", property(counted))
    return work


def used_once() -> PlainParser:
    """A parser that has read a request and was given the answer."""
    parser = PlainParser(h11.SERVER, 65_536)
    parser.receive_data(REQUEST)
    assert isinstance(parser.next_event(), h11.Request)
    assert isinstance(parser.next_event(), h11.EndOfMessage)
    parser.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
    parser.send(h11.EndOfMessage())
    parser.start_next_cycle()
    return parser


@pytest.mark.parametrize("piece", [1, 2, 3, 100])
def test_a_head_in_small_pieces_is_looked_at_a_few_times_and_not_once_for_each(
    work: Work, piece: int
) -> None:
    parser = used_once()
    head = b"GET /second HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 50_000 + b"\r\n\r\n"
    work.bytes = 0
    for at in range(0, len(head), piece):
        assert not at or parser.has_unread
        assert parser.next_event() is h11.NEED_DATA
        parser.receive_data(head[at : at + piece])
    request = parser.next_event()
    assert isinstance(request, h11.Request)
    assert request.target == b"/second"
    assert work.bytes < 8 * len(head)


@pytest.mark.parametrize("piece", [1, 2, 3, 100])
@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
@pytest.mark.parametrize(
    ("header", "status"), [(b"X: a" + b" " * 100 + b"b", 400), (b"\r\n".join([b"X: a"] * 100), 431)]
)
def test_a_refused_head_is_refused_in_small_pieces_too(
    piece: int, newline: bytes, header: bytes, status: int
) -> None:
    parser = used_once()
    head = b"\r\n".join((b"GET / HTTP/1.1", b"Host: localhost", header, b"", b"")).replace(b"\r\n", newline)
    for at in range(0, len(head) - piece, piece):
        parser.receive_data(head[at : at + piece])
        assert parser.next_event() is h11.NEED_DATA
    parser.receive_data(head[at + piece :])
    with pytest.raises(h11.RemoteProtocolError) as refused:
        parser.next_event()
    assert refused.value.error_status_hint == status


def test_a_pipelined_head_is_looked_at_as_well_wherever_it_is_cut() -> None:
    second = REQUEST.replace(b"Host", b"X: a" + b" " * 100 + b"b\r\nHost")
    for cut in range(1, len(second) + 1):
        parser = PlainParser(h11.SERVER)
        parser.receive_data(REQUEST + second[:cut])
        assert isinstance(parser.next_event(), h11.Request)
        assert isinstance(parser.next_event(), h11.EndOfMessage)
        assert parser.next_event() is h11.PAUSED
        parser.send(h11.Response(status_code=200, headers=[("content-length", "0")]))
        parser.send(h11.EndOfMessage())
        parser.start_next_cycle()
        if cut < len(second):
            assert parser.next_event() is h11.NEED_DATA
            parser.receive_data(second[cut:])
        with pytest.raises(h11.RemoteProtocolError, match="too many blanks"):
            parser.next_event()


@pytest.mark.parametrize(("framing", "fits"), [(1024, True), (1025, False)])
def test_the_framing_of_a_body_has_1024_bytes_at_most(framing: int, fits: bool) -> None:
    parser = PlainParser(h11.SERVER, 65_536)
    parser.receive_data(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert isinstance(parser.next_event(), h11.Request)
    parser.receive_data(b"1;" + b"x" * (framing - 2))
    if fits:
        assert parser.next_event() is h11.NEED_DATA
    else:
        with pytest.raises(h11.RemoteProtocolError, match="framing") as refused:
            parser.next_event()
        assert refused.value.error_status_hint == 400


@pytest.mark.parametrize(
    ("line", "host", "status"),
    [
        (b"GET / HTTP/1.1", b"", None),
        (b"GET / HTTP/1.1", b"\xff", 400),
        (b"GET / HTTP/2.0", b"localhost", 505),
        (b"GET index HTTP/1.1", b"localhost", 400),
        (b"OPTIONS * HTTP/1.1", b"localhost", None),
        (b"GET /" + b"x" * 60_000 + b" HTTP/1.1", b"localhost", 414),
    ],
)
def test_a_malformed_request_line_is_refused_with_the_matching_status(
    line: bytes, host: bytes, status: int | None
) -> None:
    parser = PlainParser(h11.SERVER, 65_536)
    parser.receive_data(line + b"\r\nHost: " + host + b"\r\n\r\n")
    if status is None:
        assert isinstance(parser.next_event(), h11.Request)
    else:
        with pytest.raises(h11.RemoteProtocolError) as refused:
            parser.next_event()
        assert refused.value.error_status_hint == status


@pytest.mark.parametrize(("lines", "fits"), [(MAX_LINES, True), (MAX_LINES + 1, False)])
def test_the_number_of_head_lines_is_limited(lines: int, fits: bool) -> None:
    parser = used_once()
    headers = [f"X-{number}: a".encode() for number in range(lines - 3)]
    parser.receive_data(b"\r\n".join((b"GET / HTTP/1.1", b"Host: localhost", *headers, b"", b"")))
    if fits:
        assert isinstance(parser.next_event(), h11.Request)
    else:
        with pytest.raises(h11.RemoteProtocolError):
            parser.next_event()
