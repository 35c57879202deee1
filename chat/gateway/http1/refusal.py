"""Fixed answers for connections that are not served, and the lingering close that lets them arrive."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from json import dumps
from typing import Any

import trio

from chat.gateway.http1.head import READ_BYTES, ReplayStream
from chat.gateway.http1.lifespan import ASGIApp
from chat.shutdown import LINGER

LINGER_BYTES = 1 << 20
"""Bytes; a client that sends more than this does not read the answer."""

RETRY_AFTER = 10
"""Seconds; about as long as a connection without a head may hold its slot."""

TEXTS = {
    HTTPStatus.SERVICE_UNAVAILABLE: "the server has too many connections, try again later",
    HTTPStatus.TOO_MANY_REQUESTS: "too many connections from your address",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "the head of the request is too large",
    HTTPStatus.REQUEST_URI_TOO_LONG: "the path and the query are too long together",
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED: "this server speaks HTTP/1.1",
    HTTPStatus.UPGRADE_REQUIRED: "this server speaks version 13 of the WebSocket protocol",
}


async def refuse(stream: ReplayStream, status: HTTPStatus) -> None:
    """Answer with `status` and let it arrive, within a second; the caller closes.

    Raises BrokenResourceError. Cancelling: the client may have received nothing, and the caller closes.
    """
    with trio.move_on_after(LINGER):
        await stream.send_all(response(status))
        await linger(stream)


def response(status: HTTPStatus, text: str | None = None) -> bytes:
    """Return a complete response with `connection: close`: `text` as a line, or the status's reason as JSON."""
    reason = dumps({"error": TEXTS.get(status, status.phrase.lower())})
    body = (reason if text is None else f"{text}\n").encode()
    head = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"content-type: {'application/json' if text is None else 'text/plain; charset=utf-8'}",
        f"content-length: {len(body)}",
        "connection: close",
    ]
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        head.append(f"retry-after: {RETRY_AFTER}")
    if status is HTTPStatus.UPGRADE_REQUIRED:
        head += ["upgrade: websocket", "sec-websocket-version: 13"]
    return "\r\n".join([*head, "", ""]).encode() + body


def forbidding(text: str) -> ASGIApp:
    """Return an app that answers every request with 403 and `text`, without reading a body."""
    body = dumps({"error": text}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]

    async def app(_scope: object, _receive: object, send: Callable[[Any], Awaitable[None]]) -> None:
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def linger(stream: ReplayStream) -> None:
    """Half-close the connection, and discard what the client still sends, for at most a second.

    Closing a socket with unread bytes sends a reset, which may discard the last answer at the client. Raises
    BrokenResourceError or OSError if the client is gone. Cancelling is safe.
    """
    with trio.move_on_after(LINGER):
        await stream.send_eof()
        received = 0
        while received < LINGER_BYTES and (data := await stream.socket.recv(READ_BYTES)):
            received += len(data)
