"""Request bodies: JSON decoded as a msgspec type, or a refusal."""

import re
from collections.abc import AsyncIterator
from typing import Any, Protocol, TypeVar, cast

import msgspec
from quart import request

from chat.caseless import caseless, decode_caseless
from chat.domain.text.wrong_values import wrong_field
from chat.operations.operation import Uploaded

T = TypeVar("T", bound=msgspec.Struct)

LONGEST_BODY = 65536
"""Bytes; the longest regular call has a few hundred."""


UPLOADS = re.compile(r"/api/v1/rooms/[0-9]{1,16}/files/?")
"""The paths of uploads, whose bodies have any length and are read piece by piece."""

EMOJI = re.compile(r"/api/v1/emoji/[^/]{1,100}/?")
"""The paths of emoji, which are uploaded with PUT; the feature bounds them."""

IMPORTS = re.compile(r"/api/v1/admin/import/bytes/?")
"""The path of pieces of imports, which are uploaded with PUT; the feature bounds them."""

PICTURES = re.compile(r"/api/v1/pictures/[0-9a-f]{64}")
"""The addresses of pictures, which do not count as calls; who asks for one that nobody has waits."""

_LONGEST_TYPE = 200
"""Characters of a content type with parameters; Werkzeug needs 1 µs for each."""


class BadBody(Exception):
    """The body is invalid. `status` and `text` are the answer, `field` is the wrong field of a JSON body."""

    def __init__(self, status: int, text: str, field: str | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.field = field


class BodyReader(Protocol):
    """Reads the current request's body as a type. Raises BadBody."""

    async def __call__(self, shape: type[T]) -> T: ...


def uploaded() -> Uploaded:
    """Return the body of the current request, to read piece by piece. Sync."""
    kind = request.headers.get("Content-Type", "")
    return Uploaded(
        kind if len(kind) <= _LONGEST_TYPE else "",
        request.content_length,
        cast("AsyncIterator[bytes]", request.body),
    )


async def read_body(shape: type[T]) -> T:
    """Return the body as a `shape`. Raises BadBody: 415 for another content type, 413 if too long, otherwise 400.

    Cancelling loses what was read.
    """
    raw = await _read_json()
    try:
        return msgspec.json.decode(raw, type=shape)
    except (ValueError, RecursionError) as error:
        raise _bad(error, shape) from error


async def read_body_or_nothing(shape: type[T]) -> T:
    """Like read_body(), but an empty body counts as an empty object."""
    raw = await _read_json()
    try:
        return msgspec.json.decode(raw or b"{}", type=shape)
    except (ValueError, RecursionError) as error:
        raise _bad(error, shape) from error


async def read_caseless(shape: type[T]) -> T:
    """Return the body, or the query if there is no body, as a `shape`; keys match in any case."""
    raw = await _read_json()
    try:
        if raw:
            return decode_caseless(raw, shape)
        return caseless(dict[str, Any](request.args), shape, strict=False)
    except (ValueError, RecursionError) as error:
        raise _bad(error, shape) from error


def read_query(shape: type[T]) -> T:
    """Return the query as a `shape`. Raises BadBody (400). Sync."""
    try:
        return msgspec.convert(dict[str, Any](request.args), shape, strict=False)
    except msgspec.ValidationError as error:
        raise _bad(error, shape) from error


async def _read_json() -> bytes:
    is_long = len(request.headers.get("Content-Type", "")) > _LONGEST_TYPE
    kind = "unread" if is_long else request.mimetype
    # An empty body needs no type.
    raw = cast("bytes", await request.get_data(cache=False))
    if raw and kind and kind != "application/json" and not kind.endswith("+json"):
        raise BadBody(415, "send JSON, with Content-Type: application/json")
    return raw


def _bad(error: Exception, shape: type) -> BadBody:
    if isinstance(error, msgspec.ValidationError):
        wrong = wrong_field(error, shape)
        return BadBody(400, wrong.text, wrong.field)
    return BadBody(400, "the body is not JSON")
