"""The plain copies of the database that encrypted backups were made of, in the data directory, where the database is.

The next backup continues the newest of them, and a proof reads them: without an identity nobody can decrypt a backup.
Those that the newest backup does not need are removed.

kept/lock                     locked while they are read or removed
kept/2026-11-25T031500Z/      a plain backup without secret, settings and attached files
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import structs

from chat.backup.copies import Before
from chat.backup.failures import BackupFailed
from chat.backup.manifest import MANIFEST, Manifest, chain_of, read_manifest, write_manifest, write_private
from chat.backup.scratch import PLAIN
from chat.embedded_postgres.data_directory import lock_file

_KEPT = "kept"
_DIGESTS = "digests.json"
"""The SHA-256 of the attached files of the backup: their names in it are others."""


def keep_plain(data: Path, plain: Path, name: str, manifest: Manifest, digests: set[str]) -> None:
    """Keep the plain backup `plain` of the backup `name`, and remove those that it does not need. It blocks.

    Raises OSError.
    """
    (plain / MANIFEST).unlink(missing_ok=True)
    for part in manifest.checksums:
        (plain / part).unlink()
    write_private(plain / _DIGESTS, msgspec.json.encode(sorted(digests)))
    write_manifest(plain, structs.replace(manifest, checksums={}))
    kept = data / PLAIN / _KEPT
    kept.mkdir(mode=0o700, exist_ok=True)
    os.rename(plain, kept / name)
    with _locked(data) as is_mine:
        if is_mine:
            needed = {path.name for path in chain_of(kept / name)}
            for path in kept.iterdir():
                if path.is_dir() and path.name not in needed:
                    shutil.rmtree(path)


def kept_before(data: Path, name: str) -> Before | None:
    """Return the plain copy of the backup `name`, for a backup that continues it; None: it is not whole. It blocks."""
    path = data / PLAIN / _KEPT / name
    try:
        chain_of(path)
        return Before(name, path, read_manifest(path))
    except BackupFailed:
        return None


@contextmanager
def kept_plain(data: Path, name: str) -> Iterator[tuple[Path, set[str]] | None]:
    """Hold the plain copy of the backup `name` for the block; yield it with the digests of the backup's attached files.

    None: there is none, or another process holds them. It blocks.
    """
    path = data / PLAIN / _KEPT / name
    if not (path / MANIFEST).exists():
        yield None
        return
    with _locked(data) as is_mine:
        yield (path, msgspec.json.decode((path / _DIGESTS).read_bytes(), type=set[str])) if is_mine else None


def forget_kept(data: Path) -> None:
    """Remove all plain copies. It blocks."""
    shutil.rmtree(data / PLAIN / _KEPT, ignore_errors=True)


@contextmanager
def _locked(data: Path) -> Iterator[bool]:
    descriptor = os.open(data / PLAIN / _KEPT / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            lock_file(descriptor)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
