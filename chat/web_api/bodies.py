"""Request bodies: JSON, of the shape that a msgspec type states, or a clear refusal."""

import re
from collections.abc import AsyncIterator
from typing import Any, NamedTuple, Protocol, TypeVar, cast

import msgspec
from quart import request

from chat.caseless import caseless, decode_caseless
from chat.domain.wrong_values import wrong_field

T = TypeVar("T")

LONGEST_BODY = 65536
"""Bytes; the longest call takes a few hundred."""


UPLOADS = re.compile(r"/api/v1/rooms/[0-9]{1,16}/files/?")
"""The paths to which bodies of any length are posted: they are taken piece by piece."""

_LONGEST_TYPE = 200
"""Characters of a content type, its parameters included; Werkzeug takes 1 µs for each to read it."""


class BadBody(Exception):
    """The body can't be used. `status` and `text` are the answer, `field` is what is wrong, if the body is JSON."""

    def __init__(self, status: int, text: str, field: str | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.field = field


class BodyReader(Protocol):
    """Reads the current request's body as a type. Raises BadBody."""

    async def __call__(self, shape: type[T]) -> T: ...


class Uploaded(NamedTuple):
    """A body that is taken piece by piece: its type and size as they are announced, and the pieces."""

    type: str
    size: int | None
    pieces: AsyncIterator[bytes]


def uploaded() -> Uploaded:
    """Return the body of the current request, to be taken piece by piece. Sync."""
    kind = request.headers.get("Content-Type", "")
    return Uploaded(
        kind if len(kind) <= _LONGEST_TYPE else "",
        request.content_length,
        cast("AsyncIterator[bytes]", request.body),
    )


async def read_body(shape: type[T]) -> T:
    """Return the body as a `shape`: 415 for another content type, 413 for too long a body, else 400.

    Cancelling: what was read of it is lost.
    """
    raw = await _read_json()
    try:
        return msgspec.json.decode(raw, type=shape)
    except (ValueError, RecursionError) as error:
        raise _bad(error, shape) from error


async def read_body_or_nothing(shape: type[T]) -> T:
    """Return the body as a `shape`, where no body counts as an empty object; the rest is as in read_body()."""
    raw = await _read_json()
    try:
        return msgspec.json.decode(raw or b"{}", type=shape)
    except (ValueError, RecursionError) as error:
        raise _bad(error, shape) from error


async def read_caseless(shape: type[T]) -> T:
    """Return the body, or the query where there is no body, as a `shape`; keys count in any case."""
    raw = await _read_json()
    try:
        if raw:
            return decode_caseless(raw, shape)
        return caseless(dict[str, Any](request.args), shape, strict=False)
    except (ValueError, RecursionError) as error:
        raise _bad(error, shape) from error


def read_query(shape: type[T]) -> T:
    """Return the query as a `shape`: 400 where that can't be. Sync."""
    try:
        return msgspec.convert(dict[str, Any](request.args), shape, strict=False)
    except msgspec.ValidationError as error:
        raise _bad(error, shape) from error


async def _read_json() -> bytes:
    is_long = len(request.headers.get("Content-Type", "")) > _LONGEST_TYPE
    kind = "unread" if is_long else request.mimetype
    # Without a body there is no type to be wrong.
    raw = cast("bytes", await request.get_data(cache=False))
    if raw and kind and kind != "application/json" and not kind.endswith("+json"):
        raise BadBody(415, "send JSON, with Content-Type: application/json")
    return raw


def _bad(error: Exception, shape: type) -> BadBody:
    if isinstance(error, msgspec.ValidationError):
        wrong = wrong_field(error, shape)
        return BadBody(400, wrong.text, wrong.field)
    return BadBody(400, "the body is not JSON")
