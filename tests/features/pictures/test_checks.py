"""Which files are pictures: by their structure, without decoding one."""

import pytest

from chat.domain.refusals import Refusal
from chat.features.pictures.checks import (
    METADATA,
    MOST_BYTES,
    NO_PICTURE,
    NOT_SQUARE,
    TOO_BIG,
    Checked,
    check,
)
from tests.support.pictures import chunk, jpeg, png, riff, segment, vp8l, vp8x, webp

HTML = b"<html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("data", "checked"),
    [
        (png(256), Checked("image/png", 256)),
        (png(1, more=chunk(b"sRGB", b"\0") + chunk(b"pHYs", bytes(9))), Checked("image/png", 1)),
        (webp(vp8l(256)), Checked("image/webp", 256)),
        (webp(vp8x(64, 0x10), riff(b"ICCP", b"profile"), vp8l(64)), Checked("image/webp", 64)),
        (jpeg(512), Checked("image/jpeg", 512)),
        (jpeg(more=segment(0xE2, b"ICC_PROFILE\0\1\1") + segment(0xDB, bytes(65))), Checked("image/jpeg", 8)),
    ],
)
def test_a_square_picture_of_three_types_is_taken(data: bytes, checked: Checked) -> None:
    assert check(data) == checked


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", NO_PICTURE),
        (SVG, NO_PICTURE),
        (HTML, NO_PICTURE),
        (b"GIF89a" + bytes(20), NO_PICTURE),
        (b"\x89PNG\r\n\x1a\n" + HTML, NO_PICTURE),
        (png() + HTML, NO_PICTURE),
        (png()[:-12], NO_PICTURE),
        (png(more=chunk(b"acTL", bytes(8))), NO_PICTURE),
        (png(more=chunk(b"IHDR", bytes(13))), NO_PICTURE),
        (png(more=chunk(b"eXIf", b"MM\0*")), METADATA),
        (png(more=chunk(b"tEXt", b"GPS\0here")), METADATA),
        (png(513), NOT_SQUARE),
        (png(8, height=9), NOT_SQUARE),
        (png()[:16] + b"\0\0\xff\xff" * 2 + png()[24:], NOT_SQUARE),  # 4 gigapixels in 70 bytes
        (webp(vp8x(64, 0x02), vp8l(64)), NO_PICTURE),
        (webp(vp8x(64), riff(b"ANMF", bytes(16))), NO_PICTURE),
        (webp(vp8x(64)), NO_PICTURE),
        (webp(vp8x(64), vp8l(8000)), NOT_SQUARE),
        (webp(vp8l(64), vp8l(64)), NO_PICTURE),
        (webp(vp8l(64), riff(b"EXIF", b"MM\0*")), METADATA),
        (webp(vp8l(64), riff(b"XMP ", b"<x/>")), METADATA),
        (webp(vp8l(64)) + HTML, NO_PICTURE),
        (jpeg(more=segment(0xE1, b"Exif\0\0MM\0*")), METADATA),
        (jpeg(more=segment(0xFE, b"made at home")), METADATA),
        (jpeg(more=segment(0xE0, b"other")), METADATA),
        (jpeg() + HTML, NO_PICTURE),
        (jpeg()[:-2], NO_PICTURE),
        (jpeg(behind=segment(0xC0, b"\x08\xff\xff\xff\xff\1\1\x11\0")), NOT_SQUARE),
        (jpeg(8, height=16), NOT_SQUARE),
        (png() + bytes(MOST_BYTES), TOO_BIG),
    ],
)
def test_other_files_are_refused(data: bytes, refusal: Refusal) -> None:
    assert check(data) is refusal


@pytest.mark.parametrize("whole", [png(), webp(vp8x(64), vp8l(64)), jpeg()])
def test_no_part_of_a_picture_is_one(whole: bytes) -> None:
    assert all(isinstance(check(whole[:end]), Refusal) for end in range(len(whole)))


def test_a_changed_byte_raises_nothing() -> None:
    for whole in (png(), webp(vp8x(64), vp8l(64)), jpeg()):
        for at in range(len(whole)):
            for value in (0, 0x7F, 0xFF):
                assert check(whole[:at] + bytes([value]) + whole[at + 1 :]) is not None
