"""The directory of PostgreSQL's socket: the data directory, or a short one if that path is too long for a socket.

Whoever may enter the directory has full access to the database, so it is private to PostgreSQL's user.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from chat.domain.startup import CannotStart
from chat.embedded_postgres.unprivileged import UnixUser

PORT = 5432
SOCKET = f".s.PGSQL.{PORT}"
LONGEST = 103
"""Bytes in the path of a socket: 107 on Linux, 103 on macOS."""
RECORD = "postgres-socket"
"""The file in the data directory that names the short one."""


@contextmanager
def open_socket_directory(data: Path, owner: UnixUser | None) -> Generator[Path]:
    """Provide a directory for the socket of the PostgreSQL in `data` for the block. Raises CannotStart."""
    home = data / "postgres"
    if _fits(home):
        yield home
        return
    record = data / RECORD
    short = _recorded(data)
    try:
        if short is None:
            short = _make(owner)
            record.write_bytes(os.fsencode(short))
    except OSError as error:
        raise CannotStart(f"cannot create a directory for PostgreSQL's socket: {error}") from error
    try:
        yield short
    finally:
        shutil.rmtree(short, ignore_errors=True)
        record.unlink(missing_ok=True)


def find_socket_directory(data: Path) -> Path | None:
    """Return the directory of the socket of the PostgreSQL that runs in `data`; None: there is no socket."""
    home = data / "postgres"
    directory = home if _fits(home) else _recorded(data)
    return directory if directory is not None and os.path.exists(directory / SOCKET) else None


def _fits(directory: Path) -> bool:
    return len(os.fsencode(directory / SOCKET)) <= LONGEST


def _make(owner: UnixUser | None) -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if owner is None and runtime and os.access(runtime, os.W_OK) and _fits(Path(runtime) / "chat-12345678"):
        base = runtime
    else:
        base = "/tmp"  # TMPDIR may be long, or unreachable for the owner
    directory = tempfile.mkdtemp(prefix="chat-", dir=base)
    if owner is not None:
        os.chown(directory, owner.uid, owner.gid)
    return Path(directory)


def _recorded(data: Path) -> Path | None:
    """Return the short directory of this data, if it is still ours and private: everybody may write to /tmp."""
    try:
        directory = Path(os.fsdecode((data / RECORD).read_bytes()))
        status = directory.lstat()
        owner = (data / "postgres").stat().st_uid
    except (OSError, ValueError):
        return None
    private = stat.S_ISDIR(status.st_mode) and status.st_uid == owner and not status.st_mode & 0o077
    return directory if private else None
