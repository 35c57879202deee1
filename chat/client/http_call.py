"""One HTTP call, on a connection of its own: tokens are asked for once in a quarter of an hour, and few search."""

from typing import NamedTuple

import h11
import msgspec
import trio

from chat.client.address import Address
from chat.client.errors import Lost

_PATIENCE = 10.0
"""Seconds for the whole call. An answer that was lost can be asked for again for 30 s."""

_MOST = 1 << 22
"""Bytes of an answer: a page has half a MiB of text at most, and of a search twice that."""


_Headers = list[tuple[str, str]]


class Answer(NamedTuple):
    """The status and the body of an answer."""

    status: int
    body: bytes


async def post(address: Address, path: str, body: object) -> Answer:
    """Send a JSON body to `path` of a server, and return its answer, whatever the status.

    Raises:
        Lost: there is no answer.

    Cancelling: it may have been done; no connection is left.
    """
    return await _call(
        address, "POST", path, [("Content-Type", "application/json")], msgspec.json.encode(body)
    )


async def get(address: Address, path: str, token: str) -> Answer:
    """Ask for `path`, which may have a query, with an access token; raises and cancels as `post`."""
    return await _call(address, "GET", path, [("Authorization", f"Bearer {token}")], b"")


async def _call(address: Address, method: str, path: str, headers: _Headers, body: bytes) -> Answer:
    try:
        with trio.fail_after(_PATIENCE):
            stream = await address.open_stream()
            try:
                return await _converse(stream, address, method, path, headers, body)
            finally:
                await trio.aclose_forcefully(stream)  # never waits
    except (OSError, trio.TooSlowError, trio.BrokenResourceError, h11.RemoteProtocolError) as error:
        raise Lost(f"no answer to {path}: {error or type(error).__name__}") from error


async def _converse(
    stream: trio.abc.Stream, address: Address, method: str, path: str, headers: _Headers, body: bytes
) -> Answer:
    http = h11.Connection(h11.CLIENT)
    request = h11.Request(
        method=method,
        target=address.path + path,
        headers=[
            ("Host", address.name),
            *headers,
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ],
    )
    sent = [http.send(request), http.send(h11.Data(body)), http.send(h11.EndOfMessage())]
    await stream.send_all(b"".join(part for part in sent if part))
    status, told = 0, b""
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(bytes(await stream.receive_some()))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            told += event.data
            if len(told) > _MOST:
                raise Lost(f"an answer to {path} of more than {_MOST} bytes")
        elif isinstance(event, h11.EndOfMessage):
            return Answer(status, told)
        elif not isinstance(event, h11.InformationalResponse):
            raise Lost(f"no answer to {path}")  # closed before it
