"""The fixed bytes for a connection that is not served."""

import json
from http import HTTPStatus

import pytest

from chat.gateway.http1.refusal import TEXTS, response


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
def test_a_refusal_is_a_whole_response_that_says_why(status: int, line: str, more: list[str]) -> None:
    head, _, body = response(HTTPStatus(status)).partition(b"\r\n\r\n")
    assert json.loads(body) == {"error": TEXTS.get(HTTPStatus(status), "bad request")}
    assert head.decode().split("\r\n") == [
        f"HTTP/1.1 {line}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        "connection: close",
        *more,
    ]
