"""Type and size from an image's header; arbitrary bytes do no harm."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.domain.messages.images import Image, read_image

_MOST_PIXELS = 2**31 - 1
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480)
_FRAME = b"\xff\xc2\0\x11\x08" + struct.pack(">HH", 480, 640) + b"\3"
_EXIF = b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


JPEG = b"\xff\xd8" + segment(0xE0, b"JFIF\0") + segment(0xE1, b"x" * 60_000) + b"\xff" + _FRAME
TURNED = b"\xff\xd8" + segment(0xE1, b"Exif\0\0" + _EXIF) + _FRAME


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height)


def gif(
    screen: tuple[int, int], frame: tuple[int, int, int, int], extensions: bytes = b"", colours: int = 0
) -> bytes:
    """The head of a GIF up to its first frame (left, top, width, height), with so many colours."""
    flags = 0x80 | colours.bit_length() - 2 if colours else 0
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, flags, 0, 0) + b",,," * colours
    return head + extensions + b"," + struct.pack("<4H", *frame)


def exif_of(*entries: tuple[int, int]) -> bytes:
    """A photograph with these tags and values."""
    exif = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries))
    exif += b"".join(struct.pack("<HHIHH", tag, 3, 1, value, 0) for tag, value in entries)
    return b"\xff\xd8" + segment(0xE1, b"Exif\0\0" + exif) + _FRAME


AVIF = (
    b"\0\0\0\x1cftypavif\0\0\0\0mif1"
    + b"\0\0\0\x14ispe\0\0\0\0"
    + struct.pack(">II", 64, 48)
    + b"\0\0\0\x14ispe\0\0\0\0"
    + struct.pack(">II", 640, 480)
)


@pytest.mark.parametrize(
    ("head", "image"),
    [
        (PNG, Image("image/png", 640, 480)),
        (PNG[:20], Image("image/png")),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 40, Image("image/png")),
        (gif((640, 480), (0, 0, 640, 480)), Image("image/gif", 640, 480)),
        (
            gif((640, 480), (10, 10, 20, 20), b"!\xf9\x2c" + b"," * 44 + b"\1!\0"),
            Image("image/gif", 640, 480),
        ),
        (gif((1, 1), (5, 6, 20_000, 30_000), colours=8), Image("image/gif", 20_005, 30_006)),
        (gif((1, 1), (0, 0, 20_000, 20_000), b"!\xfe\0" * 5000), Image("image/gif")),
        (gif((1, 1), (0, 0, 20_000, 20_000), b";"), Image("image/gif")),
        (gif((0, 0), (0, 0, 0, 0)), Image("image/gif")),
        (gif((640, 480), (0, 0, 640, 480))[:20], Image("image/gif")),
        (JPEG, Image("image/jpeg", 640, 480)),
        (TURNED, Image("image/jpeg", 480, 640)),
        (JPEG[:5000], Image("image/jpeg")),
        (b"RIFF0000WEBPVP8X" + bytes(8) + b"\x7f\2\0\xdf\1\0", Image("image/webp", 640, 480)),
        (
            b"RIFF0000WEBPVP8L" + bytes(4) + b"/" + struct.pack("<I", 639 | 479 << 14),
            Image("image/webp", 640, 480),
        ),
        (b"RIFF0000WEBPVP8 " + bytes(10) + struct.pack("<HH", 640, 480), Image("image/webp", 640, 480)),
        (AVIF, Image("image/avif", 640, 480)),
        (png(1, 1), Image("image/png", 1, 1)),
        (png(0, 480), Image("image/png")),
        (png(640, 0), Image("image/png")),
        (png(_MOST_PIXELS, _MOST_PIXELS), Image("image/png", _MOST_PIXELS, _MOST_PIXELS)),
        (png(_MOST_PIXELS + 1, 480), Image("image/png")),
        (png(640, _MOST_PIXELS + 1), Image("image/png")),
        (b"\xff\xd8" + b"\xff\x01" + b"\xff\xd0" + b"\xff\xd7" + _FRAME, Image("image/jpeg", 640, 480)),
        (exif_of((0x010F, 1), (0x0112, 5)), Image("image/jpeg", 480, 640)),
        (exif_of((0x010F, 1), (0x0112, 8)), Image("image/jpeg", 480, 640)),
        (exif_of((0x0112, 4)), Image("image/jpeg", 640, 480)),
        (exif_of((0x0112, 9)), Image("image/jpeg", 640, 480)),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"BM", None),
        (b"", None),
    ],
)
def test_an_image_is_known_by_its_bytes(head: bytes, image: Image | None) -> None:
    assert read_image(head) == image


@given(
    st.sampled_from(
        [
            PNG[:12],
            b"\xff\xd8\xff",
            TURNED[:30],
            gif((1, 1), (0, 0, 1, 1))[:13],
            b"RIFF0000WEBPVP8",
            AVIF[:30],
        ]
    ),
    st.binary(),
)
def test_any_bytes_are_read_without_harm(begin: bytes, rest: bytes) -> None:
    image = read_image(begin + rest)
    assert image is None or (image.width is None) == (image.height is None)
