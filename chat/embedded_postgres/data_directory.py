"""The data directory: marked as ours, locked by one server at a time.

Its content:

    chat-data        the mark, with the version of this layout
    lock             locked by the running server; contains its pid
    watch.socket     answers `chat tree` and `chat why`; only our user may open it
    worker-1.socket  the same for one of several workers, for their parent
    secret           signs the tokens; only our user may read it
    postgres/        PostgreSQL's data; belongs to the user that runs it (upgrade.py says what else may be there)
    postgres.log     PostgreSQL's log; postgres.log.1 is the part before it
    postgres-socket  the socket's directory, if a path in here would be too long
    files/           the bytes of attached files
    backups.json     what is known of the server's backups
    wal-archive.json what is known of its WAL archive
    restoring        instead of the mark, until a restore into the directory is complete
    binaries/        a copy of PostgreSQL's programs, if its user cannot reach the installed ones
"""

import os
import secrets
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import trio

from chat.domain.startup import CannotStart
from chat.durable import sync_directory

MARK = "chat-data"
RESTORING = "restoring"
"""The file of a directory into which a backup is being restored; it has no mark yet."""
FORMAT = "1"
SHORTEST_SECRET = 32
"""Bytes; a shorter secret is refused, as in the settings."""


class AlreadyRunning(CannotStart):
    """Another process holds the data directory; `running_address` may give its database's address."""


class DataDirectory:
    """A data directory that this process holds. `path` is absolute."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    def secret(self) -> str:
        """Return the secret that signs tokens; the first call creates it, atomically. Raises CannotStart."""
        path = self.path / "secret"
        try:
            if not path.exists():
                _write_whole(path, secrets.token_urlsafe(48))
            path.chmod(0o600)
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise CannotStart(f"cannot read or create the secret {path}: {error}") from error
        if len(text.encode()) < SHORTEST_SECRET:
            raise CannotStart(
                f"the secret in {path} is shorter than {SHORTEST_SECRET} bytes: "
                "delete it, and a new one is made"
            )
        return text


def is_data_directory(path: Path) -> bool:
    """Whether this is a server's data directory. Sync. Raises CannotStart if this user may not see it."""
    try:
        (path / MARK).stat()
    except PermissionError as error:
        raise CannotStart(f"cannot use the data directory {path}: {error}") from error
    except (OSError, ValueError):
        return False
    return True


@asynccontextmanager
async def open_data_directory(path: Path) -> AsyncGenerator[DataDirectory]:
    """Hold the data directory at `path` for the block; a missing one is created.

    Raises AlreadyRunning if another process holds it, and CannotStart if it is another program's or can't be used.
    Cancelling releases the directory; so does the system when this process is killed.
    """
    directory = DataDirectory(path)
    lock = await trio.to_thread.run_sync(_take, directory.path)
    try:
        yield directory
    finally:
        os.close(lock)


def _take(path: Path) -> int:
    """Create, mark and lock the directory; return the descriptor that holds the lock."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        _mark(path)
        lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except FileExistsError as error:
        raise CannotStart(f"cannot use the data directory {path}: {error.filename} is a file") from error
    except (OSError, ValueError) as error:
        raise CannotStart(f"cannot use the data directory {path}: {error}") from error
    try:
        lock_file(lock)
    except (BlockingIOError, PermissionError) as error:
        holder = _holder(lock)
        os.close(lock)
        raise AlreadyRunning(
            f"another server{holder} is using the data directory {path}: stop it, or pass another --data"
        ) from error
    except OSError as error:
        os.close(lock)
        raise CannotStart(f"cannot lock the data directory {path}: {error}") from error
    with suppress(OSError):  # a full disk: the pid is only for the message above
        os.ftruncate(lock, 0)
        os.write(lock, b"%d\n" % os.getpid())
    return lock


def _mark(path: Path) -> None:
    mark = path / MARK
    # A new volume's file system already contains lost+found.
    if not mark.exists() and (path / RESTORING).exists():
        raise CannotStart(f"a restore into {path} is incomplete: run `chat restore` again")
    if not mark.exists() and set(os.listdir(path)) - {"lost+found", f"{MARK}.new"}:
        raise CannotStart(
            f"{path} is not empty, and not a data directory of this server: pass another --data"
        )
    if not mark.exists():
        _write_whole(mark, FORMAT)
    found = mark.read_text(encoding="utf-8").strip()
    if found != FORMAT:
        raise CannotStart(
            f"the data directory {path} has format {found[:20]!r}, and this server reads {FORMAT!r}: "
            "use the release that made it"
        )


def mark_data_directory(path: Path) -> None:
    """Mark a directory whose content was restored, durably. It blocks. Raises OSError."""
    _write_whole(path / MARK, FORMAT)


def _write_whole(path: Path, text: str) -> None:
    """Write a small private file atomically: after a crash it is complete or missing."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
    sync_directory(path.parent)


def _holder(lock: int) -> str:
    with suppress(OSError, ValueError):
        return f" (process {int(os.read(lock, 20))})"
    return ""


if sys.platform == "win32":
    import msvcrt

    def lock_file(descriptor: int) -> None:
        """Lock an open file, or raise OSError at once if another process holds it."""
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def lock_file(descriptor: int) -> None:
        """Lock an open file, or raise OSError at once if another process holds it."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
