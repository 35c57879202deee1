"""What an image says of itself in its first bytes: its type, and how wide and high it is. Nothing is decoded.

So an image that would fill the memory (a "bomb") is a few numbers here. All of it is sync and pure.
"""

import struct
from typing import NamedTuple

HEAD_BYTES = 262_144
"""Bytes of a file that are looked at. A JPEG has its size behind what cameras and editors put in front."""

_MOST_BLOCKS = 4096
"""Blocks of a GIF that are passed over before its first frame; real ones have a few."""

_MOST_PIXELS = 2**31 - 1
"""No format has more in a line or a column."""


class Image(NamedTuple):
    """The type of an image, and its size in pixels, where that is found."""

    type: str
    width: int | None = None
    height: int | None = None


def read_image(head: bytes) -> Image | None:
    """Return what a file that begins so is; None: no image of a kind that pages show. Never raises."""
    for signature, offset, kind, measure in _KINDS:
        if head[offset : offset + len(signature)] == signature:
            try:
                size = measure(head)
            except (struct.error, IndexError):
                size = None  # cut off
            if size is None or not (0 < size[0] <= _MOST_PIXELS and 0 < size[1] <= _MOST_PIXELS):
                return Image(kind)
            return Image(kind, *size)
    return None


def _png(head: bytes) -> tuple[int, int] | None:
    return struct.unpack_from(">II", head, 16) if head[12:16] == b"IHDR" else None


def _gif(head: bytes) -> tuple[int, int] | None:
    """Take the screen, or the first frame where it goes beyond: browsers show all of it (GIF89a, 18 to 23)."""
    width, height = struct.unpack_from("<HH", head, 6)
    at = 13 + (3 << (head[10] & 7) + 1 if head[10] & 0x80 else 0)  # behind the colours
    is_inside = False  # an extension
    for _ in range(_MOST_BLOCKS):
        if is_inside:
            is_inside = head[at] > 0  # its last block is empty
            at += 1 + head[at]
        elif head[at] == 0x21:
            is_inside = True
            at += 2
        elif head[at] == 0x2C:
            left, top, wide, high = struct.unpack_from("<4H", head, at + 1)
            return max(width, left + wide), max(height, top + high)
        else:
            break
    return None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    """Go from segment to segment up to a frame's (ITU-T T.81, B.2.2); one that is to be turned is measured so."""
    at, turned = 2, False
    while at + 4 <= len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:  # has no length
            at += 2
            continue
        (length,) = struct.unpack_from(">H", head, at + 2)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", head, at + 5)
            return (height, width) if turned else (width, height)
        if marker == 0xE1 and head[at + 4 : at + 10] == b"Exif\0\0":
            turned = _is_turned(head[at + 10 : at + 2 + length])
        if length < 2 or marker in (0xD9, 0xDA):
            return None
        at += 2 + length
    return None


def _is_turned(exif: bytes) -> bool:
    """Whether a camera was held upright: its orientation is 5 to 8 (Exif 2.3, tag 0x0112)."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return False
    try:
        (first,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, first)
        for nth in range(min(count, 100)):
            tag, _kind, _many, value = struct.unpack_from(f"{order}HHIH", exif, first + 2 + 12 * nth)
            if tag == 0x0112:
                return bool(5 <= value <= 8)
    except struct.error:
        pass
    return False


def _webp(head: bytes) -> tuple[int, int] | None:
    match head[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", head, 21)
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", head, 26)
            return width & 0x3FFF, height & 0x3FFF
    return None


def _avif(head: bytes) -> tuple[int, int] | None:
    """Take the largest `ispe` of the properties (ISO/IEC 23008-12): others are of thumbnails and layers."""
    sizes: list[tuple[int, int]] = []
    at = head.find(b"ispe")
    while at >= 0 and len(sizes) < 64:
        sizes.append(struct.unpack_from(">II", head, at + 8))
        at = head.find(b"ispe", at + 4)
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


_KINDS = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png", _png),
    (b"\xff\xd8\xff", 0, "image/jpeg", _jpeg),
    (b"GIF87a", 0, "image/gif", _gif),
    (b"GIF89a", 0, "image/gif", _gif),
    (b"WEBP", 8, "image/webp", _webp),
    (b"ftypavif", 4, "image/avif", _avif),
    (b"ftypavis", 4, "image/avif", _avif),
)
