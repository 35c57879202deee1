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


def _packed(width: int, height: int, depth: int, colours: int, lines: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def payload(name: str, kind: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": data}
