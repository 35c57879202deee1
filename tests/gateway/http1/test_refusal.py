"""The fixed bytes for a connection that is not served."""

import json
from http import HTTPStatus
from typing import Any, cast

import pytest
import trio

from chat.gateway.http1.refusal import LINGER_BYTES, TEXTS, linger, response
from chat.shutdown import LINGER


@pytest.mark.parametrize(
    ("status", "line", "more"),
    [
        (503, "503 Service Unavailable", ["retry-after: 10"]),
        (429, "429 Too Many Requests", ["retry-after: 10"]),
        (431, "431 Request Header Fields Too Large", []),
        (426, "426 Upgrade Required", ["upgrade: websocket", "sec-websocket-version: 13"]),
        (400, "400 Bad Request", []),
    ],
)
def test_a_refusal_is_a_complete_response_with_the_reason(status: int, line: str, more: list[str]) -> None:
    head, _, body = response(HTTPStatus(status)).partition(b"\r\n\r\n")
    assert json.loads(body) == {"error": TEXTS.get(HTTPStatus(status), "bad request")}
    assert head.decode().split("\r\n") == [
        f"HTTP/1.1 {line}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        "connection: close",
        *more,
    ]


class Sending:
    """A client that goes on sending, and waits so long before each piece."""

    def __init__(self, pause: float) -> None:
        self.socket = self
        self.sent = 0
        self.is_ended = False
        self._pause = pause

    async def send_eof(self) -> None:
        self.is_ended = True

    async def recv(self, size: int) -> bytes:
        assert self.is_ended
        await trio.sleep(self._pause)
        self.sent += size
        assert self.sent <= 2 * LINGER_BYTES, "it is read for ever"
        return b"x" * size


@pytest.mark.parametrize("pause", [0.0, LINGER * 0.4], ids=["fast", "slow"])
async def test_after_a_refusal_the_clients_bytes_are_read_up_to_a_limit(
    autojump_clock: object, pause: float
) -> None:
    client, began = Sending(pause), trio.current_time()
    await linger(cast("Any", client))
    assert trio.current_time() - began == (LINGER if pause else 0)
    assert client.sent >= (1 if pause else LINGER_BYTES)
