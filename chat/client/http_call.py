"""One HTTP call with a JSON body, on a connection of its own: tokens are asked for once in a quarter of an hour."""

from typing import NamedTuple

import h11
import msgspec
import trio

from chat.client.address import Address
from chat.client.errors import Lost

_PATIENCE = 10.0
"""Seconds for the whole call. An answer that was lost can be asked for again for 30 s."""

_MOST = 1 << 16
"""Bytes of an answer; a session is below 2 KiB."""


class Answer(NamedTuple):
    """The status and the body of an answer."""

    status: int
    body: bytes


async def post(address: Address, path: str, body: object) -> Answer:
    """Send a JSON body to `path` of a server; raises and cancels as call()."""
    return await call(address, "POST", path, msgspec.json.encode(body))


async def call(
    address: Address, method: str, path: str, body: bytes = b"", *, token: str | None = None
) -> Answer:
    """Make a call to `path` of a server, with a JSON body if any, and return its answer, whatever the status.

    Raises:
        Lost: there is no answer.

    Cancelling: it may have been done; no connection is left.
    """
    try:
        with trio.fail_after(_PATIENCE):
            stream = await address.open_stream()
            try:
                return await _converse(stream, address, method, path, body, token)
            finally:
                await trio.aclose_forcefully(stream)  # never waits
    except (OSError, trio.TooSlowError, trio.BrokenResourceError, h11.RemoteProtocolError) as error:
        raise Lost(f"no answer to {path}: {error or type(error).__name__}") from error


async def _converse(
    stream: trio.abc.Stream, address: Address, method: str, path: str, body: bytes, token: str | None
) -> Answer:
    http = h11.Connection(h11.CLIENT)
    headers = [("Host", address.name), ("Content-Length", str(len(body))), ("Connection", "close")]
    if body:
        headers.append(("Content-Type", "application/json"))
    if token is not None:
        headers.append(("Authorization", f"Bearer {token}"))
    request = h11.Request(method=method, target=address.path + path, headers=headers)
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
