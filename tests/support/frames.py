"""The frames of RFC 6455, section 5.2: a client's are made, right or wrong; a server's are read, and must be right."""

import os
from collections.abc import Iterator
from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

_FIRST_BYTES = frozenset(0x80 | opcode for opcode in (TEXT, BINARY, CLOSE, PING, PONG))
"""How a frame of our server begins: it sends no fragments and uses no reserved bit."""


class BrokenFrame(Exception):
    """The server sent what it may not send: a masked frame, a fragment, another opcode, a length in too many bytes."""


class Frame(NamedTuple):
    """A frame of the server."""

    opcode: int
    payload: bytes


def client_frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    mask: bytes | None = None,
    width: int = 0,
) -> bytes:
    """Return a client's frame.

    Args:
        rsv: the three reserved bits as a number.
        mask: four bytes; random ones, if not given.
        width: how many bytes the length takes at least behind the second one: 0, 2 or 8.
    """
    size = len(payload)
    width = max(width, 0 if size < 126 else 2 if size < 65_536 else 8)
    short = {0: size, 2: 126, 8: 127}[width]
    head = bytes((fin << 7 | rsv << 4 | opcode, masked << 7 | short)) + (
        size.to_bytes(width) if width else b""
    )
    if not masked:
        return head + payload
    mask = os.urandom(4) if mask is None else mask
    key = int.from_bytes((mask * (size // 4 + 1))[:size])
    return head + mask + (int.from_bytes(payload) ^ key).to_bytes(size)


def frame_bounds(data: bytes | bytearray, at: int = 0) -> tuple[int, int] | None:
    """Say where the payload of the server's frame at `at` begins and ends; None while it is not whole.

    Raises:
        BrokenFrame: no server may send this.
    """
    if len(data) < at + 2:
        return None
    size, start = data[at + 1], at + 2
    if data[at] not in _FIRST_BYTES or size & 0x80:
        raise BrokenFrame(f"a frame begins with {bytes(data[at : at + 16])!r}")
    if size >= 126:
        start += 2 if size == 126 else 8
        if len(data) < start:
            return None
        least = 126 if size == 126 else 65_536
        size = int.from_bytes(data[at + 2 : start])
        if size < least:
            raise BrokenFrame(f"a length in too many bytes: {bytes(data[at : at + 16])!r}")
    return None if len(data) < start + size else (start, start + size)


def next_frame(data: bytes | bytearray, at: int = 0) -> tuple[Frame, int] | None:
    """Read the server's frame at `at`; return it and where it ends, or None while it is not whole.

    Raises:
        BrokenFrame: no server may send this.
    """
    if (bounds := frame_bounds(data, at)) is None:
        return None
    start, end = bounds
    return Frame(data[at] & 0x0F, bytes(data[start:end])), end


def whole_frames(data: bytes | bytearray, at: int = 0) -> Iterator[Frame]:
    """Yield the server's frames from `at` on; one that is cut off at the end is left out."""
    while (found := next_frame(data, at)) is not None:
        frame, at = found
        yield frame


def text_of(data: bytes) -> bytes:
    """Return the text of one whole frame, with nothing after it."""
    found = next_frame(data)
    assert found is not None, "it is not whole"
    (opcode, payload), end = found
    assert (opcode, end) == (TEXT, len(data))
    return payload
