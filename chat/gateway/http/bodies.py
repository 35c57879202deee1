"""Request bodies: JSON, of the shape that a msgspec type states, or a clear refusal."""

from typing import TypeVar

import msgspec
from quart import request

T = TypeVar("T")

LONGEST_BODY = 65536
"""Bytes; the longest call takes a few hundred."""


class BadBody(Exception):
    """The body can't be used. `status` and `text` are the answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


async def read_body(shape: type[T]) -> T:
    """Return the current request's body as a `shape`.

    Raises BadBody: 415 for another content type, 413 for too long a body, 400 for anything else.
    """
    kind = request.mimetype
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise BadBody(415, "send JSON, with Content-Type: application/json")
    raw = await request.get_data(cache=False)
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError as error:
        raise BadBody(400, str(error)) from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadBody(400, "the body is not JSON") from error
