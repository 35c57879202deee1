"""Files that tests give to pages."""

import struct
import zlib

from playwright.sync_api import FilePayload


def png(width: int = 640, height: int = 480) -> bytes:
    """A picture of one colour."""
    return _packed(width, height, 8, 2, (b"\0" + b"\x5c\xc4\xb3" * width) * height)


def bomb() -> bytes:
    """A picture of 50 KB that takes 1.6 GB to show."""
    return _packed(20_000, 20_000, 1, 0, bytes(2_501 * 20_000))


def hidden_bomb() -> bytes:
    """The head of a picture as large, which gives its size after more bytes than anybody reads."""
    filling = b"\xff\xe2" + struct.pack(">H", 65_535) + bytes(65_533)
    size = b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, 20_000, 20_000, 1) + b"\1\x11\0"
    return b"\xff\xd8" + 5 * filling + size + b"\xff\xd9"


def _packed(width: int, height: int, depth: int, colours: int, lines: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def payload(name: str, kind: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": data}
