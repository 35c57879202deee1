"""One HTTP call, on a connection of its own: a client makes few of them, and its socket does the rest."""

from contextlib import suppress
from typing import NamedTuple

import h11
import msgspec
import trio

from chat.client.address import Address
from chat.client.endings import described
from chat.client.errors import Lost, refusing_what_cannot_be_sent

_PATIENCE = 10.0
"""Seconds for the whole call, or the next `_PIECE` of a file. A lost answer can be asked for again for 30 s."""

_PIECE = 65_536

_MOST = 1 << 22
"""Bytes of an answer: a page has half a MiB of text at most, and of a search twice that."""


class Answer(NamedTuple):
    """The status and the body of an answer."""

    status: int
    body: bytes


async def call(
    address: Address,
    method: str,
    path: str,
    body: object = None,
    *,
    token: str | None = None,
    kind: str = "application/json",
    most: int = _MOST,
) -> Answer:
    """Call `path` of a server, and return its answer, whatever the status.

    Args:
        address: where the server is.
        method: of HTTP, as `PUT`.
        path: percent-encoded, with its query.
        body: what is sent as JSON, or as it is where it is bytes; None: nothing.
        token: an access token, where the call needs one.
        kind: the type of the body.
        most: bytes that an answer may have.

    Raises:
        Lost: there is no answer.
        Refused: it can't be sent.

    Cancelling: it may have been done; no connection is left.
    """
    with refusing_what_cannot_be_sent():
        data = b"" if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
    headers = [("Host", address.name), ("Content-Length", str(len(data))), ("Connection", "close")]
    if data:
        headers.append(("Content-Type", kind))
    if token is not None:
        headers.append(("Authorization", f"Bearer {token}"))
    with refusing_what_cannot_be_sent():
        request = h11.Request(method=method, target=address.path + path, headers=headers)
    try:
        with trio.fail_after(_PATIENCE) as patience:
            stream = await address.open_stream()
            try:
                return await _converse(stream, request, data, most, patience)
            finally:
                await trio.aclose_forcefully(stream)  # never waits
    except (OSError, trio.TooSlowError, trio.BrokenResourceError, h11.RemoteProtocolError) as error:
        raise Lost(f"no answer to {path}: {described(error)}") from error


async def _converse(
    stream: trio.abc.Stream, request: h11.Request, body: bytes, most: int, patience: trio.CancelScope
) -> Answer:
    http = h11.Connection(h11.CLIENT)
    sent = [http.send(request), http.send(h11.Data(body)), http.send(h11.EndOfMessage())]
    data = b"".join(part for part in sent if part)
    with suppress(trio.BrokenResourceError):  # who refuses a file answers before it has it all
        for start in range(0, len(data), _PIECE):
            await stream.send_all(memoryview(data)[start : start + _PIECE])
            patience.deadline = trio.current_time() + _PATIENCE
    status, told, given = 0, bytearray(), 0
    while True:
        if len(told) - given >= _PIECE:
            given, patience.deadline = len(told), trio.current_time() + _PATIENCE
        event = http.next_event()
        if event is h11.NEED_DATA:
            received = bytes(await stream.receive_some())
            if not received and not status:
                raise trio.BrokenResourceError("the connection ended before an answer")
            http.receive_data(received)
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            told += event.data
            if len(told) > most:
                raise Lost(f"an answer of more than {most} bytes")
        elif isinstance(event, h11.EndOfMessage):
            return Answer(status, bytes(told))
        elif not isinstance(event, h11.InformationalResponse):
            raise Lost("the connection ended before an answer")
