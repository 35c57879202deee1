"""Dumps of Rocket.Chat's database, as `mongodump` writes them: documents of BSON in an archive, or in files."""

import gzip
import io
import struct
import tarfile
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

Collections = dict[str, list[dict[str, Any]]]


class Time(int):
    """Milliseconds since 1970."""


def bson(document: dict[str, Any]) -> bytes:
    """Return a document's bytes (bsonspec.org)."""
    body = b"".join(_element(name, value) for name, value in document.items())
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def _element(name: str, value: Any) -> bytes:
    kind, raw = _value(value)
    return bytes([kind]) + name.encode() + b"\0" + raw


def _value(value: Any) -> tuple[int, bytes]:
    match value:
        case None:
            return 10, b""
        case bool():
            return 8, bytes([value])
        case Time():
            return 9, struct.pack("<q", value)
        case int():
            return 16, struct.pack("<i", value)
        case float():
            return 1, struct.pack("<d", value)
        case str():
            raw = value.encode() + b"\0"
            return 2, struct.pack("<i", len(raw)) + raw
        case bytes():
            return 5, struct.pack("<i", len(value)) + b"\0" + value
        case dict():
            return 3, bson(value)
        case list():
            return 4, bson({str(nth): each for nth, each in enumerate(value)})
    raise TypeError(value)


def mongodump(path: Path, collections: Collections, *, is_compressed: bool = True) -> Path:
    """Write what `mongodump --archive` does: the collections come in turns, each in blocks."""
    out = io.BytesIO()
    out.write(bytes.fromhex("6de29981"))
    out.write(
        bson({"concurrent_collections": 4, "version": "0.1", "server_version": "6.0", "tool_version": "100"})
    )
    names = [("admin", "system.version", [{"_id": "featureCompatibilityVersion"}])]
    names += [("rocketchat", name, rows) for name, rows in collections.items()]
    for database, name, _ in names:
        out.write(
            bson({"db": database, "collection": name, "metadata": "{}", "size": 0, "type": "collection"})
        )
    out.write(b"\xff" * 4)
    for half in (0, 1):
        for database, name, rows in names:
            out.write(bson({"db": database, "collection": name, "EOF": False, "CRC": 0}))
            middle = (len(rows) + 1) // 2
            out.writelines(map(bson, rows[middle:] if half else rows[:middle]))
            out.write(b"\xff" * 4)
    for database, name, _ in names:
        out.write(bson({"db": database, "collection": name, "EOF": True, "CRC": 1}) + b"\xff" * 4)
    path.write_bytes(gzip.compress(out.getvalue(), mtime=0) if is_compressed else out.getvalue())
    return path


def folder(
    path: Path, collections: Collections, files: dict[str, bytes], *, is_compressed: bool = False
) -> Path:
    """Write what `mongodump` does in a folder, and files, as a zip file or a tar file by the path's name."""
    entries = dict(files)
    for name, rows in collections.items():
        raw = b"".join(map(bson, rows))
        entries[f"dump/rocketchat/{name}.bson" + (".gz" if is_compressed else "")] = (
            gzip.compress(raw, mtime=0) if is_compressed else raw
        )
        entries[f"dump/rocketchat/{name}.metadata.json"] = b"{}"
    if path.suffix == ".zip":
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            for name, raw in entries.items():
                archive.writestr(name, raw)
    else:
        with tarfile.open(path, "w:gz") as tar:
            for name, raw in entries.items():
                info = tarfile.TarInfo(name)
                info.size = len(raw)
                tar.addfile(info, io.BytesIO(raw))
    return path
