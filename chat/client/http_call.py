"""One HTTP call on a connection of its own: a client makes few of them."""

from contextlib import suppress
from typing import NamedTuple

import h11
import msgspec
import trio

from chat.client.address import Address
from chat.client.endings import describe
from chat.client.errors import ConnectionFailed, refuse_unencodable

_TIMEOUT = 10.0
"""Seconds for the whole call, or for the next `_CHUNK` bytes of a file."""

_CHUNK = 65_536

_MAX_BODY = 1 << 22
"""Bytes of a response body: a page has half a MiB of text at most, and a page of search results twice that."""


class HttpResponse(NamedTuple):
    """The status and the body of a response."""

    status: int
    body: bytes


async def call(
    address: Address,
    method: str,
    path: str,
    body: object = None,
    *,
    token: str | None = None,
    media_type: str = "application/json",
    max_body: int = _MAX_BODY,
) -> HttpResponse:
    """Call a path of a server; return its response, whatever the status.

    Args:
        address: the server.
        method: the HTTP method, as `PUT`.
        path: percent-encoded, with its query.
        body: bytes are sent as they are, other values as JSON, None as an empty body.
        token: an access token, if the call needs one.
        media_type: the type of the body.
        max_body: how many bytes the body of the response may have.

    Raises:
        ConnectionFailed: there is no response.
        Refused: the request cannot be encoded.

    Cancelling: the server may or may not execute the call; no connection is left open.
    """
    with refuse_unencodable():
        data = b"" if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
    headers = [("Host", address.name), ("Content-Length", str(len(data))), ("Connection", "close")]
    if data:
        headers.append(("Content-Type", media_type))
    if token is not None:
        headers.append(("Authorization", f"Bearer {token}"))
    with refuse_unencodable():
        request = h11.Request(method=method, target=address.path + path, headers=headers)
    try:
        with trio.fail_after(_TIMEOUT) as scope:
            stream = await address.open_stream()
            try:
                return await _exchange(stream, request, data, max_body, scope)
            finally:
                await trio.aclose_forcefully(stream)  # never waits
    except (OSError, trio.TooSlowError, trio.BrokenResourceError, h11.RemoteProtocolError) as error:
        raise ConnectionFailed(f"no answer to {path}: {describe(error)}") from error


async def _exchange(
    stream: trio.abc.Stream, request: h11.Request, body: bytes, max_body: int, scope: trio.CancelScope
) -> HttpResponse:
    http = h11.Connection(h11.CLIENT)
    parts = [http.send(request), http.send(h11.Data(body)), http.send(h11.EndOfMessage())]
    data = b"".join(part for part in parts if part)
    with suppress(trio.BrokenResourceError):  # a server that refuses a file answers before its end
        for start in range(0, len(data), _CHUNK):
            await stream.send_all(memoryview(data)[start : start + _CHUNK])
            scope.deadline = trio.current_time() + _TIMEOUT
    status, content, extended_at = 0, bytearray(), 0
    while True:
        if len(content) - extended_at >= _CHUNK:
            extended_at, scope.deadline = len(content), trio.current_time() + _TIMEOUT
        event = http.next_event()
        if event is h11.NEED_DATA:
            received = bytes(await stream.receive_some())
            if not received and not status:
                raise trio.BrokenResourceError("the connection ended before an answer")
            http.receive_data(received)
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            content += event.data
            if len(content) > max_body:
                raise ConnectionFailed(f"an answer of more than {max_body} bytes")
        elif isinstance(event, h11.EndOfMessage):
            return HttpResponse(status, bytes(content))
        elif not isinstance(event, h11.InformationalResponse):
            raise ConnectionFailed("the connection ended before an answer")
