"""The data directory: marked as ours, held by one server at a time, home of the secret.

What lies in it:

    chat-data        the mark, with the version of this layout
    lock             held by the server that runs; names its process
    watch.socket     answers `chat tree` and `chat why`; nobody but us may open it
    worker-1.socket  the same for one of several workers, for their parent
    secret           signs the tokens; nobody but us may read it
    postgres/        all that PostgreSQL writes; belongs to the user that runs it
    postgres.log     what PostgreSQL says, and postgres.log.1 before it
    postgres-socket  where the socket is, if its path here would be too long
    files/           the bytes of the files that people attach
    binaries/        PostgreSQL's programs, if its user cannot reach the installed ones
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
FORMAT = "1"
SHORTEST_SECRET = 32
"""Bytes; less is refused, as it is for a secret that is given."""


class AlreadyRunning(CannotStart):
    """Another process holds the data directory; its database may be reached at `running_address`."""


class DataDirectory:
    """A data directory that this process holds. `path` is absolute."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    def secret(self) -> str:
        """Return the secret that signs tokens; it is made on first use. Raises CannotStart.

        Atomic: after a crash the whole secret is there, or none is.
        """
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
    """Whether a server's data lie there already. Sync. Raises CannotStart where this user may not see it."""
    try:
        (path / MARK).stat()
    except PermissionError as error:
        raise CannotStart(f"cannot use the data directory {path}: {error}") from error
    except (OSError, ValueError):
        return False
    return True


@asynccontextmanager
async def open_data_directory(path: Path) -> AsyncGenerator[DataDirectory]:
    """Hold the data directory at `path` for as long as the block lasts; it is made if it is missing.

    Raises AlreadyRunning where another process holds it, and CannotStart where it is somebody else's or cannot
    be used. Cancelling: the directory is let go; the system lets it go too if this process is killed.
    """
    directory = DataDirectory(path)
    lock = await trio.to_thread.run_sync(_take, directory.path)
    try:
        yield directory
    finally:
        os.close(lock)


def _take(path: Path) -> int:
    """Make, mark and lock the directory; return the descriptor that holds the lock."""
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
        _lock(lock)
    except (BlockingIOError, PermissionError) as error:
        holder = _holder(lock)
        os.close(lock)
        raise AlreadyRunning(
            f"another server{holder} is using the data directory {path}: stop it, or pass another --data"
        ) from error
    except OSError as error:
        os.close(lock)
        raise CannotStart(f"cannot lock the data directory {path}: {error}") from error
    with suppress(OSError):  # a full disk: the number only helps the message above
        os.ftruncate(lock, 0)
        os.write(lock, b"%d\n" % os.getpid())
    return lock


def _mark(path: Path) -> None:
    mark = path / MARK
    # A volume's file system has its lost+found before anybody has used it.
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


def _write_whole(path: Path, text: str) -> None:
    """Write a small private file so that after a crash all of it is there, or nothing."""
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

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
