"""Packs an archive into one zip file, to download it. It blocks."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from chat.durable import sync_directory
from chat.storage.disk_space import check_space

_PIECE = 1 << 20


def pack(directory: Path, path: Path, progress: Callable[[int, int], object]) -> int:
    """Pack an archive into a zip file that only its owner can read, and return its size.

    Args:
        directory: the archive; its files of lines are compressed, those that people attached are not.
        path: appears when the zip file is whole.
        progress: called with the bytes that are packed, and all of them.

    Raises NoSpace and OSError.
    """
    files = sorted(each for each in directory.rglob("*") if each.is_file() and not each.name.startswith("."))
    whole, done = sum(each.stat().st_size for each in files), 0
    check_space(path.parent, sum(each.stat().st_size for each in files if each.suffix != ".jsonl"))
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with ZipFile(file, "w") as archive:
                for each in files:
                    entry = ZipInfo(each.relative_to(directory).as_posix(), time.gmtime()[:6])
                    entry.external_attr = 0o600 << 16
                    entry.compress_type = ZIP_DEFLATED if each.suffix == ".jsonl" else ZIP_STORED
                    with each.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                        while piece := source.read(_PIECE):
                            target.write(piece)
                            done += len(piece)
                            progress(done, whole)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
    sync_directory(path.parent)
    return path.stat().st_size
