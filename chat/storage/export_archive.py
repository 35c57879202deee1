"""Writes what a person has into a zip file: `KIND.jsonl` with a line for each thing, and `files/` by their SHA-256."""

import os
import secrets
from collections.abc import AsyncIterator, Callable
from functools import partial
from io import BufferedRandom
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import msgspec
import trio

from chat.domain.ports.files import FileStore

FORMAT = 1
"""Raised when a reader of older archives would misread a new one."""


class _File(msgspec.Struct):
    sha256: str


_digest = msgspec.json.Decoder(_File).decode


async def write_archive(
    path: Path,
    person: str,
    kinds: AsyncIterator[tuple[str, list[str]]],
    store: FileStore | None,
    written: Callable[[int], object] = lambda _size: None,
) -> None:
    """Write the archive, with mode 0600; it has its name once it is whole. Memory is bounded.

    Args:
        path: the archive; an earlier one is replaced.
        person: the profile, as a line of JSON.
        kinds: lines of JSON with their kind, all of one kind in a row.
        store: where the bytes of files are; without it the archive has none.
        written: called with the size of the archive after each piece; what it raises ends the archive. Sync.

    Raises OSError and StorageError. Cancelling: there is no new archive.
    """
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with await trio.to_thread.run_sync(_create, new) as file:
            with ZipFile(file, "w", ZIP_DEFLATED) as archive:
                digests = await _write(archive, person, kinds, lambda: written(file.tell()))
                if store is not None:
                    await _write_files(archive, store, digests, lambda: written(file.tell()))
            file.flush()
            await trio.to_thread.run_sync(os.fsync, file.fileno())
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def _create(path: Path) -> BufferedRandom:
    return open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")


async def _write(
    archive: ZipFile,
    person: str,
    kinds: AsyncIterator[tuple[str, list[str]]],
    written: Callable[[], object],
) -> set[str]:
    archive.writestr("archive.json", msgspec.json.encode({"format": FORMAT}))
    archive.writestr("person.jsonl", f"{person}\n")
    digests: set[str] = set()
    name, entry = "", None
    try:
        async for kind, lines in kinds:
            if entry is None or kind != name:
                if entry is not None:
                    entry.close()
                name, entry = kind, archive.open(f"{kind}.jsonl", "w", force_zip64=True)
            await trio.to_thread.run_sync(_add, entry, lines)
            written()
            if kind == "files":
                digests.update(_digest(line).sha256 for line in lines)
    finally:
        if entry is not None:
            entry.close()
    return digests


def _add(entry: IO[bytes], lines: list[str]) -> None:
    entry.write("".join(f"{line}\n" for line in lines).encode())


async def _write_files(
    archive: ZipFile, store: FileStore, digests: set[str], written: Callable[[], object]
) -> None:
    for digest in sorted(digests):
        if not await store.has(bytes.fromhex(digest)):
            continue  # removed meanwhile
        info = ZipInfo(f"files/{digest}")
        info.compress_type = ZIP_STORED
        with archive.open(info, "w", force_zip64=True) as entry:
            async with store.reading(bytes.fromhex(digest)) as pieces:
                async for piece in pieces:
                    await trio.to_thread.run_sync(partial(entry.write, piece))
                    written()
