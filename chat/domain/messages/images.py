"""Reads an image's type, width and height from the first bytes of its file, without decoding it.

So a decompression bomb costs nothing here. Everything is sync and pure.
"""

import struct
from typing import NamedTuple

HEAD_BYTES = 262_144
"""Bytes of a file that are read. In a JPEG the size follows the metadata of cameras and editors."""

_MOST_BLOCKS = 4096
"""The most blocks of a GIF that are skipped before its first frame; real files have a few."""

_MOST_PIXELS = 2**31 - 1
"""The largest width or height that any of the formats can have."""


class Image(NamedTuple):
    """The media type of an image, and its size in pixels if that was found."""

    type: str
    width: int | None = None
    height: int | None = None


def read_image(head: bytes) -> Image | None:
    """Return the image that begins with `head`; None: not an image that browsers show. Never raises."""
    for signature, offset, kind, measure in _KINDS:
        if head[offset : offset + len(signature)] == signature:
            try:
                size = measure(head)
            except (struct.error, IndexError):
                size = None  # the head ends before the size
            if size is None or not (0 < size[0] <= _MOST_PIXELS and 0 < size[1] <= _MOST_PIXELS):
                return Image(kind)
            return Image(kind, *size)
    return None


def _png(head: bytes) -> tuple[int, int] | None:
    return struct.unpack_from(">II", head, 16) if head[12:16] == b"IHDR" else None


def _gif(head: bytes) -> tuple[int, int] | None:
    """Return the size of the screen, or of the first frame if that is larger, as browsers do (GIF89a, 18 to 23)."""
    width, height = struct.unpack_from("<HH", head, 6)
    at = 13 + (3 << (head[10] & 7) + 1 if head[10] & 0x80 else 0)  # after the colour table
    is_inside = False  # inside an extension
    for _ in range(_MOST_BLOCKS):
        if is_inside:
            is_inside = head[at] > 0  # an empty block ends it
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
    """Walk the segments up to the frame header (ITU-T T.81, B.2.2); swap the sides if the image is rotated."""
    at, turned = 2, False
    while at + 4 <= len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:  # markers without a length
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
    """Whether viewers rotate the image by 90°: its orientation is 5 to 8 (Exif 2.3, tag 0x0112)."""
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
    """Return the largest `ispe` property (ISO/IEC 23008-12): the others are of thumbnails and layers."""
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
