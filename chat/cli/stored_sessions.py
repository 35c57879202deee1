"""Sessions that the commands of a person share, each in a file below XDG_STATE_HOME that only the person may read.

A file has the newest refresh token of its session. Each refresh uses the token up, so a program refreshes under a lock.
"""

import hashlib
import os
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import platformdirs
import trio

from chat.cli.command_failed import CommandFailed
from chat.client import Session

DEFAULT_URL = "http://127.0.0.1:9000"
"""The default of `chat serve`."""

_LOCK_INTERVAL = 0.05
"""Seconds between two attempts to take the lock, which is held for one call to the server."""


class _File(msgspec.Struct):
    """The content of a file."""

    url: str
    name: str
    refresh: str


class StoredSession:
    """The session of one person at one server; a `chat.client.SessionStore`.

    Attributes:
        url: the server.
        name: with which the person logged in.
        path: the file.
    """

    def __init__(self, path: Path, url: str, name: str) -> None:
        self.path = path
        self.url = url
        self.name = name
        self._unsaved: str | None = None  # the newest refresh token, if it could not be written

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None]:
        """Lock out all other programs for as long as the block lasts. Cancelling: it is not held."""
        with os.fdopen(os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)) as lock:
            while not _take(lock.fileno()):  # noqa: ASYNC110 - another program holds it
                await trio.sleep(_LOCK_INTERVAL)
            yield  # closing the file releases the lock

    def load(self) -> str | None:
        """Return the newest refresh token; None if there is no session. Sync."""
        if self._unsaved is not None:
            return self._unsaved
        kept = _read(self.path)
        return None if kept is None else kept.refresh

    def save(self, session: Session) -> None:
        """Write the session; an interruption leaves the old file or the new one. Sync.

        If it cannot be written, as on a full disk, this program continues with the session; others cannot.
        """
        if session.refresh is None:
            return
        self._unsaved = session.refresh
        with suppress(OSError):
            self._write(session.refresh)
            self._unsaved = None

    def _write(self, refresh: str) -> None:
        part = self.path.with_suffix(f".{os.getpid()}")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.encode(_File(self.url, self.name, refresh)))
        part.replace(self.path)

    def forget(self) -> None:
        """Delete the session, which has ended. Sync."""
        self._unsaved = None
        self.path.unlink(missing_ok=True)


def state_directory() -> Path:
    """Return the directory for files of the commands; create it, readable for this person only. Sync.

    Raises CommandFailed if it cannot be created.
    """
    directory = Path(platformdirs.user_state_dir("trio-chat", appauthor=False))
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CommandFailed(f"cannot store a session in {directory}: {error}; set XDG_STATE_HOME") from None
    return directory


def stored_session(url: str, name: str) -> StoredSession:
    """Return the session of a person at a server, stored or to be stored. Sync."""
    digest = hashlib.sha256(f"{_bare(url)}\n{name.casefold()}".encode()).hexdigest()[:32]
    return StoredSession(state_directory() / f"{digest}.session", url, name)


def last_session(url: str | None = None, name: str | None = None) -> StoredSession | None:
    """Return the session used last, at this server and of this name if given; None if there is none. Sync."""
    found = [
        each
        for each in _sessions()
        if (url is None or _bare(url) == _bare(each.url))
        and (name is None or name.casefold() == each.name.casefold())
    ]
    return max(found, key=_last_used, default=None)


def _last_used(kept: StoredSession) -> int:
    try:
        return kept.path.stat().st_mtime_ns
    except FileNotFoundError:  # another program has just deleted it
        return 0


def _sessions() -> Iterator[StoredSession]:
    for path in state_directory().glob("*.session"):
        if (kept := _read(path)) is not None:
            yield StoredSession(path, kept.url, kept.name)


def _bare(url: str) -> str:
    return url.rstrip("/").casefold()


def _read(path: Path) -> _File | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError):  # it may belong to root, from a run with more rights
        return None


def _take(descriptor: int) -> bool:
    """Lock an open file; return False if another program has locked it. Sync."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
