"""Reads documents of BSON that nobody vouches for. Sync.

Source: the specification of BSON 1.1 (bsonspec.org).
"""

import struct
from collections.abc import Callable, Collection, Iterator
from typing import Any, BinaryIO

LONGEST = 16 * 2**20 + 16 * 2**10
"""Bytes of a document, as of MongoDB."""

_DEEPEST = 100
_LEAST = 5
_SHORT = 4
_LENGTH = struct.Struct("<i")
_LONG = struct.Struct("<q")
_DOUBLE = struct.Struct("<d")

# The bytes of the types that have always as many.
_SIZES = {1: 8, 6: 0, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8, 19: 16, 127: 0, 255: 0}


class BadDocument(Exception):
    """The bytes are no document."""


def documents(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the places and the bytes of documents that follow each other. Raises BadDocument and OSError."""
    place = 0
    while head := file.read(_SHORT):
        raw = read_document(head, file)
        yield place, raw
        place += len(raw)


def read_document(head: bytes, file: BinaryIO) -> bytes:
    """Return a document whose first four bytes are read already. Raises BadDocument and OSError."""
    size = _LENGTH.unpack(head)[0] if len(head) == _SHORT else 0
    if not _LEAST <= size <= LONGEST:
        raise BadDocument(f"a document of {size} bytes")
    raw = head + file.read(size - _SHORT)
    if len(raw) != size or raw[-1]:
        raise BadDocument("a document that is cut off")
    return raw


def decode(raw: bytes, wanted: Collection[str] | None = None) -> dict[str, Any]:
    """Return a document. Times are whole milliseconds, an ObjectId is its hex.

    Args:
        raw: its bytes.
        wanted: the names of the fields that are read; None: all. Those inside of others are all read.

    Raises BadDocument.
    """
    try:
        end, found = _document(raw, 0, wanted, 0)
    except (struct.error, IndexError, ValueError, UnicodeError) as error:
        raise BadDocument(str(error)) from error
    if end != len(raw):
        raise BadDocument("a document with something behind its end")
    return found


def _document(raw: bytes, at: int, wanted: Collection[str] | None, depth: int) -> tuple[int, dict[str, Any]]:
    if depth > _DEEPEST:
        raise BadDocument("documents in each other, too deep")
    end = at + _sized(raw, at, _LEAST) - 1
    at += _SHORT
    found: dict[str, Any] = {}
    while at < end:
        kind = raw[at]
        stop = raw.index(0, at + 1, end)
        name = raw[at + 1 : stop].decode("utf-8", "replace")
        at = stop + 1
        size = _size(raw, at, end, kind)
        if at + size > end:
            raise BadDocument(f"{name!r} is longer than its document")
        if wanted is None or name in wanted:
            found[name] = _value(raw, at, size, kind, depth)
        at += size
    if at != end or raw[end]:
        raise BadDocument("a document without an end")
    return end + 1, found


def _sized(raw: bytes, at: int, least: int) -> int:
    size: int = _LENGTH.unpack_from(raw, at)[0]
    if size < least or at + size > len(raw):
        raise BadDocument(f"a value of {size} bytes")
    return size


def _size(raw: bytes, at: int, end: int, kind: int) -> int:
    """Return the bytes of a value."""
    if (size := _SIZES.get(kind)) is not None:
        return size
    if kind in (2, 13, 14):
        return _SHORT + _sized(raw, at, 1)
    if kind in (3, 4, 15):
        return _sized(raw, at, _LEAST)
    if kind == 5:
        return _SHORT + 1 + _sized(raw, at, 0)
    if kind == 11:
        return raw.index(0, raw.index(0, at, end) + 1, end) + 1 - at
    if kind == 12:
        return _SHORT + _sized(raw, at, 1) + 12
    raise BadDocument(f"a value of the unknown type {kind}")


def _value(raw: bytes, at: int, size: int, kind: int, depth: int) -> Any:  # noqa: ANN401 - any of BSON's
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(raw, at, size)
    if kind == 3:
        return _document(raw, at, None, depth + 1)[1]
    if kind == 4:
        return [*_document(raw, at, None, depth + 1)[1].values()]
    return None  # code, patterns and others: nobody asks for them


_READERS: dict[int, Callable[[bytes, int, int], Any]] = {
    1: lambda raw, at, _: _DOUBLE.unpack_from(raw, at)[0],
    2: lambda raw, at, size: raw[at + _SHORT : at + size - 1].decode("utf-8", "replace"),
    5: lambda raw, at, size: raw[at + _SHORT + 1 : at + size],
    7: lambda raw, at, size: raw[at : at + size].hex(),
    8: lambda raw, at, _: raw[at] == 1,
    9: lambda raw, at, _: _LONG.unpack_from(raw, at)[0],
    16: lambda raw, at, _: _LENGTH.unpack_from(raw, at)[0],
    18: lambda raw, at, _: _LONG.unpack_from(raw, at)[0],
}
