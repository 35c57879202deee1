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


def pdf(*contents: str, media_box: str = "0 0 595 842", more: str = "", trailer: str = "") -> bytes:
    """A PDF with a page for each of these contents, in Helvetica as /F1, and a script.

    `more` are objects from number 10 on, of which pages draw the first as /X1; `trailer` is added to the trailer.
    """
    first = 100
    kids = " ".join(f"{first + 2 * n} 0 R" for n in range(len(contents)))
    objects = [
        "1 0 obj <</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>> endobj",
        f"2 0 obj <</Type/Pages/Kids[{kids}]/Count {len(contents)}>> endobj",
        "3 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj",
        more,
    ]
    for n, content in enumerate(contents):
        page = first + 2 * n
        resources = "<</Font<</F1 3 0 R>>/XObject<</X1 10 0 R>>>>"
        objects += [
            f"{page} 0 obj <</Type/Page/Parent 2 0 R/MediaBox[{media_box}]/Contents {page + 1} 0 R"
            f"/Resources {resources}>> endobj",
            f"{page + 1} 0 obj <</Length {len(content)}>> stream\n{content}\nendstream endobj",
        ]
    body = "%PDF-1.7\n" + "\n".join(objects)
    return f"{body}\ntrailer <</Root 1 0 R {trailer}>>\n%%EOF".encode("latin-1")


def text_pdf(*texts: str) -> bytes:
    """A PDF with a line on each page."""
    return pdf(*(f"BT /F1 48 Tf 60 700 Td ({text}) Tj ET" for text in texts))
