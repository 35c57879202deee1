"""Checks a picture by the structure of its file, without decoding it: its type, its sides, and nothing else in it.

A page encodes a picture again before it sends it, so that no place and no device are in it. Other clients may not:
a file with metadata is refused, and so are animations and anything behind the end. Everything is sync and pure.
"""

import struct
from collections.abc import Iterator

import msgspec

from chat.domain.messages.images import read_image
from chat.domain.refusals import Code, Refusal

MOST_BYTES = 65_536
"""Bytes of a picture. A page makes some 10,000."""

MOST_SIDE = 512
"""Pixels of a side. A page makes 256."""

TOO_BIG = Refusal(Code.TOO_BIG, f"a picture has at most {MOST_BYTES} bytes", reason="picture_too_big")
NOT_SQUARE = Refusal(
    Code.INVALID, f"a picture is a square of at most {MOST_SIDE} pixels a side", reason="picture_not_square"
)
NO_PICTURE = Refusal(
    Code.INVALID, "a picture is one whole PNG, JPEG or WebP image that does not move", reason="picture_type"
)
METADATA = Refusal(
    Code.INVALID,
    "the picture has metadata, which may say where it was taken: encode it again without",
    reason="picture_metadata",
)

_PNG_CHUNKS = frozenset(
    [
        b"IHDR",
        b"PLTE",
        b"tRNS",
        b"IDAT",
        b"IEND",
        b"sRGB",
        b"gAMA",
        b"cHRM",
        b"pHYs",
        b"sBIT",
        b"bKGD",
        b"iCCP",
    ]
)
_PNG_METADATA = frozenset([b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"tIME"])
_WEBP_CHUNKS = frozenset([b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP"])
_WEBP_METADATA = frozenset([b"EXIF", b"XMP "])
_ANIMATED = 0x02
"""The flag of VP8X."""

_JPEG_TABLES = frozenset([0xC4, 0xDB, 0xDD])
_JPEG_FRAMES = frozenset([0xC0, 0xC1, 0xC2])
_JPEG_PROFILES = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
"""The application segments that say how to show the picture; all others are metadata."""


class Checked(msgspec.Struct, frozen=True):
    """The media type of a picture, and the pixels of a side."""

    type: str
    side: int


class _Wrong(Exception):
    """The file is refused."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


def check(data: bytes) -> Checked | Refusal:
    """Return the type and the side of a picture, or why it is refused. Never raises; linear in the size."""
    if len(data) > MOST_BYTES:
        return TOO_BIG
    image = read_image(data)
    walk = None if image is None else _WALKS.get(image.type)
    if image is None or walk is None:
        return NO_PICTURE
    try:
        sides = list(walk(data))
    except _Wrong as wrong:
        return wrong.refusal
    except (struct.error, IndexError):
        return NO_PICTURE  # it ends too early
    if not sides:
        return NO_PICTURE
    if {*sides} != {(image.width, image.width)} or not 0 < sides[0][0] <= MOST_SIDE:
        return NOT_SQUARE
    return Checked(image.type, sides[0][0])


def _png(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the sides; walk the chunks (PNG, 5.3) up to the end of the file."""
    at, kind, has_pixels = 8, b"", False
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind in _PNG_METADATA:
            raise _Wrong(METADATA)
        if kind not in _PNG_CHUNKS or (kind == b"IHDR") != (at == 8):
            raise _Wrong(NO_PICTURE)
        if kind == b"IHDR":
            yield struct.unpack_from(">II", data, at + 8)
        has_pixels |= kind == b"IDAT"
        at += 12 + length
    if at != len(data) or not has_pixels:
        raise _Wrong(NO_PICTURE)


def _webp(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the sides of the canvas and of the image in it; walk the chunks (RFC 9649, 2.7)."""
    if struct.unpack_from("<I", data, 4) != (len(data) - 8,) or data[:4] != b"RIFF":
        raise _Wrong(NO_PICTURE)
    at, images = 12, 0
    while at < len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        if kind in _WEBP_METADATA:
            raise _Wrong(METADATA)
        if kind not in _WEBP_CHUNKS or (kind == b"VP8X" and (at != 12 or data[at + 8] & _ANIMATED)):
            raise _Wrong(NO_PICTURE)
        if kind in (b"VP8X", b"VP8 ", b"VP8L"):
            images += kind != b"VP8X"
            head = read_image(b"RIFF\0\0\0\0WEBP" + data[at : at + 30])
            yield (0, 0) if head is None else (head.width or 0, head.height or 0)
        at += 8 + length + (length & 1)
    if at != len(data) or images != 1:
        raise _Wrong(NO_PICTURE)


def _jpeg(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the sides of each frame header; walk the segments and the scans up to the end (ITU-T T.81, B.1)."""
    at, scans = 2, 0
    while True:
        if data[at] != 0xFF:
            raise _Wrong(NO_PICTURE)
        marker = data[at + 1]
        if marker == 0xD9:
            break
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            yield width, height
        elif 0xE0 <= marker <= 0xEF or marker == 0xFE:
            profile = _JPEG_PROFILES.get(marker)
            if profile is None or data[at + 4 : at + 4 + len(profile)] != profile:
                raise _Wrong(METADATA)
        elif marker != 0xDA and marker not in _JPEG_TABLES:
            raise _Wrong(NO_PICTURE)
        if length < 2:
            raise _Wrong(NO_PICTURE)
        at += 2 + length
        if marker == 0xDA:
            scans += 1
            at = _end_of_scan(data, at)
    if at + 2 != len(data) or not scans:
        raise _Wrong(NO_PICTURE)


def _end_of_scan(data: bytes, at: int) -> int:
    """Return the place of the marker behind the coded pixels."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0:
            raise _Wrong(NO_PICTURE)
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2


_WALKS = {"image/png": _png, "image/webp": _webp, "image/jpeg": _jpeg}
