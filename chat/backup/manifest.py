"""What a backup says of itself: `manifest.json`, which is written last."""

import hashlib
import os
import stat
from pathlib import Path
from typing import Literal

import msgspec

from chat.backup.failures import BackupFailed
from chat.backup.pace import Pace

MANIFEST = "manifest.json"
FORMAT = 1
ENCRYPTED_FORMAT = 2
"""The format of encrypted backups, which releases before them can't read."""

_PIECE = 1 << 20
_BACK = 50
"""Backups that one may need below it, by their manifests; more is a circle."""


class WalRange(msgspec.Struct, frozen=True, kw_only=True):
    """The WAL with which a copy of files becomes consistent; the archive goes on from there.

    Attributes:
        system: PostgreSQL's identifier of the cluster.
        timeline: of its history.
        start, end: positions in bytes.
        ended_at: the Unix time at which it had ended: each later moment can be restored to.
    """

    system: int
    timeline: int
    start: int
    end: int
    ended_at: float


class Database(msgspec.Struct, frozen=True, kw_only=True):
    """The copy of the database.

    Attributes:
        kind: `base` is a copy of the embedded PostgreSQL's files, `dump` is from pg_dump.
        postgres: the major version of the PostgreSQL that it was made from.
        program: the major version of the program that made it.
        on: the backup that it continues; None: it is complete by itself.
        depth: the number of backups below it that it needs.
        rows: the fewest and the most rows that each table can have in it. They are equal for a dump.
        checksums: the SHA-256 of files in it, by their paths; for `base`, PostgreSQL's own manifest has the others.
        wal: for `base`, its WAL; None in backups of older releases.
    """

    kind: Literal["base", "dump"]
    postgres: int
    program: int
    on: str | None = None
    depth: int = 0
    rows: dict[str, tuple[int, int]] = {}
    checksums: dict[str, str] = {}
    wal: WalRange | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A whole backup.

    Attributes:
        begun_at, ended_at: Unix times. Each message that was acknowledged before `begun_at` is in it.
        release: the version of trio-chat that made it.
        schema: the newest migration of the database.
        store_id: marks the database and its files.
        newest_id: the newest id of the log when it began.
        files, files_bytes: of attached files; None: their directory is not part of it.
        copied_bytes: bytes written for it; the other files are links to the backup before.
        damaged: files whose bytes did not match their digest.
        checksums: the SHA-256 of the other parts.
        recipients: the public keys of age that it is encrypted to; none: it is plain.
    """

    format: int = FORMAT
    begun_at: float
    ended_at: float
    release: str
    schema: int
    store_id: str
    newest_id: int
    database: Database
    files: int | None
    files_bytes: int
    copied_bytes: int
    damaged: list[str]
    checksums: dict[str, str]
    excludes_search: bool = False
    recipients: tuple[str, ...] = ()


def read_manifest(backup: Path) -> Manifest:
    """Return the manifest of a backup. It blocks. Raises BackupFailed."""
    try:
        text = (backup / MANIFEST).read_bytes()
        manifest = msgspec.json.decode(text, type=Manifest)
    except FileNotFoundError:
        raise BackupFailed(f"{backup} is no backup: it has no {MANIFEST}") from None
    except (OSError, msgspec.MsgspecError) as error:
        raise BackupFailed(f"cannot read {backup / MANIFEST}: {error}") from error
    if manifest.format not in (FORMAT, ENCRYPTED_FORMAT):
        raise BackupFailed(
            f"the backup {backup} has format {manifest.format}, and this release reads {FORMAT} and"
            f" {ENCRYPTED_FORMAT}: use trio-chat {manifest.release} or newer"
        )
    return manifest


def chain_of(backup: Path) -> list[Path]:
    """Return the backups that one needs, oldest first and itself last. It blocks. Raises BackupFailed."""
    chain = [backup]
    for _ in range(_BACK):
        on = read_manifest(chain[0]).database.on
        if on is None:
            return chain
        chain.insert(0, backup.parent / on)
    raise BackupFailed(f"the backup {backup} needs more than {_BACK} others")


def write_manifest(backup: Path, manifest: Manifest) -> None:
    """Write the manifest of a backup, durably. It blocks. Raises OSError."""
    write_private(backup / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))


def write_private(path: Path, content: bytes) -> str:
    """Write a new file that only this user can read, durably; return its SHA-256. It blocks. Raises OSError."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(content).hexdigest()


def digest_of(path: Path, pace: Pace | None = None) -> str:
    """Return the SHA-256 of a file, read at this pace. It blocks. Raises OSError, and trio.Cancelled of the pace."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            if pace is not None:
                pace.wait(len(piece))
    return digest.hexdigest()


def bytes_below(directory: Path) -> int:
    """Return how many bytes the files below a directory have. It blocks."""
    sizes = (path.lstat() for path in directory.rglob("*"))
    return sum(status.st_size for status in sizes if stat.S_ISREG(status.st_mode))
