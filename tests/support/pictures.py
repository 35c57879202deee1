"""Pictures as bytes: whole PNG files, and WebP and JPEG files whose structure is right."""

import struct
import zlib


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    side: int = 4, colour: bytes = b"\x1a\x7f\x5a", *, height: int | None = None, more: bytes = b""
) -> bytes:
    """A PNG of one colour; `more` are chunks before the pixels."""
    rows = (b"\0" + colour * side) * (height or side)
    head = struct.pack(">IIBBBBB", side, height or side, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(rows, 9))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + more + pixels + chunk(b"IEND")


def riff(kind: bytes, data: bytes) -> bytes:
    """A chunk of a WebP."""
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)


def vp8l(side: int, height: int | None = None) -> bytes:
    """The chunk of a lossless image."""
    bits = (side - 1) | ((height or side) - 1) << 14
    return riff(b"VP8L", b"\x2f" + struct.pack("<I", bits) + b"\x88\x88\x08")


def vp8x(side: int, flags: int = 0) -> bytes:
    """The chunk of a canvas."""
    return riff(b"VP8X", bytes([flags, 0, 0, 0]) + (side - 1).to_bytes(3, "little") * 2)


def webp(*chunks: bytes) -> bytes:
    """A WebP of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def segment(marker: int, data: bytes) -> bytes:
    """A segment of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(side: int = 8, *, height: int | None = None, more: bytes = b"", behind: bytes = b"") -> bytes:
    """A JPEG; `more` are segments before the frame, `behind` is what follows its pixels."""
    frame = segment(0xC0, struct.pack(">BHHB", 8, height or side, side, 1) + b"\1\x11\0")
    scan = segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x12\xff\0\x34\xff\xd0\x56"
    return b"\xff\xd8" + segment(0xE0, b"JFIF\0" + bytes(9)) + more + frame + scan + behind + b"\xff\xd9"
