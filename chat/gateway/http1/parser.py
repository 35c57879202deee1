"""h11's parser, stricter: it refuses what this server does not support and what h11 parses too slowly.

h11 parses headers, chunk sizes and trailers with patterns that take quadratic time over blanks that are followed by an
illegal character: a head of 64 KiB blocks the event loop for 25 seconds. Such input is refused before h11 sees it.
"""

import re
from functools import lru_cache

import h11

MAX_LINES = 100
"""The most lines of a head. h11 takes 4 µs for each: 64 KiB of short lines would block the event loop for 80 ms."""

MAX_BLANKS = re.compile(rb"[ \t]{100}")
"""A head with this many blanks in a row is refused; a body may have them."""

MAX_FRAMING_BYTES = 1024
"""The most bytes of a chunk's first line or of a trailer, and so the most that the parser may be given at once."""

MAX_HOST_BYTES = 300
"""A host name has at most 253, and the idna codec is slow with long names."""

MAX_TARGET_BYTES = 8000
"""The least that RFC 9110 section 4.1 recommends. Decoding a target takes 1 µs for each of its escapes."""

END_OF_HEAD = re.compile(rb"\n\r?\n")
"""The end of a head, as in h11: the carriage returns may be missing."""

ParserEvent = h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]


class StrictParser(h11.Connection):
    """The server's side of HTTP/1.0 and 1.1. A request's target is in origin form: a path with a query, or `*`."""

    def __init__(self, our_role: type[h11.SERVER], max_incomplete_event_size: int = 16_384) -> None:
        super().__init__(our_role, max_incomplete_event_size)
        self._unfinished: bytes | None = None
        """The last bytes of an incomplete head. None: the head may be complete and is to be checked."""
        self.must_close = False
        """Whether the last request's framing is ambiguous: no further request may be read from this connection."""
        self.body_left = 0
        """Missing bytes of a body whose length was announced."""

    def receive_data(self, data: bytes) -> None:
        """Like h11's, but does not search an incomplete head again from its beginning for each piece."""
        if self._unfinished is not None:
            recent = self._unfinished + data
            self._unfinished = None if END_OF_HEAD.search(recent) else recent[-2:]
        super().receive_data(data)

    @property
    def has_unread(self) -> bool:
        """Whether bytes have arrived that belong to no event yet."""
        return bool(self._unfinished or self.trailing_data[0])

    def next_event(self) -> ParserEvent:
        """Like h11's. Raises RemoteProtocolError with the status of the refusal."""
        if self.their_state is h11.MUST_CLOSE and self.has_unread:
            return h11.PAUSED  # h11 would raise, and the answer to the last request would be lost
        if self.their_state is h11.IDLE and self._unfinished is None:
            head = self.trailing_data[0]  # a copy
            if found := END_OF_HEAD.search(head):
                _check_head(head, found.end())
            else:  # h11 parses a head when it is complete
                self._unfinished = head[-2:]
        event = super().next_event()
        if isinstance(event, h11.Request):
            return self._checked(event)
        if isinstance(event, h11.Data):
            self.body_left = max(0, self.body_left - len(event.data))
        if event is h11.NEED_DATA and self.their_state is h11.SEND_BODY:
            _check(len(self.trailing_data[0]) <= MAX_FRAMING_BYTES, "a body's framing is too long", 400)
        return event

    def _checked(self, request: h11.Request) -> h11.Request:
        _check(request.http_version in (b"1.0", b"1.1"), "this server speaks HTTP/1.1", 505)  # h2's preface
        host = next((value for name, value in request.headers if name == b"host"), b"")
        _check(is_readable(host), "the Host header is not a valid name", 400)
        _check(len(request.target) <= MAX_TARGET_BYTES, "the target is too long", 414)
        target = _origin_form(request.target)
        _check(target.startswith(b"/") or target == b"*", "the target is not a path", 400)
        # RFC 9112, section 6.1: a proxy may use the other length, and then sees the next request begin elsewhere.
        headers = dict(request.headers)
        self.must_close = b"content-length" in headers and b"transfer-encoding" in headers
        self.body_left = 0 if b"transfer-encoding" in headers else int(headers.get(b"content-length", 0))
        return request if target == request.target else altered(request, target, list(request.headers))


def _check_head(raw: bytes, end: int) -> None:
    _check(raw.count(b"\n", 0, end) <= MAX_LINES, "too many header lines", 431)
    _check(not MAX_BLANKS.search(raw, 0, end), "too many blanks in a row", 400)


def _check(fine: bool, otherwise: str, status: int) -> None:
    if not fine:
        raise h11.RemoteProtocolError(otherwise, error_status_hint=status)


def is_readable(host: bytes) -> bool:
    """Whether wsproto and Werkzeug can decode this `Host`."""
    return len(host) <= MAX_HOST_BYTES and _decodes(host)


@lru_cache(64)
def _decodes(host: bytes) -> bool:
    # wsproto decodes it so and Werkzeug encodes it so, both where a UnicodeError can't be answered.
    try:
        host.decode("ascii").encode("idna")
        host.decode("idna")
    except UnicodeError:
        return False
    return True


def _origin_form(target: bytes) -> bytes:
    scheme, separator, rest = target.partition(b"://")
    if not separator or scheme.lower() not in (b"http", b"https"):
        return target
    _, slash, path = rest.partition(b"/")
    return slash + path


def altered(request: h11.Request, target: bytes, headers: list[tuple[bytes, bytes]]) -> h11.Request:
    return h11.Request(
        method=request.method, headers=headers, target=target, http_version=request.http_version
    )
